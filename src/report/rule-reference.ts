/** The rules as a reference: what each demands, why, and what it needs. */
import type { Rule } from '../rules/rule.ts';

const INDENT = 13;
const COLUMNS = 80;

export function ruleList(rules: readonly Rule[]): string {
  const width = Math.max(...rules.map((rule) => rule.id.length));
  const lines = rules.map(({ id, severity, title }) => `${id.padEnd(width)}  ${severity.padEnd(7)}  ${title}`);
  return `${lines.join('\n')}\n`;
}

export function ruleText(rule: Rule): string {
  const lines = [
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
  return `${lines.join('\n')}\n`;
}

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

/** A page in Markdown: a table of all, then one section each. */
export function rulesInMarkdown(rules: readonly Rule[]): string {
  const rows = rules.map(
    ({ id, severity, title }) => `| [${code(id)}](#${id}) | ${severity} | ${escapePipes(title)} |`,
  );
  return [
    '# The rules of qtrace',
    '',
    `${rules.length} rules, as \`qtrace rules --format markdown\` prints them. A verdict is pass, violated, undecidable or`,
    'not-applicable; an undecidable one names the event that would decide it.',
    '',
    '| rule | severity | violated when |',
    '|---|---|---|',
    ...rows,
    ...rules.flatMap(section),
    '',
  ].join('\n');
}

function section(rule: Rule): readonly string[] {
  return [
    '',
    `## ${rule.id}`,
    '',
    `${rule.title} (${rule.severity}).`,
    '',
    `- **Demands.** ${rule.demands}`,
    `- **Why.** ${rule.why}`,
    `- **Needs.** ${rule.needs.map(code).join(', ')}`,
    `- **QEMU.** ${code(rule.qemu.function)}; ${rule.qemu.versions}`,
    `- **Limits.** ${rule.limits}`,
    ...(rule.bugs ?? []).map(({ commit, what }) => `- **Past bug.** ${code(commit)}: ${what}`),
  ];
}

function code(text: string): string {
  return `\`${text}\``;
}

function escapePipes(text: string): string {
  return text.replaceAll('|', '\\|');
}
