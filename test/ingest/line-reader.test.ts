import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ByteSource } from '../../src/ingest/byte-source.ts';
import { LineReader } from '../../src/ingest/line-reader.ts';
import { bytesOf, type Content, inFolder } from './support.ts';

const CHUNK = 256 * 1024;
const CAPACITY = 1024 * 1024;

interface Line {
  readonly text: string;
  readonly overlong: boolean;
  readonly terminated: boolean;
}

async function readLines(content: Content): Promise<readonly Line[]> {
  return inFolder({ log: content }, async (path) => {
    const source = await ByteSource.open(path('log'), false);
    try {
      return await drain(new LineReader(source));
    } finally {
      source.close();
    }
  });
}

async function drain(reader: LineReader): Promise<readonly Line[]> {
  const lines: Line[] = [];
  while (await reader.advance()) {
    const { start, end, overlong, terminated } = reader;
    lines.push({ text: reader.buffer.toString('latin1', start, end), overlong, terminated });
    expect(reader.line).toBe(lines.length);
  }
  expect(await reader.advance()).toBe(false);
  return lines;
}

const texts = async (content: Content) => (await readLines(content)).map(({ text }) => text);

/** A line that tells its own place and length. */
function lineOf(length: number, index: number): string {
  return `${index}:${length};`.padEnd(length, String.fromCharCode(97 + (index % 26))).slice(0, length);
}

test.each([
  ['nothing', '', []],
  ['a line', 'a\n', ['a']],
  ['no final line end', 'a\nb', ['a', 'b']],
  ['empty lines', '\n\na\n\n', ['', '', 'a', '']],
  ['carriage returns are the caller’s', 'a\r\nb\r\n', ['a\r', 'b\r']],
  ['NUL and other bytes', 'a\0\0b\n\x01\n', ['a\0\0b', '\x01']],
])('%s', async (_, content, lines) => {
  expect(await texts(content)).toEqual(lines);
});

test('only a last line without its end is unterminated', async () => {
  expect((await readLines('a\nb')).map(({ terminated }) => terminated)).toEqual([true, false]);
  expect((await readLines('a\nb\n')).map(({ terminated }) => terminated)).toEqual([true, true]);
});

describe('borders of chunks and of the buffer', () => {
  test.each(
    [CHUNK, 2 * CHUNK, CAPACITY].flatMap((border) => [-2, -1, 0, 1, 2].map((step) => [border, step] as const)),
  )('a line end at %i%i', async (border, step) => {
    const before = Array.from({ length: Math.floor(border / 1000) }, (_, index) => lineOf(999, index));
    const rest = border + step - before.length * 1000;
    const lines = [...before, lineOf(Math.max(0, rest - 1), 7), 'behind', ''];
    expect(await texts(lines)).toEqual(lines);
  });

  test('property: any lengths, those around the borders above all', async () => {
    const length = fc.oneof(
      { weight: 8, arbitrary: fc.nat({ max: 200 }) },
      { weight: 4, arbitrary: fc.integer({ min: CHUNK - 3, max: CHUNK + 3 }) },
      { weight: 2, arbitrary: fc.nat({ max: CAPACITY - 1 }) },
      { weight: 1, arbitrary: fc.integer({ min: CAPACITY - 5, max: CAPACITY - 1 }) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(length, { maxLength: 12 }), fc.boolean(), async (lengths, terminated) => {
        const lines = lengths.map(lineOf);
        const content = lines.map((line) => `${line}\n`).join('') + (terminated ? '' : 'end');
        const read = await readLines(content);
        expect(read.map(({ text }) => text)).toEqual(terminated ? lines : [...lines, 'end']);
        expect(read.some(({ overlong }) => overlong)).toBe(false);
      }),
      { numRuns: 60 },
    );
  });
});

describe('lines longer than the buffer', () => {
  test.each([CAPACITY + 1, CAPACITY + CHUNK, 1.5 * CAPACITY, 10_000_000])('%i bytes', async (length) => {
    const long = lineOf(length, 3);
    const read = await readLines(['before', long, 'behind', '', 'last']);
    expect(read.map(({ overlong }) => overlong)).toEqual([false, true, false, false, false]);
    expect(read.map(({ text }) => text.slice(0, 9))).toEqual(['before', long.slice(0, 9), 'behind', '', 'last']);
    expect(long.startsWith(read[1]?.text ?? '?')).toBe(true);
  });

  test('two in a row, the second without its end', async () => {
    const read = await readLines(`${'a'.repeat(3_000_000)}\n${'b'.repeat(2_000_000)}`);
    expect(read.map(({ text, overlong, terminated }) => [text[0], overlong, terminated])).toEqual([
      ['a', true, true],
      ['b', true, false],
    ]);
  });
});

// A pipe hands out what its writer wrote, which may be a few bytes at a time.
test('a source that gives one byte at a time', async () => {
  const bytes = bytesOf(['x'.repeat(50_000), 'y']);
  let at = 0;
  const trickle: Pick<ByteSource, 'readInto'> = {
    readInto: (target, offset) => bytes.copy(target, offset, at, ++at),
  };
  const read = await drain(new LineReader(trickle as ByteSource));
  expect(read.map(({ text }) => text.length)).toEqual([50_000, 1]);
});
