/** Bad input gives one clear sentence, exit code 2, and no half-written file. */
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import {
  CAN_BE_NOBODY,
  CLEAN,
  ENTRY,
  expectRefused,
  NOBODY,
  type RunOptions,
  runCommand,
  useWorkplace,
} from './program.ts';

const place = useWorkplace();

/** Runs, and expects that it is refused and that the folder is as it was. */
function refused(args: readonly string[], message: RegExp, options: RunOptions = {}): void {
  const before = place.names();
  const run = place.run(args, options);
  expectRefused(run, message);
  expect(place.names()).toEqual(before);
}

/** The same bytes in every run. */
function junk(length: number): Buffer {
  const bytes = Buffer.alloc(length);
  let state = 1;
  for (let at = 0; at < length; at += 1) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    bytes[at] = state >>> 24;
  }
  return bytes;
}

const RECORD = /record one with -trace events=/;

interface BadFile {
  readonly what: string;
  readonly content: string | Buffer;
  readonly message: RegExp;
}

const BAD_FILES: readonly BadFile[] = [
  { what: 'empty', content: '', message: /^bad\.log is empty\b/ },
  { what: 'one line end', content: '\n', message: /^bad\.log has no trace event/ },
  { what: 'random bytes, 1 MB', content: junk(1_000_000), message: /^bad\.log is not a text log but binary data/ },
  { what: 'NUL bytes', content: Buffer.alloc(5000), message: /^bad\.log .*(?:binary|NUL)/ },
  {
    what: 'random bytes on one line',
    content: Buffer.from(junk(5000).map((byte) => (byte === 10 ? 11 : byte))),
    message: /binary/,
  },
  {
    what: 'text without trace events',
    content: 'Dear all,\n\nthis is a letter.\n',
    message: /^bad\.log has no trace event of QEMU in its 3 lines; /,
  },
  {
    what: 'trace events, none of a migration',
    content: 'kvm_run_exit cpu_index 0, reason 2\nkvm_vcpu_ioctl cpu_index 0, type 0xae80, arg (nil)\n',
    message: /^bad\.log has 2 trace events, but none of a migration; /,
  },
  {
    what: 'messages of QEMU only',
    content: 'qemu-system-x86_64: warning: no KVM\nqemu-system-x86_64: terminating on signal 15\n',
    message: /^bad\.log has only messages of QEMU and no trace event; give it together with the trace log$/,
  },
  { what: 'gzip of nothing', content: gzipSync(''), message: /^bad\.log is empty\b/ },
  {
    what: 'gzip of text',
    content: gzipSync('a letter\n'),
    message: /^bad\.log has no trace event of QEMU in its one line; /,
  },
  { what: 'broken gzip', content: Buffer.from('\x1f\x8bnonsense', 'latin1'), message: /^bad\.log .*damaged/ },
  { what: 'broken zstd', content: Buffer.from('\x28\xb5\x2f\xfdnonsense', 'latin1'), message: /^bad\.log .*damaged/ },
];

describe('a trace that is none', () => {
  test.each(BAD_FILES)('$what', ({ content, message }) => {
    writeFileSync(place.path('bad.log'), content);
    refused(['analyze', 'bad.log'], message);
  });

  test.each(BAD_FILES)('replay: $what', ({ content, message }) => {
    writeFileSync(place.path('bad.log'), content);
    refused(['replay', 'bad.log'], message);
  });

  test.each(BAD_FILES)('standard input: $what', ({ content }) => {
    refused(['analyze', '-'], /^(?:-|standard input) /, { stdin: content });
  });

  test('what to record is said', () => {
    writeFileSync(place.path('bad.log'), '');
    refused(['analyze', 'bad.log'], RECORD);
  });

  test('an earlier database of the same name stays', () => {
    copyFileSync(CLEAN, place.path('bad.log'));
    place.run(['analyze', 'bad.log', '--db', 'own.db']);
    place.run(['analyze', 'bad.log']);
    const before = [readFileSync(place.path('own.db')), readFileSync(place.path('reports/bad.db'))];
    writeFileSync(place.path('bad.log'), 'nothing\n');
    refused(['analyze', 'bad.log', '--db', 'own.db'], /no trace event/);
    refused(['analyze', 'bad.log'], /no trace event/);
    expect([readFileSync(place.path('own.db')), readFileSync(place.path('reports/bad.db'))]).toEqual(before);
  });

  test('an earlier report stays', () => {
    writeFileSync(place.path('out.txt'), 'mine');
    writeFileSync(place.path('bad.log'), 'nothing\n');
    refused(['analyze', 'bad.log', '-o', 'out.txt'], /no trace event/);
    expect(place.read('out.txt')).toBe('mine');
  });
});

