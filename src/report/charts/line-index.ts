/**
 * Where the lines of a log stand on the axis of a chart, in bounded memory:
 * some lines exactly, the others between their neighbours.
 */

/** A line, without its text. */
export interface LinePlace {
  readonly input: number;
  readonly line: number;
}

const MAX_ANCHORS = 2048;
/** The same of one among many migrations. */
const BRIEF_ANCHORS = 256;
const MAX_EXACT = 8192;

interface Anchor {
  readonly line: number;
  readonly x: number;
}

class FileIndex {
  #anchors: Anchor[] = [];
  readonly #exact = new Map<number, number>();
  readonly #limit: number;
  /** Where the last line stands; its number is 0 before the first. */
  #lastLine = 0;
  #lastX = 0;
  #stride = 1;
  #skipped = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  note(line: number, x: number): void {
    this.#lastLine = line;
    this.#lastX = x;
    this.#skipped += 1;
    if (this.#skipped < this.#stride) return;
    this.#skipped = 0;
    this.#anchors.push({ line, x });
    if (this.#anchors.length < this.#limit) return;
    this.#anchors = this.#anchors.filter((_, index) => index % 2 === 0);
    this.#stride *= 2;
  }

  keep(line: number, x: number): void {
    this.#exact.set(line, x);
    if (this.#exact.size <= MAX_EXACT) return;
    // The last ones stand nearest to the switchover.
    const [oldest] = this.#exact.keys();
    if (oldest !== undefined) this.#exact.delete(oldest);
  }

  /** undefined before the first and behind the last line that was noted. */
  find(line: number): number | undefined {
    const exact = this.#exact.get(line);
    if (exact !== undefined) return exact;
    const last = { line: this.#lastLine, x: this.#lastX };
    const anchors = this.#lastLine === 0 ? this.#anchors : [...this.#anchors, last];
    const after = anchors.findIndex((anchor) => anchor.line >= line);
    const [from, to] = [anchors[after - 1], anchors[after]];
    if (to === undefined) return undefined;
    if (to.line === line) return to.x;
    if (from === undefined) return undefined;
    return from.x + ((to.x - from.x) * (line - from.line)) / (to.line - from.line);
  }
}

export class LineIndex {
  readonly #files = new Map<number, FileIndex>();
  readonly #limit: number;

  /** `brief`: of one among many migrations. */
  constructor(brief = false) {
    this.#limit = brief ? BRIEF_ANCHORS : MAX_ANCHORS;
  }

  note({ input, line }: LinePlace, x: number): void {
    this.#file(input).note(line, x);
  }

  /** A line whose place must be exact. */
  keep({ input, line }: LinePlace, x: number): void {
    this.#file(input).keep(line, x);
  }

  find(isWanted: (input: number) => boolean, line: number): number | undefined {
    for (const [input, file] of this.#files) {
      if (isWanted(input)) return file.find(line);
    }
    return undefined;
  }

  #file(input: number): FileIndex {
    let file = this.#files.get(input);
    if (file === undefined) {
      file = new FileIndex(this.#limit);
      this.#files.set(input, file);
    }
    return file;
  }
}
