/** Reads small made-up inputs through the same door as the commands: a file of its own in a temporary folder. */
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ByteSource } from '../../src/ingest/byte-source.ts';
import { groupInputs, type InputGroup } from '../../src/ingest/group-inputs.ts';
import type { InputFacts } from '../../src/ingest/item-reader.ts';
import type { ProblemCode } from '../../src/ingest/problems.ts';
import type { TraceItem } from '../../src/ingest/trace-item.ts';
import { TraceStream } from '../../src/ingest/trace-stream.ts';

/** Bytes as they are, text as UTF-8, or lines that each get a line end. */
export type Content = Buffer | string | readonly string[];

export interface Reading {
  readonly items: readonly TraceItem[];
  readonly facts: InputFacts;
  /** How often each problem was counted. */
  readonly problems: Readonly<Partial<Record<ProblemCode, number>>>;
}

/** Runs `work` in a folder that holds these files, and removes it. */
export async function inFolder<T>(
  files: Readonly<Record<string, Content>>,
  work: (path: (name: string) => string) => T | Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'qtrace-ingest-'));
  try {
    for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), bytesOf(content));
    return await work((name) => join(folder, name));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export function bytesOf(content: Content): Buffer {
  if (Buffer.isBuffer(content)) return content;
  return Buffer.from(typeof content === 'string' ? content : content.map((line) => `${line}\n`).join(''));
}

/** Reads one input; `thread` is what the name of a thread's own log would tell. */
export function readItems(content: Content, thread?: number): Promise<Reading> {
  return inFolder({ 'src.log': content }, (path) => readPath(path('src.log'), thread));
}

export async function readPath(path: string, thread?: number): Promise<Reading> {
  const { items, facts } = await readGroup([{ path, thread }]);
  const [own] = facts;
  if (own === undefined) throw new Error('no facts');
  return { items, facts: own, problems: countsOf(own) };
}

export async function readGroup(group: InputGroup) {
  const stream = await TraceStream.open({ group, firstInput: 0, fullDigest: false });
  const items: TraceItem[] = [];
  await stream.read(
    (item) => items.push(keptItem(item)),
    () => undefined,
  );
  return { items, facts: stream.readers.map((reader) => reader.facts()) };
}

/** Items of mutex and unknown events are filled anew by each line, and texts are made when asked for. */
export function keptItem(item: TraceItem): TraceItem {
  const { timeNs, thread, process } = item;
  const { input, line, text } = item.place;
  const place = { input, line, text };
  switch (item.kind) {
    case 'lock': {
      const { kind, operation, name, mutex, file, site } = item;
      return { kind, operation, name, mutex, file, site, place, timeNs, thread, process };
    }
    case 'other-event':
      return { kind: item.kind, name: item.name, place, timeNs, thread, process };
    default:
      return { ...item, place };
  }
}

export function countsOf({ problems }: InputFacts): Readonly<Partial<Record<ProblemCode, number>>> {
  return Object.fromEntries(problems.map(({ code, count }) => [code, count]));
}

/** Groups of the files by name, as `1:LOG.1 2:LOG.2`, the thread first. */
export function groupNames(paths: readonly string[]): readonly string[] {
  return groupInputs(paths).map((group) =>
    group.map(({ path, thread }) => `${thread ?? '-'}:${path.split('/').at(-1)}`).join(' '),
  );
}

/** What an item is, in one word: its event, or its kind. */
export function labelOf(item: TraceItem): string {
  switch (item.kind) {
    case 'event':
      return item.event.name;
    case 'lock':
    case 'other-event':
      return item.name;
    case 'damage':
      return `damage ${item.code}`;
    default:
      return item.kind;
  }
}

export async function readAll(source: ByteSource): Promise<Buffer> {
  const parts: Buffer[] = [];
  try {
    for (;;) {
      const part = Buffer.alloc(100_000);
      const count = await source.readInto(part, 0);
      if (count === 0) return Buffer.concat(parts);
      parts.push(part.subarray(0, count));
    }
  } finally {
    source.close();
  }
}

/** The logs among the fixtures: what to call each, and its path. */
export function fixtureLogs(): readonly (readonly [string, string])[] {
  const folder = join(import.meta.dirname, '..', '..', 'fixtures', 'traces');
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.log(?:\.\d+)?$/.test(name) && statSync(join(folder, name)).isFile())
    .sort()
    .map((name) => [name, join(folder, name)]);
}