describe('a trace that cannot be read', () => {
  test.each(['analyze', 'replay'])('%s: missing', (command) => {
    refused([command, 'none.log'], /^none\.log: no such file; check the path$/);
  });

  test.each(['analyze', 'replay'])('%s: one of two is missing', (command) => {
    refused([command, CLEAN, 'none.log'], /^none\.log: no such file; check the path$/);
  });

  test('a directory that record did not write', () => {
    mkdirSync(place.path('folder'));
    refused(['analyze', 'folder'], /^folder\b.*director/);
  });

  test('a path through a file', () => {
    writeFileSync(place.path('a'), '');
    refused(['analyze', 'a/b.log'], /^a\/b\.log\b/);
  });

  test('a pattern that nothing matches, or in no folder', () => {
    refused(['analyze', 'LOG.%d'], /^LOG\.%d: no file matches this pattern; check the folder and the name$/);
    refused(['analyze', 'none/LOG.%d'], /^none\/LOG\.%d: no such file/);
  });

  test('an empty path', () => {
    refused(['analyze', ''], /empty/);
    refused(['analyze', CLEAN, ''], /empty/);
    refused(['replay', ''], /empty/);
  });

  test('a path with a name too long', () => {
    refused(['analyze', 'x'.repeat(5000)], /^x+\b/);
  });

  test.skipIf(!CAN_BE_NOBODY)('no right to read', () => {
    copyFileSync(CLEAN, place.path('a.log'));
    chmodSync(place.path('a.log'), 0);
    refused(['analyze', 'a.log'], /^a\.log: permission denied; make the file readable/, { uid: NOBODY });
  });
});

describe('usage', () => {
  test.each<readonly [string, readonly string[], RegExp]>([
    ['nothing at all', [], /^name a command; `qtrace --help` lists them$|^name a command; `qtrace --help` tells more$/],
    ['unknown option', ['analyze', CLEAN, '--nope'], /nope.*`qtrace analyze --help`/],
    ['unknown short option', ['analyze', CLEAN, '-x'], /\bx\b.*`qtrace analyze --help`/],
    ['unknown option with a value', ['analyze', CLEAN, '--nope=3'], /nope.*`qtrace analyze --help`/],
    ['unknown option alone', ['--nope'], /`qtrace --help`/],
    ['unknown command', ['compare', CLEAN], /compare.*`qtrace --help`/],
    ['unknown command, alone', ['xyzzy'], /xyzzy.*`qtrace --help`/],
    ['misspelt command', ['analyse', CLEAN], /analyze/],
    ['no trace', ['analyze'], /name at least one trace/],
    ['no trace', ['replay'], /name at least one trace/],
    ['no trace but options', ['analyze', '--no-db', '--no-html'], /name at least one trace/],
    ['unknown --format', ['analyze', CLEAN, '--format', 'xml'], /format.*xml.*text.*json/],
    ['unknown --qemu', ['analyze', CLEAN, '--qemu', '9'], /qemu.*9.*auto.*7\.2.*10\.0.*11\.1.*thread/],
    ['unknown --qemu', ['replay', CLEAN, '--qemu', '9'], /qemu.*9.*auto/],
    ['unknown --qemu', ['events', '--qemu', '9'], /qemu.*9.*7\.2/],
    ['unknown --fail-on', ['analyze', CLEAN, '--fail-on', 'info'], /fail-on.*info.*error.*warning.*never/],
    ['unknown --rule', ['analyze', CLEAN, '--rule', 'nope'], /^unknown rule nope; `qtrace rules` lists them$/],
    ['unknown --rule of two', ['analyze', CLEAN, '--rule', 'final-missing,nope'], /^unknown rule nope; /],
    ['unknown --ignore', ['analyze', CLEAN, '--ignore', 'nope'], /^unknown rule nope; /],
    ['empty --rule', ['analyze', CLEAN, '--rule', ''], /rule/],
    ['no rule left', ['analyze', CLEAN, '--rule', 'final-missing', '--ignore', 'final-missing'], /no rule/],
    ['unknown rule', ['rules', 'nope'], /^unknown rule nope; `qtrace rules` lists them$/],
    ['a rule too many', ['rules', 'final-missing', 'final-repeated'], /final-repeated/],
    ['an argument too many', ['events', 'more'], /more/],
    ['sql without anything', ['sql'], /`qtrace sql --help`/],
    ['sql without a query', ['sql', 'a.db'], /`qtrace sql --help`/],
    ['sql of nothing', ['sql', 'none.db', 'SELECT 1'], /^none\.db: no such database/],
    ['sql of a log', ['sql', CLEAN, 'SELECT 1'], /is not an SQLite database/],
  ])('%s: %j', (_, args, message) => {
    refused(args, message);
  });

  test.each([
    '--format',
    '--qemu',
    '--fail-on',
    '--rule',
    '--ignore',
    '--qmp',
    '--db',
    '--out-dir',
    '-o',
    '--hash',
  ])('%s without a value', (option) => {
    const name = option === '-o' ? 'output|o' : option.slice(2);
    refused(['analyze', CLEAN, option], new RegExp(`[Nn]ot enough arguments following: (?:${name})`));
  });

  test.each([
    ['-o', 'a'],
    ['--output', 'a'],
    ['--db', 'a'],
    ['--out-dir', 'a'],
    ['--qmp', 'a'],
    ['--format', 'text'],
    ['--qemu', 'auto'],
    ['--fail-on', 'never'],
    ['--hash', 'full'],
  ])('%s given twice', (option, value) => {
    refused(['analyze', CLEAN, option, value, option, value], /once/);
  });

  test.each(['--html=foo', '--quiet=maybe', '--mail='])('%s: a switch takes no value', (option) => {
    const name = option.slice(0, option.indexOf('='));
    refused(['analyze', CLEAN, option], new RegExp(`^${name} takes no value; write ${name} or --no-`));
  });

  test('--db with --no-db', () => {
    refused(['analyze', CLEAN, '--no-db', '--db', 'a.db'], /db/);
    refused(['analyze', CLEAN, '--db', 'a.db', '--no-db'], /db/);
  });

  test.each([
    '--no-output',
    '--no-out-dir',
    '--no-qmp',
    '--no-rule',
    '--no-format',
    '--no-fail-on',
    '--no-qemu',
  ])('%s is no option', (option) => {
    refused(
      ['analyze', CLEAN, option],
      new RegExp(
        `^unknown option ${option}; |^Invalid values: Argument: ${option.slice('--no-'.length)}, Given: false, `,
      ),
    );
  });

  test.each(['-o', '--db', '--out-dir', '--qmp'])('%s with an empty path', (option) => {
    refused(['analyze', CLEAN, option, ''], new RegExp(`^${option} has an empty value; check `));
  });

  test('- as the samples', () => {
    refused(['analyze', CLEAN, '--qmp', '-'], /qmp|^-/);
  });
});

