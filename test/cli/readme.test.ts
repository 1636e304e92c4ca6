/** What the README shows of a command's output is what the command prints. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ROOT, useWorkplace } from './program.ts';

const README = readFileSync(join(ROOT, 'README.md'), 'utf8');
const BLOCKS = [...README.matchAll(/^```\n([\s\S]*?)^```$/gm)].map(([, body = '']) => body.trimEnd().split('\n'));
const place = useWorkplace();

/** Parts of an output, in their order; `...` stands for lines that are left out. */
function partsOf(lines: readonly string[]): readonly string[] {
  return lines
    .join('\n')
    .split(/^\.\.\.\n/m)
    .map((part) => part.trimEnd())
    .filter((part) => part !== '');
}

function expectParts(output: string, parts: readonly string[]): void {
  let from = 0;
  for (const part of parts) {
    const at = output.indexOf(part, from);
    expect(at, part).toBeGreaterThanOrEqual(from);
    from = at + part.length;
  }
}

const words = (command: string): readonly string[] =>
  command.split(' ').map((word) => (word.startsWith('fixtures/') ? join(ROOT, word) : word));

describe('README', () => {
  test('the first command', () => {
    const [command = ''] = BLOCKS.flat().filter((line) => line.startsWith('npm run -s qtrace -- '));
    const shown = BLOCKS.find(([first]) => first?.startsWith('qtrace: ')) ?? [];
    const { stdout, code } = place.run(words(command.slice('npm run -s qtrace -- '.length)));
    expect(code).toBe(1);
    expect(shown.length).toBeGreaterThan(5);
    expectParts(stdout, partsOf(shown));
  });

  const shown = BLOCKS.filter(([first]) => first?.startsWith('$ qtrace '));

  test('has examples with their output', () => {
    expect(shown.length).toBeGreaterThan(0);
  });

  test.each(shown.map((lines) => [lines[0] ?? '', lines] as const))('%s', (command, lines) => {
    const { stdout } = place.run(words(command.slice('$ qtrace '.length)));
    expectParts(stdout, partsOf(lines.slice(1)));
  });
});
