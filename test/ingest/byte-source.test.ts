/**
 * Packed inputs are made by node:zlib; zstd's by `zstd` and committed, as
 * Node 20 can't write them: fixtures/ingest/README.md says how.
 */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { constants, gunzipSync, gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, test } from 'vitest';
import { UserError } from '../../src/base/errors.ts';
import { ByteSource } from '../../src/ingest/byte-source.ts';
import { groupInputs } from '../../src/ingest/group-inputs.ts';
import { bytesOf, type Content, inFolder, labelOf, readAll, readItems, readPath } from './support.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PACKED = `${ROOT}fixtures/ingest`;

/** What packs to more than a chunk: numbers of no pattern. */
const lines = (count: number): readonly string[] => {
  let seed = 1;
  return Array.from({ length: count }, () => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
    return `migration_bitmap_sync_end dirty_pages ${seed}`;
  });
};

async function unpack(content: Content): Promise<{ bytes: Buffer; packing: string; damaged: boolean; read: number }> {
  return inFolder({ log: content }, async (path) => {
    const source = await ByteSource.open(path('log'), false);
    const bytes = await readAll(source);
    return { bytes, packing: source.packing, damaged: source.damaged, read: source.bytesRead };
  });
}

describe('plain', () => {
  test.each([
    ['nothing', ''],
    ['one byte', 'x'],
    ['what begins like gzip', '\x1f'],
    ['more than a chunk', bytesOf(lines(20_000))],
  ])('%s', async (_, content) => {
    const given = bytesOf(content);
    const { bytes, ...rest } = await unpack(given);
    expect(bytes.equals(given)).toBe(true);
    expect(rest).toEqual({ packing: 'plain', damaged: false, read: given.length });
  });
});

describe('gzip', () => {
  const plain = bytesOf(lines(100_000));
  const packed = gzipSync(plain);

  test('larger than a chunk, packed and unpacked', async () => {
    expect(packed.length).toBeGreaterThan(256 * 1024);
    const { bytes, ...rest } = await unpack(packed);
    expect(bytes.equals(plain)).toBe(true);
    expect(rest).toEqual({ packing: 'gzip', damaged: false, read: packed.length });
  });

  test('of several members', async () => {
    const members = Buffer.concat(['a\n', '', 'b\nc\n'].map((text) => gzipSync(text)));
    expect(await unpack(members)).toMatchObject({ bytes: Buffer.from('a\nb\nc\n'), damaged: false });
  });

  test('an empty one', async () => {
    expect(await unpack(gzipSync(''))).toMatchObject({ bytes: Buffer.alloc(0), damaged: false });
  });

  test.each([0.3, 0.6, 0.99])('cut off at %d: all that can be unpacked is read', async (part) => {
    const cut = packed.subarray(0, packed.length * part);
    const { bytes, damaged, read } = await unpack(cut);
    expect({ damaged, read }).toEqual({ damaged: true, read: cut.length });
    expect(bytes.equals(gunzipSync(cut, { finishFlush: constants.Z_SYNC_FLUSH }))).toBe(true);
  });

  test('damaged at its beginning: size and digest are still those of the file', async () => {
    const file = Buffer.concat([gzipSync('').subarray(0, 10), Buffer.alloc(3_000_000, 0xff)]);
    const { facts, problems } = await readItems(file);
    expect(problems).toEqual({ 'truncated-compression': 1 });
    expect([facts.bytes, facts.digest.hex]).toEqual([file.length, createHash('sha256').update(file).digest('hex')]);
  });

  test('text behind the last member is not dropped in silence', async () => {
    const { items, problems } = await readItems(
      Buffer.concat([gzipSync('migration_cleanup \n'), Buffer.from('migration_cancel \n')]),
    );
    if (items.length < 2) expect(problems).toHaveProperty('truncated-compression', 1);
  });

  test('a reader says so, at the line where it ends, and has what came before', async () => {
    const { items, facts } = await readItems(gzipSync('migration_cleanup \nmigration_cancel \n').subarray(0, -9));
    expect(items.map(labelOf)).toEqual(['migration_cleanup', 'migration_cancel', 'damage truncated-compression']);
    expect(facts).toMatchObject({ lines: 2, events: 2, format: 'qemu-log-bare+gzip' });
    expect(facts.problems).toEqual([{ code: 'truncated-compression', count: 1, firstLine: 2 }]);
  });
});

describe('zstd', () => {
  const plain = bytesOf(lines(3000));
  const packedFile = (name: string): Buffer => readFileSync(`${PACKED}/${name}`);

  test.each(['lines.zst', 'two-frames.zst', 'streamed-checksum.zst', 'long-window.zst'])('%s', async (name) => {
    const { bytes, packing, damaged } = await unpack(packedFile(name));
    expect({ packing, damaged, right: bytes.equals(plain) }).toEqual({ packing: 'zstd', damaged: false, right: true });
  });

  test.each([0.3, 0.6, 0.99])('cut off at %d: is damaged, and nothing wrong is read', async (part) => {
    const whole = packedFile('lines.zst');
    const { bytes, damaged } = await unpack(whole.subarray(0, whole.length * part));
    expect(damaged).toBe(true);
    expect(plain.subarray(0, bytes.length).equals(bytes)).toBe(true);
  });

  test('cut off in the second frame: the first is read', async () => {
    const { bytes, damaged } = await unpack(packedFile('two-frames.zst').subarray(0, -100));
    expect(damaged).toBe(true);
    expect(bytes.toString().split('\n').length).toBeGreaterThan(1000);
  });

  test('a reader says so', async () => {
    const { problems, facts } = await readItems(packedFile('lines.zst').subarray(0, -5));
    expect([problems['truncated-compression'], facts.format]).toEqual([1, 'qemu-log-bare+zstd']);
  });

  test('text behind the frame is not dropped in silence', async () => {
    const { facts, problems } = await readItems(Buffer.concat([packedFile('lines.zst'), Buffer.from('junk_event \n')]));
    if (facts.lines < 3001) expect(problems).toHaveProperty('truncated-compression', 1);
  });
});

