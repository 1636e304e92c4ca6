/** `qtrace rules [ID]`: the rule reference. */
import type { ArgumentsCamelCase, Argv } from 'yargs';
import { UserError } from '../../base/errors.ts';
import { RULES } from '../../rules/registry.ts';
import type { Rule } from '../../rules/rule.ts';
import { defineCommand } from '../command.ts';
import { writeOut } from '../output.ts';

interface Options {
  readonly id: string | undefined;
}

export const register = defineCommand({
  command: 'rules [id]',
  describe: 'What each rule demands, why, and what it needs',
  builder: (yargs: Argv) => yargs.positional('id', { type: 'string', describe: 'One rule in full' }),
  handler: async ({ id }: ArgumentsCamelCase<Options>): Promise<void> => {
    await writeOut(id === undefined ? ruleList() : ruleText(id));
  },
});

export function ruleList(): string {
  const width = Math.max(...RULES.map((rule) => rule.id.length));
  const lines = RULES.map(({ id, severity, title }) => `${id.padEnd(width)}  ${severity.padEnd(7)}  ${title}`);
  return `${lines.join('\n')}\n`;
}

/** @throws UserError for an id that is no rule's. */
export function ruleText(id: string): string {
  const rule = RULES.find((candidate) => candidate.id === id);
  if (rule === undefined) throw new UserError(`unknown rule ${id}; \`qtrace rules\` lists them`);
  return `${describe(rule).join('\n')}\n`;
}

function describe(rule: Rule): readonly string[] {
  return [
    `${rule.id} (${rule.severity})`,
    `  ${rule.title}.`,
    '',
    ...paragraph('demands', rule.demands),
    ...paragraph('why', rule.why),
    ...paragraph('needs', rule.needs.join(', ')),
    ...paragraph('QEMU', `${rule.qemu.function} (${rule.qemu.versions})`),
    ...paragraph('limits', rule.limits),
    ...(rule.bugs ?? []).flatMap(({ commit, what }) => paragraph('past bug', `${commit}: ${what}`)),
  ];
}

const INDENT = 13;
const COLUMNS = 80;

function paragraph(label: string, text: string): readonly string[] {
  const lines: string[] = [];
  let line = `  ${label}:`.padEnd(INDENT);
  for (const word of text.split(' ')) {
    const gap = line.endsWith(' ') ? '' : ' ';
    if (line.trimEnd().length > INDENT && line.length + gap.length + word.length > COLUMNS) {
      lines.push(line);
      line = ' '.repeat(INDENT) + word;
    } else line += gap + word;
  }
  return [...lines, line];
}
