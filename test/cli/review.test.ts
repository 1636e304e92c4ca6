/** `qtrace review` as its users run it: exit codes, formats, --tree, traces of the patched build. */
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { BASE, type Edit, EVENTS, edited, MIGRATION, REGISTER, SAVEVM } from '../review/checks/patches.ts';
import { asMail, diffFiles } from '../review/diff.ts';
import { CAN_BE_NOBODY, expectRefused, NOBODY, runProgram as run, trace, useWorkplace } from './program.ts';

const place = useWorkplace();
const folder = (): string => place.path();

function write(name: string, text: string): string {
  const path = join(folder(), name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return path;
}

const patch = (edits: readonly Edit[]): string => write('a.patch', asMail(diffFiles(BASE, edited(edits))));

const NO_BQL: readonly Edit[] = [
  [
    MIGRATION,
    '    qemu_savevm_query_pending_final(&pending);\n\n',
    '    bql_unlock();\n    qemu_savevm_query_pending_final(&pending);\n    bql_lock();\n\n',
  ],
];
const HARMLESS: readonly Edit[] = [[SAVEVM, '#include "migration/savevm.h"', '#include "savevm.h"']];
const NEW_SIGNATURE: readonly Edit[] = [
  [REGISTER, 'bool exact, bool final);', 'bool exact, bool final,\n                               Error **errp);'],
];

describe('review', () => {
  test('exits with 1 for an error, with 0 without one or with --fail-on never', () => {
    expect(run(['review', patch(NO_BQL)]).code).toBe(1);
    expect(run(['review', patch(NO_BQL), '--fail-on', 'never']).code).toBe(0);
    expect(run(['review', patch(HARMLESS)]).code).toBe(0);
  });

  test('--terse is --format terse', () => {
    const terse = run(['review', patch(NO_BQL), '--terse']);
    expect(terse.stdout).toMatch(/^migration\/migration\.c:\d+: error: final-without-bql: [^\n]*\n$/);
    expect(run(['review', patch(NO_BQL), '--format', 'terse']).stdout).toBe(terse.stdout);
  });

  test('--quiet: also of a series with a cover letter', () => {
    const cover = ['From: A <a@b.c>', 'Subject: [PATCH 0/1] series', 'Message-ID: <0@x>', '', 'What it does.', ''];
    const mails = [cover.join('\n'), asMail(diffFiles(BASE, edited(NO_BQL)))].map(
      (mail) => `From x Mon Nov 23 00:00:00 2026\n${mail}`,
    );
    const path = write('series.mbox', mails.join('\n'));
    expect(run(['review', path]).stdout).toContain('[PATCH 0/1] series');
    expect(run(['review', path, '--quiet']).stdout).toMatch(/^qtrace: 1 remark \(1 error\) on 1 patch, [^\n]*\n$/);
  });

  test('--quiet prints the first line alone, with the number of remarks', () => {
    expect(run(['review', patch(NO_BQL), '--quiet']).stdout).toMatch(
      /^qtrace: 1 remark \(1 error\) on 1 patch, [^\n]*\n$/,
    );
    expect(run(['review', patch(HARMLESS), '--quiet']).stdout).toMatch(/^qtrace: no remark on 1 patch, [^\n]*\n$/);
  });

  test('--rule and --ignore choose remarks and the duties of the traces', () => {
    const left = run(['review', '--ignore', 'final-without-bql', patch(NO_BQL), '--terse']);
    expect([left.stdout, left.code]).toEqual(['', 0]);
    const chosen = run(['review', patch(NO_BQL), '--rule', 'final-without-bql', '--terse']);
    expect([chosen.stdout.split(':')[3]?.trim(), chosen.code]).toEqual(['final-without-bql', 1]);
    const traced = ['review', patch(HARMLESS), '--trace', trace('thread-no-final')];
    expect(run(traced).code).toBe(1);
    expect(run([...traced, '--ignore', 'final-missing']).code).toBe(0);
    const unknown = run(['review', patch(NO_BQL), '--rule', 'nonsense']);
    expect([unknown.code, unknown.stdout]).toEqual([2, '']);
    expect(unknown.stderr).toContain('unknown rule nonsense');
  });

  test('--qemu sets the duties by which the traces are judged', () => {
    const traced = ['review', patch(HARMLESS), '--trace', trace('thread-no-final'), '--qemu', '10.0'];
    expect(run(traced).stdout).not.toContain('final-missing');
  });

  test('--trace: the assertion of a real run confirms the remark', () => {
    const log = trace('thread-no-bql-assert');
    const { stdout } = run(['review', patch(NO_BQL), '--trace', log, trace('thread-no-bql-assert', 'stderr.txt')]);
    expect(stdout).toContain('the trace confirms it: final-without-bql');
    expect(stdout).toContain('assertion failed: (bql_locked())');
  });

  test('--base-trace: what is new against the run without the patch', () => {
    const { stdout, code } = run([
      'review',
      patch(HARMLESS),
      '--trace',
      trace('thread-no-final'),
      '--base-trace',
      trace('11.1-precopy'),
    ]);
    expect(stdout).toContain('final-missing in migration 0, newly-violated');
    expect(code).toBe(1);
  });

  test('--base-trace alone is refused', () => {
    const { code, stderr } = run(['review', patch(HARMLESS), '--base-trace', trace('11.1-precopy')]);
    expect([code, stderr]).toEqual([2, expect.stringContaining('--trace')]);
  });

  test('a trace with the text that the patch gives an event is read', () => {
    const edits: readonly Edit[] = [[EVENTS, 'exact=%d, final=%d, precopy=%"PRIu64"', 'exact:%d final:%d [%"PRIu64"]']];
    const line = (exact: number, final: number): string =>
      `qemu_savevm_query_pending exact:${exact} final:${final} [4096], stopcopy=0, postcopy=0, total=4096`;
    const log = [
      'migrate_set_state new state setup',
      'savevm_state_setup ',
      'migration_bitmap_sync_start ',
      'migration_bitmap_sync_end dirty_pages 0',
      'migrate_set_state new state active',
      line(0, 0),
      'migration_bitmap_sync_start ',
      'migration_bitmap_sync_end dirty_pages 1',
      line(1, 0),
      'migration_thread_low_pending 4096',
      'runstate_set current_run_state 9 (running) new_state 7 (finish-migrate)',
      'migration_completion_vm_stop ret 0',
      'migrate_set_state new state device',
      'migration_bitmap_sync_start ',
      'migration_bitmap_sync_end dirty_pages 1',
      line(1, 1),
      'migration_precopy_complete ',
      'migrate_set_state new state completed',
    ].join('\n');
    const { stdout } = run(['review', patch(edits), '--trace', write('src.log', `${log}\n`), '--format', 'json']);
    expect(JSON.parse(stdout).traces.head.migrations[0].queries).toEqual({
      estimate: 1,
      exact: 1,
      final: 1,
      unspecified: 0,
    });
  });

  test('an emulated log whose query line has one more field is read as the patch declares it', () => {
    const edits: readonly Edit[] = [
      [EVENTS, 'bool final, uint64_t precopy', 'bool final, int vcpus, uint64_t precopy'],
      [EVENTS, 'final=%d, precopy', 'final=%d, vcpus=%d, precopy'],
      [SAVEVM, '(exact, final, pending->', '(exact, final, smp_cpus, pending->'],
    ];
    const emulated = run(['emulate', 'precopy', '--qemu', 'thread']).stdout;
    const log = emulated.replaceAll(/(final=[01], )/g, '$1vcpus=4, ');
    expect(log).not.toBe(emulated);
    const queries = (text: string): unknown => {
      const { stdout } = run(['review', patch(edits), '--trace', write('src.log', text), '--format', 'json']);
      return JSON.parse(stdout).traces.head.migrations[0].queries;
    };
    expect(queries(log)).toEqual(queries(emulated));
    expect(queries(log)).toMatchObject({ final: 1, unspecified: 0 });
  });

  test('the page has the charts of the run', () => {
    const { stdout } = run(['review', patch(HARMLESS), '--trace', trace('11.1-precopy'), '--format', 'html']);
    expect(stdout).toContain('<svg');
  });

  test('--tree: implementers of a changed callback in the source', () => {
    const edits = NEW_SIGNATURE;
    write('tree/hw/other.c', 'static SaveVMHandlers h = {\n    .save_query_pending = other_pending,\n};\n');
    const { stdout } = run(['review', patch(edits), '--tree', join(folder(), 'tree'), '--terse']);
    expect(stdout).toContain('error: handler-forgotten');
    expect(stdout).toContain('hw/other.c (other_pending)');
    expect(run(['review', patch(edits), '--tree', join(folder(), 'nowhere')]).code).toBe(2);
  });
});

describe('what a review reads is never written over', () => {
  test.each(['--trace', '--base-trace', '--qmp', '--base-qmp'])('%s', (option) => {
    const given: Record<string, string> = {
      '--trace': write('head.log', readFileSync(trace('11.1-precopy'), 'utf8')),
      '--base-trace': write('base.log', readFileSync(trace('11.1-precopy'), 'utf8')),
      '--qmp': write('head.jsonl', '{}\n'),
      '--base-qmp': write('base.jsonl', '{}\n'),
    };
    const path = given[option] ?? '';
    const before = readFileSync(path, 'utf8');
    const refused = run(['review', patch(HARMLESS), ...Object.entries(given).flat(), '-o', path]);
    expectRefused(refused, /is read or written by this call already; choose another name/);
    expect(readFileSync(path, 'utf8')).toBe(before);
  });
});

describe('inputs that do not go together', () => {
  const log = trace('11.1-precopy');

  test.each<readonly [string, readonly string[], RegExp]>([
    ['samples without the run', ['--base-qmp', 'b.jsonl', '--trace', log], /^--base-qmp goes with --base-trace; name /],
    [
      'nothing left to judge by',
      ['--rule', 'final-missing', '--ignore', 'final-missing'],
      /^--rule and --ignore leave no rule/,
    ],
    ['standard input for two', ['--trace', '-', '--qmp', '-'], /^only one input can be standard input; name /],
    [
      'standard input for two runs',
      ['--trace', '-', '--base-trace', '-'],
      /^only one input can be standard input; name /,
    ],
    ['an empty name', ['--trace', log, '--qmp', ''], /^--qmp has an empty value; check /],
  ])('%s', (_, args, message) => {
    expectRefused(run(['review', patch(HARMLESS), ...args]), message);
  });

  test('standard input for the mail and for a run', () => {
    expectRefused(run(['review', '-', '--trace', '-']), /^only one input can be standard input; name /);
  });

  test('a mail behind --trace is a trace', () => {
    expectRefused(run(['review', '--trace', log, patch(HARMLESS)]), /what stands behind --trace is a trace, so name /);
  });
});

test.skipIf(!CAN_BE_NOBODY)('a file of --tree that can not be read', () => {
  const path = write('tree/a.c', 'int a;\n');
  chmodSync(path, 0o600);
  const tree = join(folder(), 'tree');
  const refused = run(['review', patch(NEW_SIGNATURE), '--tree', tree], { uid: NOBODY });
  expectRefused(refused, /a\.c: permission denied; /);
});
