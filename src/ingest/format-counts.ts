/** How many events each form has. */
export class FormatCounts {
  readonly #counts = new Map<string, { count: number }>();
  #last = '';
  #ofLast = { count: 0 };

  add(format: string, events = 1): void {
    if (format !== this.#last) {
      this.#last = format;
      this.#ofLast = this.#counts.get(format) ?? { count: 0 };
      this.#counts.set(format, this.#ofLast);
    }
    this.#ofLast.count += events;
  }

  /** The first of those that have the most. */
  get most(): string | undefined {
    let most: string | undefined;
    let highest = 0;
    for (const [id, { count }] of this.#counts) {
      if (count <= highest) continue;
      highest = count;
      most = id;
    }
    return most;
  }
}
