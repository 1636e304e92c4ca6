/**
 * The emulator against the captures of real processes, event for event and
 * state for state. What differs stands in the table below with its reason; a
 * difference that is gone must leave it.
 */
import { describe, expect, test } from 'vitest';
import { SKIPPED, TRACES_MISSING } from '../rules/captures.ts';
import { differencesOf, lockDifferences, PAIRS } from './pairs.ts';

interface Known {
  readonly reason: string;
  readonly lines: readonly string[];
}

const CHANCE = 'a matter of time: a section that is the last of its round ends just where the rate limit does';
const FAILOVER =
  'the captured destination was killed, so that a checkpoint failed; the emulated user fails over between two';
const RACE = 'printed by the return-path thread, here or there among the lines of the migration thread';
const QUICK = 'a matter of time: the rest of a round is below the threshold where the rate limit ends the section';

const KNOWN: Readonly<Record<string, readonly Known[]>> = {
  'real/11.1/switchover-fail@ts': [
    { reason: CHANCE, lines: ['rounds: - savevm_section_end ram -> 1 > migration_rate_limit_pre'] },
  ],
  'real/11.1/colo@ts': [
    { reason: CHANCE, lines: ['rounds: - savevm_section_end ram -> 1 > migrate_transferred'] },
    {
      reason: FAILOVER,
      lines: [
        'after: - ram_save_complete done=1 > savevm_section_end ram -> -5',
        "after: - savevm_section_end ram -> -5 > colo_send_message Send 'vmstate-size' message",
        "after: - colo_send_message Send 'vmstate-size' message > colo_send_message Send 'checkpoint-request' message",
        "after: - colo_send_message Send 'checkpoint-request' message > qemu_file_fclose",
        'after: - qemu_file_fclose > colo_failover_set_state new state require',
        'after: - colo_failover_set_state new state completed > migration_block_activation active',
        'after: - migration_call_notifiers type=3 > runstate_set current_run_state 15 (colo) new_state 9 (running)',
        'after: - vm_state_notify running 1 reason 9 (running) > migration_cleanup',
        "after: + colo_vm_state_change Change 'stop' => 'run' > colo_failover_set_state new state require",
        'after: + colo_failover_set_state new state completed > qemu_file_fclose',
        'after: + qemu_file_fclose > migration_block_activation active',
        'after: + migration_call_notifiers type=3 > migration_cleanup',
      ],
    },
  ],
  'real/11.1/background-snapshot@ts': [
    {
      reason: 'the captured snapshot went to a command, the emulated one to a file',
      lines: ['setup: - migration_exec_outgoing', 'setup: + migration_file_outgoing (behind migration_exec_outgoing)'],
    },
  ],
  'real/10.0.13/precopy-iter@ts': [
    { reason: CHANCE, lines: ['rounds: - savevm_section_end ram -> 1 > migrate_transferred'] },
  ],
  'real/7.2/precopy-iter@ts': [
    { reason: QUICK, lines: ['rounds: + savevm_section_end ram -> 0 > migration_bitmap_sync_start'] },
  ],
  'real/7.2/postcopy@ts': [
    { reason: QUICK, lines: ['rounds: + savevm_section_end ram -> 0 > migration_bitmap_sync_start'] },
  ],
  'patched/clean-cancel': [
    {
      reason: RACE,
      lines: ['end: - migrate_error', 'end: + migrate_error (behind migration_block_activation active)'],
    },
  ],
};

describe.skipIf(TRACES_MISSING)(`captures${SKIPPED}`, () => {
  test.each(PAIRS)('$capture: emulate $scenario --qemu $version', (pair) => {
    const known = (KNOWN[pair.capture] ?? []).flatMap(({ lines }) => lines);
    expect([...differencesOf(pair)].sort()).toEqual([...known].sort());
  });

  test('the migration thread takes and releases the BQL where the captured one does', () => {
    expect(lockDifferences()).toEqual([]);
  });

  test('the table names captures that are compared', () => {
    const names = PAIRS.map(({ capture }) => capture);
    expect(Object.keys(KNOWN).filter((name) => !names.includes(name))).toEqual([]);
    for (const { reason } of Object.values(KNOWN).flat()) expect(reason).not.toBe('');
  });
});
