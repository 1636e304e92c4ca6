/** Clean patches one step away from `faulty-figures.ts`. */
import type { Clean } from './clean.ts';
import { MIGRATION, RAM, SAVEVM } from './patches.ts';

const ASK = '        se->ops->save_query_pending(se->opaque, pending, exact, final);\n';
const PARTS = 'pending->precopy_bytes +\n                           pending->stopcopy_bytes +\n';
const DECISION = 'pending.total_bytes <= s->threshold_size;';

export const CLEAN_FIGURES: readonly Clean[] = [
  {
    name: 'the lock is given up and taken again before the VM is stopped',
    edits: [
      [
        MIGRATION,
        '    bql_lock();\n\n    ret = migration_stop_vm(s,',
        '    bql_lock();\n    bql_unlock();\n    bql_lock();\n\n    ret = migration_stop_vm(s,',
      ],
    ],
  },
  {
    name: 'a sum in another order, over two lines',
    edits: [[SAVEVM, PARTS, 'pending->stopcopy_bytes + pending->precopy_bytes +\n']],
  },
  {
    name: 'never less than before',
    edits: [
      [
        SAVEVM,
        `${PARTS}                           pending->postcopy_bytes;`,
        'MAX(pending->precopy_bytes +\n                               pending->stopcopy_bytes +\n                               pending->postcopy_bytes, floor);',
      ],
    ],
    questions: ['dirty-bytes-not-updated'],
  },
  { name: 'the loop goes on behind a module', edits: [[SAVEVM, ASK, `${ASK}        continue;\n`]] },
  {
    name: 'the lock is given back under its old name, and where it is taken is not shown',
    edits: [
      [RAM, '    if (!final) {\n        bql_unlock();', '    if (!final) {\n        qemu_mutex_unlock_iothread();'],
    ],
  },
  {
    name: 'RAM syncs before it looks for its state',
    edits: [
      [RAM, '    ram_state_pending_sync(exact, final);\n\n    remaining', '    remaining'],
      [RAM, '    uint64_t remaining;\n\n', '    uint64_t remaining;\n\n    ram_state_pending_sync(exact, final);\n\n'],
    ],
  },
  {
    name: 'the figures of the event with a cast',
    edits: [[SAVEVM, 'final, pending->precopy_bytes,', 'final, (uint64_t)pending->precopy_bytes,']],
  },
  {
    name: 'the switchover is decided by the sum of the parts',
    edits: [
      [
        MIGRATION,
        DECISION,
        DECISION.replace(
          'total_bytes',
          'precopy_bytes + pending.stopcopy_bytes +\n                         pending.postcopy_bytes',
        ),
      ],
    ],
  },
  {
    name: 'an exact query is asked for by one part',
    edits: [[MIGRATION, 'if (pending.total_bytes <= s', 'if (pending.precopy_bytes <= s']],
  },
  {
    name: 'the switchover asks a helper for its decision',
    edits: [[MIGRATION, DECISION, 'migration_fits_downtime(s, &pending);']],
  },
  {
    name: 'the switchover is decided at half the threshold',
    edits: [[MIGRATION, DECISION, DECISION.replace('size;', 'size / 2;')]],
  },
  {
    name: 'an iteration may begin with an exact query',
    edits: [[MIGRATION, 'query_pending_iter(&pending, false)', 'query_pending_iter(&pending, s->exact_once)']],
    questions: ['exact-query-spin', 'estimate-with-sync'],
  },
  {
    name: 'the lock is taken behind the queries',
    edits: [
      [
        MIGRATION,
        '    qemu_savevm_state_iterate(s->',
        '    bql_lock();\n    bql_unlock();\n    qemu_savevm_state_iterate(s->',
      ],
    ],
  },
  {
    name: 'RAM tells its helper of the final query in other words',
    edits: [
      [
        RAM,
        'ram_state_pending_sync(exact, final);\n\n    remaining',
        'ram_state_pending_sync(exact || final, !!final);\n\n    remaining',
      ],
    ],
  },
  {
    name: 'postcopy ends when the total is 0',
    edits: [[MIGRATION, 'complete_ready = !pending.total_bytes;', 'complete_ready = pending.total_bytes == 0;']],
  },
  {
    name: 'postcopy ends when each part is 0',
    edits: [
      [
        MIGRATION,
        'complete_ready = !pending.total_bytes;',
        'complete_ready = !pending.precopy_bytes && !pending.stopcopy_bytes &&\n                         !pending.postcopy_bytes;',
      ],
    ],
  },
  {
    name: 'the callers clear the answer',
    edits: [
      [SAVEVM, '    memset(pending, 0, sizeof(*pending));\n\n', ''],
      [
        SAVEVM,
        '    qemu_savevm_query_pending(pending, exact, false);',
        '    memset(pending, 0, sizeof(*pending));\n    qemu_savevm_query_pending(pending, exact, false);',
      ],
      [
        SAVEVM,
        '    qemu_savevm_query_pending(pending, true, true);',
        '    memset(pending, 0, sizeof(*pending));\n    qemu_savevm_query_pending(pending, true, true);',
      ],
    ],
  },
  {
    name: 'the core clears the answer by an assignment',
    edits: [[SAVEVM, '    memset(pending, 0, sizeof(*pending));\n', '    *pending = (MigPendingData) {};\n']],
  },
];
