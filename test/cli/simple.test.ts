/** Binary logs of the simple back end on the command line. */
import { writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { precopy, SimpleLog, TABLE, zstdOf } from '../ingest/simple/writer.ts';
import { expectRefused, useWorkplace } from './program.ts';

const place = useWorkplace();

function inputsOf(stdout: string): readonly object[] {
  const { inputs }: { readonly inputs: readonly object[] } = JSON.parse(stdout);
  return inputs;
}

const INPUT = { name: 'src.trace', format: 'simple-v4', side: 'source', lines: 21, events: 21, problems: [] };

describe('analyze', () => {
  test.each([
    ['the table beside it', ['src.trace']],
    ['the table given', ['src.trace', 'trace-events-all']],
    ['the table given first, under another name', ['events.gz', 'src.trace']],
    ['several tables given', ['src.trace', 'events.gz', 'events.zst', 'trace-events-all']],
  ])('%s', (_what, args) => {
    writeFileSync(place.path('src.trace'), precopy());
    writeFileSync(place.path('trace-events-all'), TABLE);
    writeFileSync(place.path('events.gz'), gzipSync(TABLE));
    writeFileSync(place.path('events.zst'), zstdOf(TABLE));
    const run = place.run(['analyze', ...args, '--format', 'json', '--no-db', '--no-html']);
    expect({ code: run.code, stderr: run.stderr }).toMatchObject({ code: 0 });
    expect(inputsOf(run.stdout)).toMatchObject([INPUT]);
  });

  test('standard input', () => {
    const run = place.run(['analyze', '-', '--format', 'json', '--no-db', '--no-html'], { stdin: gzipSync(precopy()) });
    expect(inputsOf(run.stdout)).toMatchObject([{ ...INPUT, name: '-', format: 'simple-v4+gzip' }]);
  });

  test('dropped events are said', () => {
    const log = precopy((own, write, index) => {
      if (index === 14) own.dropped(3);
      write();
    });
    writeFileSync(place.path('src.trace'), log);
    const { stdout, code } = place.run(['analyze', 'src.trace', '--no-db', '--no-html']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/src\.trace has holes \(.*3 .*dropped/s);
  });

  /** The hole, not QEMU, is why the sync is not there. */
  test.each([13, 14, 15])('what is dropped accuses nobody: before event %i', (at) => {
    const log = precopy((own, write, index) => {
      if (index === at) own.dropped(2);
      if (index !== 13 && index !== 14) write();
    });
    writeFileSync(place.path('src.trace'), log);
    const { stdout, code } = place.run(['analyze', 'src.trace', '--format', 'json', '--no-db', '--no-html']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/"rule": ?"final-without-sync"[^{}]*"verdict": ?"undecidable"/);
  });

  test('the same without a record of dropped events is a violation', () => {
    writeFileSync(
      place.path('src.trace'),
      precopy((_own, write, index) => {
        if (index !== 13 && index !== 14) write();
      }),
    );
    const { stdout, code } = place.run(['analyze', 'src.trace', '--no-db', '--no-html']);
    expect(code).toBe(1);
    expect(stdout).toContain('final-without-sync');
  });
});

interface Refused {
  readonly what: string;
  readonly content: Buffer | string;
  readonly message: RegExp;
}

const REFUSED: readonly Refused[] = [
  {
    what: 'version 3',
    content: precopy(undefined, { version: 3n }),
    message: /^src\.trace is a binary trace log of version 3, and only version 4 can be read; record it with QEMU/,
  },
  {
    what: 'a part of the header',
    content: precopy().subarray(0, 17),
    message: /^src\.trace is a binary trace log that ends within its header; record it again$/,
  },
  { what: 'the header only', content: new SimpleLog().bytes, message: /^src\.trace is empty: no trace to read; / },
  {
    what: 'names only',
    content: new SimpleLog().name(1, 'migrate_set_state').bytes,
    message: /^src\.trace is empty: no trace to read; /,
  },
  {
    what: 'junk behind the header',
    content: new SimpleLog().raw(Buffer.alloc(3000, 0x41)).bytes,
    message: /^src\.trace is damaged: none of its records can be read; copy it again when QEMU has ended$/,
  },
  {
    what: 'records that nothing declares',
    content: new SimpleLog().event('migrate_set_state', ['setup', 1]).event('migrate_set_state', ['active', 1]).bytes,
    message:
      /^src\.trace has 2 records that can't be read without their declarations; give the trace-events-all file of the QEMU that wrote it/,
  },
  {
    what: 'events, none of a migration',
    content: new SimpleLog().event('kvm_run_exit', [0, 2]).bytes,
    message: /^src\.trace has 1 trace event, but none of a migration; /,
  },
  {
    what: 'a table alone',
    content: TABLE,
    message: /^src\.trace only declares trace events and is no trace itself; give the log as well$/,
  },
];

describe('refused', () => {
  test.each(REFUSED)('$what', ({ content, message }) => {
    writeFileSync(place.path('src.trace'), content);
    for (const command of ['analyze', 'replay']) expectRefused(place.run([command, 'src.trace']), message);
    expect(place.names()).toEqual(['src.trace']);
  });
});
