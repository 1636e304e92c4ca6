/** What `qtrace emulate --list` prints. */
import { BANDS, type Band } from '../../catalog/vocabulary.ts';
import { FAULTS } from '../faults/registry.ts';
import { EVENT_SET_SUMMARIES } from './event-sets.ts';
import { bundledScenario, SCENARIO_NAMES } from './scenarios.ts';
import { SETTING_KEYS } from './setting-keys.ts';

const WIDTH = 100;

export function listing(): string {
  return [
    ...section(
      'Scenarios',
      SCENARIO_NAMES.map((name) => {
        const { title = '', description = '', versions = BANDS } = bundledScenario(name) ?? {};
        return [name, `${title}. ${description}${only(versions)}`];
      }),
    ),
    '',
    ...section(
      'Faults, for --fault',
      FAULTS.map(({ id, description, versions }) => [id, `${description}${only(versions)}`]),
    ),
    '',
    ...section(
      'Settings, for --set',
      [...SETTING_KEYS].map(([key, { form, summary }]) => [`${key}=${form}`, summary]),
    ),
    '',
    ...section('Sets of events, for --events', Object.entries(EVENT_SET_SUMMARIES)),
    '',
  ].join('\n');
}

function only(versions: readonly Band[]): string {
  return versions.length === BANDS.length ? '' : ` (${versions.join(', ')})`;
}

function section(title: string, rows: readonly (readonly [string, string])[]): readonly string[] {
  const column = 2 + Math.max(...rows.map(([name]) => name.length)) + 2;
  const lines = rows.flatMap(([name, text]) =>
    wrap(text, WIDTH - column).map((line, index) => (index === 0 ? `  ${name}` : '').padEnd(column) + line),
  );
  return [`${title}:`, ...lines];
}

function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}
