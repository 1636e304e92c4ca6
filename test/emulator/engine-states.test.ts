/** The states that each kind of migration goes through, version by version, as section 2 of the reference has them. */
import { describe, expect, test } from 'vitest';
import { BANDS, type Band } from '../../src/catalog/vocabulary.ts';
import { DEFAULT_RUN } from '../../src/emulator/config.ts';
import { KINDS, named, record, statesOf } from './engine-runs.ts';

const same = (states: string): Readonly<Record<Band, string>> => ({
  '7.2': states,
  '10.0': states,
  thread: states,
  '11.1': states,
});

const RECOVERY = 'postcopy-paused postcopy-recover-setup postcopy-recover postcopy-active completed';

const STATES: Readonly<Record<string, Readonly<Record<Band, string>>>> = {
  precopy: { ...same('setup active device completed'), '7.2': 'setup active completed' },
  postcopy: {
    '7.2': 'setup active postcopy-active completed',
    '10.0': 'setup active device postcopy-active completed',
    thread: 'setup active device postcopy-device postcopy-active completed',
    '11.1': 'setup active device postcopy-device postcopy-active completed',
  },
  recover: {
    '7.2': 'setup active postcopy-active postcopy-paused postcopy-recover postcopy-active completed',
    '10.0': `setup active device postcopy-active ${RECOVERY}`,
    thread: `setup active device postcopy-device postcopy-active ${RECOVERY}`,
    '11.1': `setup active device postcopy-device postcopy-active ${RECOVERY}`,
  },
  cancel: same('setup active cancelling cancelled'),
  failure: { ...same('setup active failed'), '11.1': 'setup active failing failed' },
  pause: same('setup active pre-switchover device completed'),
  'cancel-in-pause': same('setup active pre-switchover cancelling cancelled'),
  unreachable: { ...same('setup failed'), '11.1': 'setup failing failed' },
  snapshot: same('setup completed'),
  'background-snapshot': same('setup active completed'),
  colo: { ...same('setup active device colo completed'), '7.2': 'setup active colo completed' },
  bitmaps: { ...same('setup active device completed'), '7.2': 'setup active completed' },
};

describe.each(Object.keys(KINDS))('%s', (kind) => {
  test.each(BANDS)('%s', (version) => {
    const recording = record({ ...KINDS[kind], version });
    expect(statesOf(recording).join(' ')).toBe(STATES[kind]?.[version]);
  });
});

test('7.2 goes from the pause to postcopy-active', () => {
  const { run } = KINDS['postcopy'] ?? {};
  const commands = [
    ...(run?.commands ?? []),
    { command: 'migrate-continue', at: { state: 'pre-switchover', afterMs: 50 } } as const,
  ];
  const capabilities = { ...run?.capabilities, 'pause-before-switchover': true };
  const recording = record({ version: '7.2', run: { capabilities, commands } });
  expect(statesOf(recording).join(' ')).toBe('setup active pre-switchover postcopy-active completed');
});

test('two runs in one process: the second begins anew, and capabilities that it lacks are switched off', () => {
  const recording = record({ ...KINDS['cancel-in-pause'], more: [DEFAULT_RUN] });
  expect(statesOf(recording).join(' ')).toBe(
    'setup active pre-switchover cancelling cancelled setup active device completed',
  );
  expect(recording.result.runs).toEqual(['cancelled', 'completed']);
  const json = named(recording, 'qmp_enter_migrate_set_capabilities').map(({ args }) => args['json']);
  expect(json).toEqual([
    '{"capabilities": [{"capability": "pause-before-switchover", "state": true}]}',
    '{"capabilities": [{"capability": "pause-before-switchover", "state": false}]}',
  ]);
});

describe('what is refused prints no state', () => {
  const VFIO = {
    kind: 'vfio',
    name: '0000:3b:00.1',
    stopcopyBytes: 4096,
    precopyInitialBytes: 0,
    precopyDirtyBytes: 0,
    dirtyRateBytesPerSecond: 0,
  } as const;

  test.each([
    ['switchover-ack without a return path', { capabilities: { 'switchover-ack': true } }],
    ['preempt without postcopy', { capabilities: { 'postcopy-preempt': true } }],
    ['COLO without a return path', { capabilities: { 'x-colo': true } }],
    ['a background snapshot with multifd', { capabilities: { 'background-snapshot': true, multifd: true } }],
    ['postcopy with VFIO', { capabilities: { 'postcopy-ram': true }, modules: [VFIO] }],
  ] as const)('%s', (_name, run) => {
    const recording = record({ run });
    expect(recording.result.runs).toEqual(['refused']);
    expect(recording.result.refusals).toHaveLength(1);
    expect(statesOf(recording)).toEqual([]);
    expect(named(recording, 'qmp_enter_migrate')).toHaveLength(1);
  });

  test('a guest that has migrated already', () => {
    const recording = record({ more: [DEFAULT_RUN] });
    expect(recording.result.runs).toEqual(['completed', 'refused']);
    expect(recording.result.refusals).toEqual(["Can't migrate the vm that was paused due to previous migration"]);
  });
});
