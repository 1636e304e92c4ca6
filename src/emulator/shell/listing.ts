/** What `qtrace emulate --list` prints. */
import { BANDS, type Band } from '../../catalog/vocabulary.ts';
import { FAULTS } from '../faults/registry.ts';
import { EVENT_SET_SUMMARIES } from './event-sets.ts';
import { bundledScenario, SCENARIO_NAMES } from './scenarios.ts';
import { SETTING_KEYS } from './setting-keys.ts';

const WIDTH = 100;
/** A longer one would leave no room beside it. */
const LONGEST_NAME = 45;

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
  const short = rows.map(([name]) => name.length).filter((length) => length <= LONGEST_NAME);
  const column = 2 + Math.max(...short) + 2;
  return [`${title}:`, ...rows.flatMap(([name, text]) => rowLines(name, wrap(text, WIDTH - column), column))];
}

/** A long name has a line of its own. */
function rowLines(name: string, texts: readonly string[], column: number): readonly string[] {
  if (name.length > LONGEST_NAME) return [`  ${name}`, ...texts.map((text) => ' '.repeat(column) + text)];
  return texts.map((text, index) => (index === 0 ? `  ${name}` : '').padEnd(column) + text);
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
