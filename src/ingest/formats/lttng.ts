import type { Field } from '../../catalog/declaration.ts';
import { FieldScanner } from './field-scanner.ts';
import { type FieldEvent, NOT_MINE, NOT_QEMUS, type PrefixFormat, type Stamp } from './format.ts';

/** The time, the delta and the name of the host and of the event stand within these. */
const LONGEST_PREFIX = 400;
const DAY = 86_400;

/** `[17:20:33.123456789] (+0.000001234) `, or the same as --names=all prints it. */
const TIME = /^(?:\[([^\]\n]{1,40})\] (?:\(\+[\d?.]+\) )?|timestamp = ([^,\n]{1,40}), (?:delta = \+[\d?.]+, )?)/;
const QEMU_EVENT = /(?:^|[ =])qemu:(?=[a-z]\w*(?:: |, |:?$))/;
const OTHER_EVENT = /\w(?:: |, )(?:[\w.]+ = )?\{ /;
const CLOCK = /^(?:(\d{4})-(\d\d)-(\d\d) )?(\d\d):(\d\d):(\d\d)\.(\d{9})$/;
const SECONDS = /^(\d{1,12})\.(\d{9})$/;
/** Cycles, or a time that is not known. */
const NO_TIME = /^(?:\d{1,20}|\?[?:.]*)$/;

/** LTTng's fields about the circumstances. An event without arguments of its own may end with them. */
const CONTEXT =
  /^(?:cpu_id|v?pid|v?tid|v?ppid|procname|pthread_id|ip|prio|nice|v?[ug]id|v?e[ug]id|v?s[ug]id|(?:perf|app|cgroup|ipc|mnt|net|pid|time|user|uts)[_:].*)$/;

/** QEMU's ust back end, as babeltrace and babeltrace2 print the recording. */
export const lttng: PrefixFormat = {
  id: 'lttng-text',
  title: 'LTTng (ust back end), printed by babeltrace2',
  samples: [
    {
      line: '[17:20:33.123456789] (+0.000001234) host qemu:migrate_set_state: { cpu_id = 1 }, { new_state = "setup" }',
      rest: 'migrate_set_state: { cpu_id = 1 }, { new_state = "setup" }',
    },
    {
      line: '[2026-11-23 17:20:33.123456789] (+?.?????????) qemu:migration_cleanup: { cpu_id = 1 }, { vtid = 12 }, { }',
      rest: 'migration_cleanup: { cpu_id = 1 }, { vtid = 12 }, { }',
    },
  ],
  read(bytes, start, end, stamp) {
    const head = bytes.toString('latin1', start, Math.min(end, start + LONGEST_PREFIX));
    const prefix = TIME.exec(head);
    if (prefix === null) return NOT_MINE;
    const tail = head.slice(prefix[0].length);
    const event = QEMU_EVENT.exec(tail);
    if (event === null && !OTHER_EVENT.test(tail)) return NOT_MINE;
    if (!readTime(prefix[1] ?? prefix[2] ?? '', stamp)) return NOT_MINE;
    return event === null ? NOT_QEMUS : start + prefix[0].length + event.index + event[0].length;
  },
  event: readEvent,
};

function readTime(text: string, stamp: Stamp): boolean {
  const seconds = SECONDS.exec(text);
  if (seconds !== null) {
    stamp.seconds = Number(seconds[1]);
    stamp.nanos = Number(seconds[2]);
    return true;
  }
  const clock = CLOCK.exec(text);
  if (clock === null) {
    stamp.seconds = undefined;
    return NO_TIME.test(text);
  }
  const [, year, month, day, hours, minutes, wholeSeconds, nanos] = clock;
  const time = Number(hours) * 3600 + Number(minutes) * 60 + Number(wholeSeconds);
  stamp.seconds = (year === undefined ? stamp.daysPassed(time) * DAY : daySeconds(year, month, day)) + time;
  stamp.nanos = Number(nanos);
  // The time of the day is that of a zone that nobody named.
  stamp.sinceEpoch = false;
  return true;
}

function daySeconds(year: string, month: string | undefined, day: string | undefined): number {
  return Date.UTC(Number(year), Number(month) - 1, Number(day)) / 1000;
}

/** `NAME: { cpu_id = 1 }, { vpid = 12, vtid = 13 }, { new_state = "setup" }`: the arguments stand in the last braces. */
function readEvent(text: string, stamp: Stamp): FieldEvent | undefined {
  const name = /^\w+/.exec(text)?.[0] ?? '';
  const groups = readGroups(text, name.length);
  if (groups === undefined) return undefined;
  for (const { name: key, value } of groups.flat()) {
    if (key === 'vtid') stamp.thread = Number(value);
    else if (key === 'vpid') stamp.process = Number(value);
  }
  const last = groups.at(-1) ?? [];
  const fields = last.every(({ name: key }) => CONTEXT.test(key)) ? [] : last;
  return { name, fields };
}

/** The fields of each pair of braces; undefined when the text breaks off or goes on in another way. */
function readGroups(text: string, from: number): readonly (readonly Field[])[] | undefined {
  const groups: (readonly Field[])[] = [];
  const scanner = new FieldScanner(text, from);
  // `: ` behind the name, `, ` with --names=all
  scanner.skip(/[:,] */y);
  do {
    scanner.skip(/[\w.]+ = /y);
    const group = scanner.group();
    if (group === undefined) return undefined;
    groups.push(group);
  } while (scanner.skip(/, /y));
  return scanner.atEnd ? groups : undefined;
}
