/** One line on standard error that tells how far a long reading has come; nothing when that is no terminal. */
const WAIT_MS = 500;
const EVERY_MS = 100;
const WIDTH = 30;

export class Progress {
  readonly #shown: boolean;
  readonly #start = Date.now();
  #last = 0;
  #drawn = false;

  constructor(quiet: boolean) {
    this.#shown = !quiet && process.stderr.isTTY === true;
  }

  update(bytesRead: number, bytesInAll: number | undefined): void {
    if (!this.#shown) return;
    const now = Date.now();
    if (now - this.#start < WAIT_MS || now - this.#last < EVERY_MS) return;
    this.#last = now;
    this.#drawn = true;
    process.stderr.write(`\r${progressLine(bytesRead, bytesInAll)}\x1b[K`);
  }

  /** Takes the line away again. */
  end(): void {
    if (this.#drawn) process.stderr.write('\r\x1b[K');
    this.#drawn = false;
  }
}

export function progressLine(bytesRead: number, bytesInAll: number | undefined): string {
  const read = `${(bytesRead / 1e6).toFixed(1)} MB`;
  if (bytesInAll === undefined || bytesInAll === 0) return `reading ${read}`;
  const share = Math.min(1, bytesRead / bytesInAll);
  const full = Math.round(share * WIDTH);
  return `reading [${'#'.repeat(full)}${'.'.repeat(WIDTH - full)}] ${Math.floor(share * 100)} % of ${(bytesInAll / 1e6).toFixed(1)} MB`;
}
