/** How much is shown; a report that is too long is made again with less. */
export interface Amount {
  readonly violations: number;
  readonly findings: number;
  readonly evidence: number;
  /** Characters of a raw line, and of a sentence. */
  readonly raw: number;
  readonly prose: number;
  readonly rows: number;
  readonly migrations: number;
  readonly settled: boolean;
}
