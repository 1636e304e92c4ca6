/**
 * The captures of real processes that the emulator is held against, each with
 * the run that is its counterpart, and what differs. The conformance test
 * compares by this list, and the reference prints it.
 */
import type { Band } from '../../catalog/vocabulary.ts';
import type { FaultId } from '../faults/registry.ts';

export interface Difference {
  readonly reason: string;
  /** As the comparison says it: `- step` only the capture has, `+ step` only the emulated run. */
  readonly steps: readonly string[];
}

export interface ComparedCapture {
  readonly capture: string;
  readonly version: Band;
  readonly scenario: string;
  readonly set: readonly string[];
  readonly seed: number;
  readonly faults: readonly FaultId[];
  /** The capture goes on with another migration from the second such line on. */
  readonly cutAtSecond?: string;
  readonly differences: readonly Difference[];
}

/** The client of the captures ends its processes with `quit`. */
const QUIT = 'quit=true';

function compared(
  capture: string,
  version: Band,
  scenario: string,
  set: readonly string[] = [],
  more: Partial<ComparedCapture> = {},
): ComparedCapture {
  return { capture, version, scenario, set: [QUIT, ...set], seed: 1, faults: [], differences: [], ...more };
}

/** The sockets of the captures are faster than any network: the rate limit ends every section. */
const FAST = ['link-bandwidth=2G'];
const PATCHED = ['memory=128M', 'return-path=true'];
const PATCHED_POSTCOPY = ['memory=128M', 'working-set=16M', 'downtime-limit=1', ...FAST];

const REAL_11_1: readonly ComparedCapture[] = [
  compared('real/11.1/precopy-iter@ts', '11.1', 'precopy'),
  compared('real/11.1/precopy-iter@plain', '11.1', 'precopy'),
  compared('real/11.1/precopy-iter@rec', '11.1', 'precopy'),
  compared('real/11.1/precopy-idle@ts', '11.1', 'precopy', [
    'max-bandwidth=0',
    'dirty-rate=0',
    'working-set=0',
    'used-memory=448K',
  ]),
  compared('real/11.1/postcopy@ts', '11.1', 'postcopy'),
  compared('real/11.1/postcopy@plain', '11.1', 'postcopy'),
  compared('real/11.1/postcopy@rec', '11.1', 'postcopy'),
  compared('real/11.1/cancel@ts', '11.1', 'cancel'),
  compared('real/11.1/cancel-then-ok@ts', '11.1', 'two-runs'),
  compared('real/11.1/switchover-pause@ts', '11.1', 'pause-before-switchover'),
  compared('real/11.1/switchover-fail@ts', '11.1', 'failure-at-switchover'),
  compared('real/11.1/dst-killed@ts', '11.1', 'failure'),
  compared('real/11.1/unreachable@ts', '11.1', 'unreachable', ['quit=false'], { cutAtSecond: 'qmp_enter_migrate ' }),
  // The link breaks while a checkpoint sends RAM.
  compared('real/11.1/colo@ts', '11.1', 'colo', ['break-at=4200']),
  compared('real/11.1/savevm@ts', '11.1', 'snapshot', ['quit=false'], { cutAtSecond: 'qmp_enter_snapshot_save' }),
  compared('real/11.1/background-snapshot@ts', '11.1', 'background-snapshot', ['transport=exec']),
  compared('real/11.1/dirty-bitmaps@ts', '11.1', 'dirty-bitmaps'),
];

const REAL_OLDER: readonly ComparedCapture[] = [
  compared('real/10.0.13/precopy-iter@ts', '10.0', 'precopy'),
  compared('real/10.0.13/postcopy@ts', '10.0', 'postcopy'),
  // This one is cancelled while it waits, as the captured one was.
  compared('real/10.0.13/cancel@ts', '10.0', 'cancel', [], { seed: 2 }),
  compared('real/7.2/precopy-iter@ts', '7.2', 'precopy', FAST),
  compared('real/7.2/precopy-iter@plain', '7.2', 'precopy', FAST),
  compared('real/7.2/postcopy@ts', '7.2', 'postcopy', [], { seed: 6 }),
  compared('real/7.2/savevm@ts', '7.2', 'snapshot', ['quit=false'], { cutAtSecond: 'qmp_enter_snapshot_save' }),
];

const OF_THE_PATCH: readonly ComparedCapture[] = [
  compared('patched/clean-precopy-x', 'thread', 'precopy', PATCHED),
  compared('patched/clean-postcopy', 'thread', 'postcopy', PATCHED_POSTCOPY),
  // The return path fails at any time of the cancel; here as in the captured one.
  compared('patched/clean-cancel', 'thread', 'cancel', PATCHED, { seed: 3 }),
  compared('patched/no-final-precopy', 'thread', 'precopy', PATCHED, { faults: ['no-final'] }),
  compared('patched/no-bql-precopy-x', 'thread', 'precopy', PATCHED, { faults: ['no-bql'] }),
  compared('patched/no-bql-assert-precopy', 'thread', 'precopy', PATCHED, { faults: ['no-bql-assert'] }),
  compared('patched/skip-dirty-bytes-precopy-x', 'thread', 'precopy', PATCHED, { faults: ['skip-dirty-bytes'] }),
  compared('patched/skip-dirty-bytes-postcopy', 'thread', 'postcopy', PATCHED_POSTCOPY, {
    faults: ['skip-dirty-bytes'],
    differences: [
      {
        reason:
          'a race on the destination: the ping behind the package may be answered before those in it, or, as captured, after all of them',
        steps: [
          'return path: + source_return_path_thread_pong 0x4 (behind source_return_path_thread_pong 0x2)',
          'return path: - source_return_path_thread_pong 0x4',
        ],
      },
    ],
  }),
  compared('patched/postcopy-no-sync-postcopy', 'thread', 'postcopy', PATCHED_POSTCOPY, {
    faults: ['postcopy-no-sync'],
  }),
  compared('patched/simple-clean-precopy', 'thread', 'precopy', PATCHED),
  compared('patched/simple-final-before-stop-precopy', 'thread', 'precopy', PATCHED, {
    faults: ['final-before-stop'],
  }),
];

export const COMPARED_CAPTURES: readonly ComparedCapture[] = [...REAL_11_1, ...REAL_OLDER, ...OF_THE_PATCH];