describe('a place that cannot be written', () => {
  test('-o into a folder that is not there', () => {
    refused(['analyze', CLEAN, '-o', 'none/out.txt'], /^none\/out\.txt can't be written: its folder does not exist/);
  });

  test('-o onto a directory', () => {
    mkdirSync(place.path('folder'));
    refused(['analyze', CLEAN, '-o', 'folder'], /^folder\b.*is a directory; name a file$/);
  });

  test('--db onto a directory', () => {
    mkdirSync(place.path('folder'));
    refused(['analyze', CLEAN, '--db', 'folder'], /^folder\b/);
  });

  test.each(['text', 'database of another program'])('--db onto a %s', (what) => {
    if (what === 'text') writeFileSync(place.path('foreign'), 'mine');
    else writeFileSync(place.path('foreign'), Buffer.concat([Buffer.from('SQLite format 3\0'), Buffer.alloc(4080)]));
    const before = readFileSync(place.path('foreign'));
    refused(['analyze', CLEAN, '--db', 'foreign'], /^foreign exists and is not a database of qtrace/);
    expect(readFileSync(place.path('foreign'))).toEqual(before);
  });

  test('an --out-dir that the user named', () => {
    writeFileSync(place.path('plain'), '');
    refused(['analyze', CLEAN, '--out-dir', 'plain'], /^plain\/.*cannot be written: /);
    refused(['analyze', CLEAN, '--out-dir', 'plain', '--no-db'], /^plain\/.*cannot be written: /);
  });

  test('--db onto the trace', () => {
    copyFileSync(CLEAN, place.path('a.log'));
    refused(['analyze', 'a.log', '--db', 'a.log'], /^a\.log exists and is not a database/);
    expect(readFileSync(place.path('a.log'))).toEqual(readFileSync(CLEAN));
  });

  test('--db and -o at one place', () => {
    refused(['analyze', CLEAN, '--db', 'a', '-o', 'a'], /\ba\b/);
  });

  test.skipIf(!CAN_BE_NOBODY)('no right to write', () => {
    refused(['analyze', CLEAN, '-o', 'out.txt'], /^out\.txt can't be written: permission denied; /, { uid: NOBODY });
    refused(['analyze', CLEAN, '--db', 'own.db'], /^own\.db .*permission denied/, { uid: NOBODY });
  });
});

test.skipIf(process.platform !== 'linux')('a file that opens and can not be read', () => {
  refused(['analyze', '/proc/self/mem'], /^\/proc\/self\/mem: the device reported a read error; /);
});

test.skipIf(process.platform === 'win32')('a working directory that is gone', () => {
  mkdirSync(place.path('gone'));
  const script = `cd gone && rmdir "$PWD" && exec "$0" "$@"`;
  const run = runCommand(['sh', '-c', script, process.execPath, ENTRY, '--version'], { cwd: place.path() });
  expectRefused(run, /^the working directory is gone; choose another one$/);
});

describe('--qmp', () => {
  test('missing', () => {
    refused(['analyze', CLEAN, '--qmp', 'none.jsonl'], /^none\.jsonl: no such file; check the path$/);
  });

  test('no JSON', () => {
    writeFileSync(place.path('a.jsonl'), 'nothing\nat all\n');
    refused(['analyze', CLEAN, '--qmp', 'a.jsonl'], /^a\.jsonl: no line of it is JSON; --qmp wants /);
  });

  test('no JSON, and blank lines between', () => {
    writeFileSync(place.path('a.jsonl'), 'nothing\n\n  \nat all\n');
    refused(['analyze', CLEAN, '--qmp', 'a.jsonl'], /^a\.jsonl: no line of it is JSON; --qmp wants /);
  });

  test.each(['', '\n \n'])('empty: %j', (text) => {
    writeFileSync(place.path('a.jsonl'), text);
    refused(['analyze', CLEAN, '--qmp', 'a.jsonl'], /^a\.jsonl is empty; --qmp wants /);
  });

  test('a directory', () => {
    mkdirSync(place.path('folder'));
    refused(['analyze', CLEAN, '--qmp', 'folder'], /^folder: is a directory/);
  });
});

/** Only root may mount; elsewhere these tests are skipped. */
const CAN_MOUNT = ((): boolean => {
  if (process.getuid?.() !== 0 || process.platform !== 'linux') return false;
  try {
    execFileSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'none', '/mnt'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();

describe('a full disk', () => {
  const FULL = /the disk is full; /;

  describe.skipIf(!CAN_MOUNT)('of 8 KiB (mount)', () => {
    const onSmallDisk = (args: readonly string[], test: (run: ReturnType<typeof place.run>, left: string) => void) => {
      mkdirSync(place.path('disk'));
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8k,mode=755', 'none', place.path('disk')]);
      try {
        const run = place.run(args);
        test(run, place.names().join(' '));
      } finally {
        execFileSync('umount', [place.path('disk')]);
      }
    };

    test('-o', () => {
      onSmallDisk(['analyze', CLEAN, '--no-db', '--no-html', '--format', 'json', '-o', 'disk/out'], (run, left) => {
        expectRefused(run, FULL);
        expect(left).toBe('disk');
      });
    });

    test('--db', () => {
      onSmallDisk(['analyze', CLEAN, '--db', 'disk/own.db'], (run, left) => {
        expectRefused(run, FULL);
        expect(left).toBe('disk');
      });
    });

    test('the default folder: one line, and the verdict', () => {
      symlinkSync('disk', place.path('reports'));
      onSmallDisk(['analyze', CLEAN], (run, left) => {
        expect(run.code).toBe(0);
        expect(run.stdout).toMatch(/^qtrace: no violation found/);
        expect(run.stderr).toMatch(/^qtrace: no HTML and no database: [^\n]*the disk is full[^\n]*\n$/);
        expect(left).toBe('disk reports');
      });
    });

    test('a folder that the user named', () => {
      onSmallDisk(['analyze', CLEAN, '--out-dir', 'disk'], (run, left) => {
        expectRefused(run, FULL);
        expect(left).toBe('disk');
      });
    });
  });

  test
    .skipIf(process.platform !== 'linux')
    .each([
      ['analyze', '--no-db', '--no-html', CLEAN],
      ['analyze', '--no-db', '--no-html', '--format', 'json', CLEAN],
      ['replay', CLEAN],
      ['rules'],
      ['events'],
      ['--version'],
      ['--help'],
    ])('standard output on /dev/full: %s %s %s', (...args) => {
    const run = place.run(args, { stdout: '/dev/full' });
    expectRefused(run, FULL);
    expect(place.names()).toEqual([]);
  });
});
