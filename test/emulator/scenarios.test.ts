/** Scenarios: those that come along, and what is said of one that is wrong. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { listing } from '../../src/emulator/shell/listing.ts';
import { applySetting } from '../../src/emulator/shell/scenario.ts';
import { bundledScenario, SCENARIO_NAMES, scenarioFromText } from '../../src/emulator/shell/scenarios.ts';
import { SETTING_KEYS } from '../../src/emulator/shell/setting-keys.ts';
import { configOf } from './emulated.ts';

const FOLDER = join(import.meta.dirname, '..', '..', 'fixtures', 'scenarios');

const PROMISED = [
  'precopy',
  'postcopy',
  'postcopy-recover',
  'cancel',
  'failure',
  'pause-before-switchover',
  'non-converging',
  'auto-converge',
  'vfio',
  'vfio-switchover-ack',
  'cmma',
  'dirty-bitmaps',
  'snapshot',
  'background-snapshot',
  'colo',
  'two-runs',
];

describe('those that come along', () => {
  test('are the files in the folder, and hold all that were promised', () => {
    const files = readdirSync(FOLDER).flatMap((file) => (file.endsWith('.json') ? [file.slice(0, -5)] : []));
    expect([...SCENARIO_NAMES].sort()).toEqual(files.sort());
    expect(SCENARIO_NAMES).toEqual(expect.arrayContaining(PROMISED));
  });

  test.each(SCENARIO_NAMES)('%s is what its file says', (name) => {
    const text = readFileSync(join(FOLDER, `${name}.json`), 'utf8');
    expect(bundledScenario(name)).toEqual(scenarioFromText(text, `${name}.json`));
    expect(text).toBe(`${JSON.stringify(JSON.parse(text), null, 2)}\n`);
  });

  test('the example of the folder’s README is one', () => {
    const [, example = ''] = /```json\n([\s\S]*?)```/.exec(readFileSync(join(FOLDER, 'README.md'), 'utf8')) ?? [];
    expect(scenarioFromText(example, 'README.md').config.runs[0]?.channel.breaks).toHaveLength(1);
  });

  test('names of other things are none', () => {
    for (const name of ['', 'toString', '__proto__', 'precopy.json']) expect(bundledScenario(name)).toBeUndefined();
  });

  test('the listing has them all, every setting, and no long line', () => {
    const text = listing();
    for (const name of SCENARIO_NAMES) expect(text).toContain(`\n  ${name} `);
    for (const key of SETTING_KEYS.keys()) expect(text).toContain(`\n  ${key}=`);
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
    expect(text).not.toMatch(/ $/m);
  });
});

const read = (value: unknown) => scenarioFromText(JSON.stringify(value), 'my.json');
const head = { title: 'T', description: 'D' };

describe('a scenario of the user', () => {
  test('the least: a title and a description', () => {
    expect(read(head).config).toEqual({
      ...configOf('precopy', { asPosted: true }),
      runs: [expect.objectContaining({ parameters: {} })],
    });
  });

  test('settings of a run stand over those of the file', () => {
    const { config } = read({ ...head, set: { 'downtime-limit': 50 }, runs: [{ set: { 'downtime-limit': 70 } }, {}] });
    expect(config.runs.map(({ parameters }) => parameters)).toEqual([
      { 'downtime-limit': 70 },
      { 'downtime-limit': 50 },
    ]);
  });

  test('everything a run may have', () => {
    const { config } = read({
      ...head,
      versions: ['11.1'],
      phases: [{ 'from-ms': 100, 'dirty-rate': '1M', 'working-set': '2M' }],
      runs: [
        {
          set: { 'postcopy-ram': true, 'start-postcopy': 300 },
          modules: [{ kind: 'cmma', attributes: 5 }],
          commands: [
            {
              command: 'migrate-set-parameters',
              parameters: { 'downtime-limit': 400 },
              state: 'active',
              'after-ms': 9,
            },
          ],
          breaks: [{ 'after-ms': 1000 }],
        },
      ],
    });
    expect(config.guest.phases).toEqual([{ fromMs: 100, dirtyRateBytesPerSecond: 2 ** 20, workingSetBytes: 2 ** 21 }]);
    expect(config.runs[0]).toMatchObject({
      capabilities: { 'postcopy-ram': true },
      modules: [{ kind: 'cmma', attributes: 5, dirtyRatePerSecond: 0 }],
      commands: [
        {
          command: 'migrate-set-parameters',
          parameters: { 'downtime-limit': 400 },
          at: { state: 'active', afterMs: 9 },
        },
        { command: 'migrate-start-postcopy', at: { afterMs: 300 } },
      ],
      channel: { breaks: [{ afterMs: 1000 }] },
    });
  });

  test.each([
    ['no JSON', '{', 'my.json is no JSON; check its commas, quotes and braces'],
    ['a list', '[]', 'my.json holds no JSON object; write {"title": ..., "set": {...}, "runs": [...]}'],
  ])('%s', (_name, text, message) => {
    expect(() => scenarioFromText(text, 'my.json')).toThrow(message);
  });

  test.each([
    [{ description: 'D' }, 'my.json: title is missing; write a text'],
    [{ ...head, title: 3 }, 'my.json: title is 3; write a text'],
    [{ ...head, sets: {} }, 'my.json: unknown key sets; there are title, description, versions, runs, phases, set'],
    [{ ...head, versions: ['9.9'] }, 'my.json: versions is ["9.9"]; write some of 7.2, 10.0, 11.1, thread'],
    [{ ...head, set: { memry: '1G' } }, 'my.json: set.memry is no setting; `qtrace emulate --list` lists them'],
    [{ ...head, set: { memory: '1Q' } }, 'my.json: set.memory is 1Q; write SIZE, such as 256M'],
    [{ ...head, set: { memory: {} } }, 'my.json: set.memory is {}; write a text, a number, true or false'],
    [{ ...head, runs: [3] }, 'my.json: runs[0] is no object; write {...} there'],
    [
      { ...head, runs: [{ set: { memory: '1G' } }] },
      'my.json: runs[0].set.memory holds for the whole process; write it into the file\'s own "set"',
    ],
    [
      { ...head, runs: [{ modules: [{ kind: 'x' }] }] },
      'my.json: runs[0].modules[0].kind is "x"; write dirty-bitmaps|vfio|cmma',
    ],
    [
      { ...head, runs: [{ modules: [{ kind: 'cmma', attributes: 1, more: 1 }] }] },
      'my.json: unknown key runs[0].modules[0].more; there are kind, attributes, dirty-rate',
    ],
    [
      { ...head, runs: [{ commands: [{ command: 'migrate-cancel', state: 'activ' }] }] },
      /^my\.json: runs\[0\]\.commands\[0\]\.state is "activ"; write one of setup, /,
    ],
    [
      { ...head, runs: [{ commands: [{ command: 'migrate-set-parameters', parameters: { memory: 1 } }] }] },
      'my.json: runs[0].commands[0].parameters is {"memory":1}; write parameters of QEMU; memory or its value is none',
    ],
  ])('%j', (value, message) => {
    expect(() => read(value)).toThrow(message);
  });
});

describe('--set', () => {
  const config = configOf('precopy');

  test.each([
    ['memory=1G', { guest: { memoryBytes: 2 ** 30 } }],
    ['memory=1.5GiB', { guest: { memoryBytes: 1.5 * 2 ** 30 } }],
    ['dirty-rate=30M/s', { guest: { dirtyRateBytesPerSecond: 30 * 2 ** 20 } }],
    ['downtime-limit=300ms', { runs: [{ parameters: { 'downtime-limit': 300 } }] }],
    ['postcopy-ram=on', { runs: [{ capabilities: { 'postcopy-ram': true } }] }],
    ['start-postcopy=true', { runs: [{ commands: [{ command: 'migrate-start-postcopy', at: { afterMs: 0 } }] }] }],
    ['cancel-at=700', { runs: [{ commands: [{ command: 'migrate-cancel', at: { afterMs: 700 } }] }] }],
    ['checkpoints=3', { runs: [{ checkpoints: 3 }] }],
    ['poll-interval=false', { pollIntervalMs: undefined }],
  ])('%s', (text, expected) => {
    expect(applySetting(config, text)).toMatchObject(expected);
  });

  test('a command takes the place of the scenario’s own; false takes it away', () => {
    const cancelled = configOf('cancel');
    expect(applySetting(cancelled, 'cancel-at=5').runs[0]?.commands).toEqual([
      { command: 'migrate-cancel', at: { afterMs: 5 } },
    ]);
    expect(applySetting(cancelled, 'cancel-at=false').runs[0]?.commands).toEqual([]);
  });

  test('what a version does not have yet is refused', () => {
    const refused = (set: string) => () => configOf('precopy', { version: '7.2', set: [set] });
    expect(refused('switchover-ack=true')).toThrow('QEMU 7.2 has no switchover-ack; choose --qemu 10.0, 11.1, thread');
    expect(refused('avail-switchover-bandwidth=1G')).toThrow(/^QEMU 7\.2 has no avail-switchover-bandwidth; /);
    expect(refused('switchover-ack=false')).not.toThrow();
  });

  test.each([
    ['memory=', '--set memory=: not a value of memory; write memory=SIZE, such as 256M'],
    ['memory', '--set memory: not a value of memory; write memory=SIZE, such as 256M'],
    ['vcpus=0', '--set vcpus=0: not a value of vcpus; write vcpus=1..255'],
    ['cancel-at=true', '--set cancel-at=true: not a value of cancel-at; write cancel-at=MS|false, such as 500'],
    ['downtime-limit=-1', /not a value of downtime-limit/],
    [
      'foo=1',
      /^--set foo is no setting; use one of auto-converge, background-snapshot, .*, ack-time, .*, device-time$/,
    ],
  ])('%s is refused', (text, message) => {
    expect(() => applySetting(config, text)).toThrow(message);
  });
});
