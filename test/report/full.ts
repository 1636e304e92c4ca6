/** A report that has one text in all its places, for the tests of what is done with hostile text. */
import type { Report } from '../../src/report/report.ts';
import { buildFinding, buildInput, buildLine, buildMigration, buildReport, buildRound, buildVerdict } from './build.ts';

/** The same text wherever a report takes text from a trace. */
export function reportFull(text: string): Report {
  const line = buildLine({ file: text, text });
  const devices = { totalNs: 1000, devices: [{ idstr: text, instance: 0, durationNs: 1000 }], omitted: 0 };
  return buildReport({
    inputs: [buildInput({ name: text, format: text })],
    migrations: [
      buildMigration({
        states: [{ state: text, file: text, line: 1, ns: 0 }],
        phases: [{ name: text, startNs: 0, endNs: 1, lines: [1, 2] }],
        messages: { lines: [line], omitted: 0 },
        rounds: { rows: [buildRound({ file: text }), buildRound()], omitted: 0, omittedAfter: 0 },
        downtime: {
          ...{ durationNs: 1000, start: line, end: line, iterable: devices, nonIterable: devices },
          checkpoints: [{ from: text, to: text, durationNs: 1000 }],
        },
      }),
    ],
    verdicts: [
      buildVerdict({
        ...{ rule: 'a', verdict: 'violated' },
        findings: [buildFinding({ message: text, expected: text, actual: text, evidence: [line] })],
      }),
      buildVerdict({ rule: 'b', verdict: 'undecidable', reason: text, enable: [text] }),
      buildVerdict({ rule: 'c', reason: text }),
    ],
  });
}

/** What a trace may hold, as one line of it. */
export const HOSTILE: readonly (readonly [string, string])[] = [
  ['the end of a script', '</script><script>alert(1)</script>'],
  ['quotes', `'"><img src=x onerror=alert(1)>`],
  ['the end of a comment', '--><!-- ]]>'],
  ['a control character', 'a\u0007b'],
  ['an ANSI escape', '\u001b[2J'],
  ['a right-to-left override', 'a\u202eb'],
  ['a lone surrogate', 'a\ud800b'],
  ['line ends', 'a\nb\rc\u2028d\u0085e'],
  ['a NUL byte', 'a\u0000b'],
  ['no character of XML', 'a\uffffb'],
  ['what is invisible', 'a\u200bb\u00adc'],
  ['bytes that are no UTF-8', 'a\ufffdb'],
  ['fences of Markdown', '```` ``` \u0060'],
  ['links and mentions', '[x](javascript:alert(1)) @root #1 https://x.invalid www.x.invalid <b>'],
  ['a template', `\${alert(1)} {{ x }}`],
];
