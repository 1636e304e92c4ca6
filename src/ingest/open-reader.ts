/** Opens an input with the reader that its content asks for. */
import { ByteSource } from './byte-source.ts';
import type { Clock } from './clock.ts';
import type { ItemReader } from './item-reader.ts';
import { TraceReader } from './trace-reader.ts';

export interface ReaderOptions {
  /** A file or `-`. */
  readonly path: string;
  /** Index of the input. */
  readonly input: number;
  readonly clock: Clock;
  /** Thread id that the file's name gives to all its lines. */
  readonly thread: number | undefined;
  readonly fullDigest: boolean;
}

/** @throws UserError when the input can't be opened. */
export async function openReader(options: ReaderOptions): Promise<ItemReader> {
  const source = await ByteSource.open(options.path, options.fullDigest);
  return new TraceReader(source, options);
}
