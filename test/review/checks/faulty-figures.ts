/** Faulty patches whose fault is which figures are taken, when, and of whom. */
import type { Faulty } from './faulty.ts';
import { MIGRATION, RAM, SAVEVM } from './patches.ts';

const ASK = '        se->ops->save_query_pending(se->opaque, pending, exact, final);\n';
const FINAL = '    qemu_savevm_query_pending_final(&pending);\n\n    if';
const PREPARE = '    if (!migration_switchover_prepare(s)) {\n';
const SWITCHOVER = '    if (!migration_switchover_start(ms, errp)) {\n';
const PAIR = '    bql_unlock();\n    bql_lock();\n';
const DECISION = 'pending.total_bytes <= s->threshold_size;';
const ESTIMATE = '    qemu_savevm_query_pending_iter(&pending, false);\n';
const SUM = `    pending->total_bytes = pending->precopy_bytes +
                           pending->stopcopy_bytes +
                           pending->postcopy_bytes;
`;
const PARTS = 'pending->precopy_bytes +\n                           pending->stopcopy_bytes +\n';

export const FAULTY_FIGURES: readonly Faulty[] = [
  {
    name: 'given up and taken again right before the query',
    rule: 'final-without-bql',
    severity: 'warning',
    edits: [[MIGRATION, FINAL, PAIR + FINAL]],
    at: 'bql_unlock',
  },
  {
    name: 'given up and taken again before the preparation, the query not shown',
    rule: 'final-without-bql',
    severity: 'warning',
    edits: [[MIGRATION, PREPARE, PAIR + PREPARE]],
    at: 'bql_unlock',
  },
  {
    name: 'postcopy gives it up between the stop and the switchover',
    rule: 'final-without-bql',
    severity: 'warning',
    edits: [[MIGRATION, SWITCHOVER, PAIR + SWITCHOVER]],
    at: 'bql_unlock',
  },
  {
    name: 'the larger one of two parts',
    rule: 'total-not-sum',
    edits: [[SAVEVM, PARTS, 'MAX(pending->precopy_bytes, pending->stopcopy_bytes) +\n']],
    at: 'MAX(',
  },
  {
    name: 'the final query asks the first module only',
    rule: 'final-skips-module',
    severity: 'warning',
    edits: [[SAVEVM, ASK, `${ASK}        if (final) {\n            break;\n        }\n`]],
    at: 'break;',
  },
  {
    name: 'each query asks the first module only',
    rule: 'final-skips-module',
    severity: 'warning',
    edits: [[SAVEVM, ASK, `${ASK}        break;\n`]],
    at: 'break;',
  },
  {
    name: 'the lock is not given back, and where it is taken is not shown',
    rule: 'handler-takes-bql',
    severity: 'warning',
    edits: [[RAM, '\n    if (!final) {\n        bql_unlock();\n    }\n', '']],
    at: 'bql_unlock',
  },
  {
    name: 'RAM counts first and syncs then',
    rule: 'exact-without-sync',
    edits: [
      [
        RAM,
        '    ram_state_pending_sync(exact, final);\n\n    remaining = rs->dirty_pages * TARGET_PAGE_SIZE;\n',
        '    remaining = rs->dirty_pages * TARGET_PAGE_SIZE;\n\n    ram_state_pending_sync(exact, final);\n',
      ],
    ],
    at: 'remaining =|ram_state_pending_sync',
  },
  {
    name: 'two figures change places in the event, its declaration is not shown',
    rule: 'trace-format-mismatch',
    edits: [
      [
        SAVEVM,
        'final, pending->precopy_bytes,\n                                    pending->stopcopy_bytes,',
        'final, pending->stopcopy_bytes,\n                                    pending->precopy_bytes,',
      ],
    ],
    at: 'pending->',
  },
  {
    name: 'the switchover is decided by one part',
    rule: 'switchover-over-threshold',
    severity: 'warning',
    edits: [[MIGRATION, DECISION, DECISION.replace('total', 'precopy')]],
    at: 'precopy_bytes',
  },
  {
    name: 'the switchover is decided at twice the threshold',
    rule: 'switchover-over-threshold',
    severity: 'warning',
    edits: [[MIGRATION, DECISION, DECISION.replace('size;', 'size * 2;')]],
    at: 'threshold_size * 2',
  },
  {
    name: 'the switchover does not look at the threshold',
    rule: 'switchover-over-threshold',
    severity: 'warning',
    edits: [[MIGRATION, ` &&\n                         ${DECISION}`, ';']],
    at: 'threshold_size',
  },
  {
    name: 'each iteration begins with an exact query',
    rule: 'exact-query-spin',
    severity: 'warning',
    edits: [[MIGRATION, ESTIMATE, ESTIMATE.replace('false', 'true')]],
    at: 'true',
  },
  {
    name: 'the lock is taken around an estimate',
    rule: 'iteration-query-with-bql',
    edits: [[MIGRATION, ESTIMATE, `    bql_lock();\n${ESTIMATE}    bql_unlock();\n`]],
    at: 'bql_lock',
  },
  {
    name: 'RAM tells its helper that the query is not the final one',
    rule: 'handler-takes-bql',
    edits: [
      [
        RAM,
        'ram_state_pending_sync(exact, final);\n\n    remaining',
        'ram_state_pending_sync(exact, false);\n\n    remaining',
      ],
    ],
    at: 'ram_state_pending_sync',
  },
  {
    name: 'the event comes before the sum',
    rule: 'total-not-sum',
    edits: [
      [SAVEVM, `${SUM}\n`, ''],
      [
        SAVEVM,
        '                                    pending->total_bytes);\n}\n',
        `                                    pending->total_bytes);\n\n${SUM}}\n`,
      ],
    ],
    at: '',
  },
  {
    name: 'postcopy ends when one part is sent',
    rule: 'postcopy-completed-dirty',
    edits: [[MIGRATION, 'complete_ready = !pending.total_bytes;', 'complete_ready = !pending.precopy_bytes;']],
    at: 'precopy_bytes',
  },
  {
    name: 'the core adds to what is there',
    rule: 'pending-not-cleared',
    severity: 'warning',
    edits: [[SAVEVM, '    memset(pending, 0, sizeof(*pending));\n\n', '']],
    at: 'memset',
  },
];
