/** `qtrace rules [ID]`: the rule reference. */
import type { ArgumentsCamelCase, Argv } from 'yargs';
import { UserError } from '../../base/errors.ts';
import { ruleList, rulesInMarkdown, ruleText } from '../../report/rule-reference.ts';
import { RULES } from '../../rules/registry.ts';
import type { Rule } from '../../rules/rule.ts';
import { defineCommand } from '../command.ts';
import { writeOut } from '../output.ts';

interface Options {
  readonly id: string | undefined;
  readonly format: string;
}

export const register = defineCommand({
  command: 'rules [id]',
  describe: 'What each rule demands, why, and what it needs',
  builder: (yargs: Argv) =>
    yargs.positional('id', { type: 'string', describe: 'One rule in full' }).option('format', {
      type: 'string',
      requiresArg: true,
      choices: ['text', 'markdown'],
      default: 'text',
      describe: 'Markdown: every rule in full, as one page',
    }),
  handler: async ({ id, format }: ArgumentsCamelCase<Options>): Promise<void> => {
    const rules = id === undefined ? RULES : [ruleOf(id)];
    if (format === 'markdown') await writeOut(rulesInMarkdown(rules));
    else await writeOut(id === undefined ? ruleList(rules) : rules.map(ruleText).join('\n'));
  },
});

/** @throws UserError for an id that is no rule's. */
function ruleOf(id: string): Rule {
  const rule = RULES.find((candidate) => candidate.id === id);
  if (rule === undefined) throw new UserError(`unknown rule ${id}; \`qtrace rules\` lists them`);
  return rule;
}
