import type { PrefixFormat } from './format.ts';

/** The log back end without -msg timestamp=on: the event's name comes first. Tried last, it takes every line. */
export const bare: PrefixFormat = {
  id: 'qemu-log-bare',
  title: 'log back end without time stamps',
  samples: [{ line: 'migrate_set_state new state setup', rest: 'migrate_set_state new state setup' }],
  read(_bytes, start, _end, stamp) {
    stamp.clear();
    return start;
  },
};
