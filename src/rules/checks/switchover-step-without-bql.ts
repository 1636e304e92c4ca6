/**
 * From the stop of the VM until the devices are saved the migration thread
 * holds the BQL, but for its waits: at the lines that it prints itself it has
 * it again. Judged at lines that only this thread prints; not COLO's
 * checkpoints, which older versions save partly without the lock.
 */
import type { EventName } from '../../catalog/catalog.ts';
import type { LockedStep, Migration, Switchover } from '../../replay/run.ts';
import { defineRule, type Judgement, notApplicable, pass, undecidable, violated } from '../rule.ts';
import { describeSwitchover, isSnapshot, MUTEX_EVENT_NAMES } from '../shared.ts';

/** A log that lost two lines accuses nobody. */
const MISSING_LINES = 3;
const STEP_EVENT_NAMES: readonly EventName[] = [
  'vmstate_downtime_checkpoint',
  'migration_precopy_complete',
  'migration_block_activation',
];

export const switchoverStepWithoutBql = defineRule({
  id: 'switchover-step-without-bql',
  severity: 'warning',
  title: 'A step of the switchover runs without the BQL',
  demands:
    'The migration thread holds the BQL at src-vm-stopped, device, migration_block_activation inactive, migration_precopy_complete, src-iterable-saved and src-non-iterable-saved.',
  why: 'Without the lock the main loop can change devices and disks while their state is saved: the destination starts from a state that never was.',
  needs: ['qemu_mutex_lock', 'qemu_mutex_locked', 'qemu_mutex_unlock'],
  qemu: { function: 'migration_completion_precopy, postcopy_start', versions: '8.2 and later' },
  limits: 'Not the checkpoints of COLO, and not the stop of CPR, which is made by the main thread.',
  bugs: [{ commit: '68b88468f6', what: 'migration_completion() ran a part of the completion without the lock' }],
  begin: (migration) => {
    let steps = 0;
    return {
      switchover: (switchover) => {
        if (switchover.checkpoint || withoutDuty(migration) !== undefined) return undefined;
        steps += switchover.lockedSteps.length;
        return judge(switchover);
      },
      end: () => withoutDuty(migration) ?? (steps === 0 ? withoutSteps(migration) : undefined),
    };
  },
});

function withoutDuty(migration: Migration): Judgement | undefined {
  const { band, kind } = migration;
  if (isSnapshot(migration)) return notApplicable(`a ${kind} has no switchover`);
  if (kind === 'colo') return notApplicable('a COLO migration hands its locks over in its own way');
  return band === '7.2' ? notApplicable('QEMU 7.2 prints none of these lines') : undefined;
}

function withoutSteps({ switchovers, outcome }: Migration): Judgement {
  if (switchovers === 0 && outcome !== 'completed') return notApplicable('the migration never came to its switchover');
  return undecidable('the log shows none of the lines that are printed under the BQL', STEP_EVENT_NAMES);
}

function judge(switchover: Switchover): Judgement | undefined {
  const { lockedSteps } = switchover;
  const [first, ...more] = lockedSteps.filter(isProvenWithout);
  if (first !== undefined) return accuse(switchover, first, more);
  const unshown = lockedSteps.find(({ bql }) => bql.holder !== 'migration-thread');
  if (unshown !== undefined) {
    const { holder, how } = unshown.bql;
    const why = holder === 'not-shown' ? how : 'the mutex events end before they show who holds the BQL';
    return undecidable(`nothing shows who held the BQL at ${unshown.name}: ${why}`, MUTEX_EVENT_NAMES);
  }
  if (lockedSteps.length === 0) return undefined;
  return pass(`the BQL was held at ${lockedSteps.length} lines of the ${describeSwitchover(switchover)}`);
}

function isProvenWithout({ bql: { holder, wrongIfLost = 0 } }: LockedStep): boolean {
  return holder !== 'migration-thread' && holder !== 'not-shown' && wrongIfLost >= MISSING_LINES;
}

function accuse(switchover: Switchover, first: LockedStep, more: readonly LockedStep[]): Judgement {
  const others = more.length === 0 ? '' : ` and ${more.length} more lines`;
  return violated({
    message: `the BQL was not held at ${first.name}${others} of the ${describeSwitchover(switchover)}: ${first.bql.how}`,
    expected: 'the migration thread holds the BQL from before the VM stops until the devices are saved',
    actual: `the migration thread does not hold it at ${[first, ...more].map(({ name }) => name).join(', ')}`,
    evidence: [first.at.place, ...first.bql.proof, ...more.map(({ at }) => at.place)],
  });
}