describe('what can’t be read is the user’s to mend', () => {
  async function expectRefused(name: string, words: string): Promise<void> {
    await inFolder({ 'src.log': '' }, async (path) => {
      const opens = [() => ByteSource.open(path(name), false), async () => groupInputs([path('src.log'), path(name)])];
      for (const open of opens) {
        await expect(open()).rejects.toThrow(UserError);
        await expect(open()).rejects.toThrow(`${path(name)}: ${words}`);
      }
    });
  }

  test('a missing file', () => expectRefused('missing.log', 'no such file'));
  test('a file in a missing folder', () => expectRefused('missing/src.log', 'no such file'));
  test('a file in what is no folder', () => expectRefused('src.log/deeper.log', ''));
  test('a name that no file can have', () => expectRefused('x'.repeat(300), ''));

  test('a folder, alone or where a thread’s log should be', async () => {
    await inFolder({ 'LOG.2': '' }, async (path) => {
      mkdirSync(path('LOG.1'));
      for (const open of [
        () => ByteSource.open(path('LOG.1'), false),
        async () => groupInputs([path('LOG.1'), path('LOG.2')]),
      ]) {
        await expect(open()).rejects.toThrow(UserError);
        await expect(open()).rejects.toThrow('is a directory');
      }
    });
  });

  const isRoot = process.getuid?.() === 0;
  test.skipIf(isRoot)(`permission denied${isRoot ? ' (SKIPPED: root may read everything)' : ''}`, async () => {
    await inFolder({ 'src.log': '' }, async (path) => {
      chmodSync(path('src.log'), 0);
      const open = () => ByteSource.open(path('src.log'), false);
      await expect(open()).rejects.toThrow(UserError);
      await expect(open()).rejects.toThrow('permission denied');
    });
  });

  test('a pattern in a missing folder, or one that fits no file', () => {
    expect(() => groupInputs(['/nonexistent/LOG.%d'])).toThrow(UserError);
    expect(() => groupInputs([`${PACKED}/LOG.%d`])).toThrow('no file matches');
  });
});

describe('standard input', () => {
  const COMMAND = `${ROOT}dist/qtrace.js`;
  const ANALYZE = ['analyze', '-', '--format', 'json', '--no-db', '--no-html', '--fail-on', 'never'];
  const run = lines(2).concat('migrate_set_state new state setup', 'migrate_set_state new state active');
  const state = (content: Buffer) => ({
    ...{ name: '-', lines: run.length, events: run.length, bytes: content.length },
    digest: { kind: 'sha256', hex: createHash('sha256').update(content).digest('hex') },
  });

  beforeAll(() => {
    if (!existsSync(COMMAND)) spawnSync(process.execPath, [`${ROOT}src/setup/build.mjs`]);
  });

  /** Runs the command with these pieces written one after the other. */
  async function pipe(pieces: readonly Buffer[], pause: number): Promise<unknown> {
    const child = spawn(process.execPath, [COMMAND, ...ANALYZE], { stdio: ['pipe', 'pipe', 'pipe'] });
    let out = '';
    let errors = '';
    child.stdout.on('data', (data) => {
      out += data;
    });
    child.stderr.on('data', (data) => {
      errors += data;
    });
    const ended = new Promise((resolve) => child.on('close', resolve));
    for (const piece of pieces) {
      child.stdin.write(piece);
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
    child.stdin.end();
    expect([await ended, errors]).toEqual([0, '']);
    return JSON.parse(out).inputs[0];
  }

  test('plain, in pieces that end in the middle of lines', async () => {
    const content = bytesOf(run);
    const pieces = [content.subarray(0, 5), content.subarray(5, 90), content.subarray(90)];
    expect(await pipe(pieces, 30)).toMatchObject({ ...state(content), format: 'qemu-log-bare' });
  });

  test('gzip', async () => {
    const content = gzipSync(bytesOf(run));
    expect(await pipe([content], 0)).toMatchObject({ ...state(content), format: 'qemu-log-bare+gzip' });
  });

  test('gzip, whose first byte comes alone', async () => {
    const content = gzipSync(bytesOf(run));
    const pieces = [content.subarray(0, 1), content.subarray(1)];
    expect(await pipe(pieces, 300)).toMatchObject({ ...state(content), format: 'qemu-log-bare+gzip' });
  });

  test('a folder is refused', () => {
    const { status, stderr } = spawnSync('sh', ['-c', `"$0" "$@" < /`, process.execPath, COMMAND, ...ANALYZE], {
      encoding: 'utf8',
    });
    expect([status, stderr]).toEqual([2, expect.stringContaining('is a directory')]);
  });
});

test('a file that is read by its path has the same facts as its lines', async () => {
  const { facts } = await readPath(`${PACKED}/lines.zst`);
  expect([facts.lines, facts.events, facts.messages]).toEqual([3000, 3000, 0]);
});
