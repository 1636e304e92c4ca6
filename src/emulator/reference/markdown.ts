/** The reference of the emulator as a page in Markdown: what it simulates, what it can be told, and where real runs differ. */
import { BANDS, type Band } from '../../catalog/vocabulary.ts';
import { FAULTS, type RegisteredFault } from '../faults/registry.ts';
import { EVENT_SET_SUMMARIES } from '../shell/event-sets.ts';
import { bundledScenario, SCENARIO_NAMES } from '../shell/scenarios.ts';
import { SETTING_KEYS } from '../shell/setting-keys.ts';
import { COMPARED_CAPTURES, type ComparedCapture } from './captures.ts';
import { LIMITS } from './limits.ts';

export function emulatorInMarkdown(): string {
  return [
    '# The emulator of qtrace',
    '',
    'As `qtrace emulate --list --format markdown` prints it. `qtrace emulate SCENARIO` writes the trace of a simulated QEMU',
    'process; the same seed gives the same bytes, another seed another run.',
    ...section('Scenarios', ['scenario', 'what happens', 'versions'], SCENARIO_NAMES.map(scenarioRow)),
    ...section(
      'Faults',
      ['`--fault`', 'what the code does wrong', 'in', 'versions', 'turns'],
      FAULTS.map(faultRow),
      'A fault turns points of the simulated code, never what is printed.',
    ),
    ...section(
      'Settings',
      ['`--set KEY=VALUE`', 'what it is'],
      [...SETTING_KEYS].map(([key, { form, summary }]) => [code(`${key}=${form}`), summary]),
    ),
    ...section(
      'Sets of events',
      ['`--events`', 'what the log holds'],
      Object.entries(EVENT_SET_SUMMARIES).map(([name, summary]) => [code(name), summary]),
    ),
    ...comparison(),
    '',
    '## What is not simulated, or is an inference',
    '',
    ...LIMITS.map((limit) => `- ${limit}`),
    '',
  ].join('\n');
}

function scenarioRow(name: string): readonly string[] {
  const { title = '', description = '', versions = BANDS } = bundledScenario(name) ?? {};
  return [code(name), `${title}. ${description}`, versionsOf(versions)];
}

function faultRow({ id, title, description, qemu, versions, turns }: RegisteredFault): readonly string[] {
  const points = Object.entries(turns).map(([point, to]) => code(`${point}=${to}`));
  return [code(id), `${title}. ${description}`, code(qemu), versionsOf(versions), points.join(', ')];
}

function versionsOf(versions: readonly Band[]): string {
  return versions.length === BANDS.length ? 'all' : versions.join(', ');
}

function comparison(): readonly string[] {
  const differing = COMPARED_CAPTURES.filter(({ differences }) => differences.length > 0);
  const same = COMPARED_CAPTURES.length - differing.length;
  return [
    ...section(
      'Against real runs',
      ['capture', 'emulated by', 'differs'],
      COMPARED_CAPTURES.map((one) => [
        one.capture,
        code(commandOf(one)),
        one.differences.length === 0 ? '' : 'see below',
      ]),
      `${COMPARED_CAPTURES.length} captures of real processes have an emulated counterpart. ${same} agree step for step: each event and each state, in ` +
        'setup, at the switchover and at the end; in rounds, what may follow what. Times and amounts are not compared.',
    ),
    ...differing.flatMap(({ capture, differences }) => [
      '',
      `### ${capture}`,
      '',
      ...differences.flatMap(({ reason, steps }) => [
        `- ${capitalized(reason)}. Only in the capture (-), or only emulated (+):`,
        ...steps.map((step) => `  - ${code(step)}`),
      ]),
    ]),
  ];
}

function commandOf({ scenario, version, set, seed, faults }: ComparedCapture): string {
  return [
    scenario,
    ...(version === '11.1' ? [] : [`--qemu ${version}`]),
    ...(version === 'thread' ? ['--set as-posted=false'] : []),
    ...faults.map((fault) => `--fault ${fault}`),
    ...set.map((setting) => `--set ${setting}`),
    ...(seed === 1 ? [] : [`--seed ${seed}`]),
  ].join(' ');
}

function section(
  title: string,
  head: readonly string[],
  rows: readonly (readonly string[])[],
  intro?: string,
): readonly string[] {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [
    '',
    `## ${title}`,
    '',
    ...(intro === undefined ? [] : [intro, '']),
    line(head),
    `|${head.map(() => '---').join('|')}|`,
    ...rows.map(line),
  ];
}

function code(text: string): string {
  return `\`${text}\``;
}

function capitalized(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
