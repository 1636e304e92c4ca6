/**
 * How much of the report a page shows. A page that grows too large is made
 * again with less room: first what is told twice goes, then charts and long
 * tables, last of all findings and their proof.
 */
export interface Room {
  /** Violated duties told in full. */
  readonly violations: number;
  /** Of one duty. */
  readonly findings: number;
  /** Lines that prove one finding. */
  readonly evidence: number;
  /** Lines shown before and behind each of these. */
  readonly context: number;
  /** Characters of a raw line. */
  readonly raw: number;
  /** Characters of a sentence. */
  readonly prose: number;
  readonly undecided: number;
  /** Duties that hold or do not apply, with their reasons. */
  readonly settled: number;
  /** Migrations shown in full. */
  readonly migrations: number;
  readonly states: number;
  readonly phases: number;
  readonly rounds: number;
  readonly steps: number;
  readonly devices: number;
  readonly messages: number;
  /** Characters of all charts together; one that is too large is left out, and a smaller one behind it shown. */
  readonly charts: number;
  /** Rows of the table behind a chart. */
  readonly chartRows: number;
  readonly inputs: number;
  readonly problems: number;
  /** Past bugs of QEMU told beside a finding. */
  readonly bugs: number;
}

export const FULL_ROOM: Room = {
  ...{ violations: 60, findings: 20, evidence: 20, context: 3, raw: 2000, prose: 1000 },
  ...{ undecided: 300, settled: 500, migrations: 20, states: 60, phases: 40, rounds: 100, steps: 40, devices: 100 },
  ...{ messages: 20, charts: 400_000, chartRows: 100, inputs: 100, problems: 30, bugs: 3 },
};

const MAIL_ROOM: Room = {
  ...{ violations: 20, findings: 3, evidence: 6, context: 2, raw: 300, prose: 400 },
  ...{ undecided: 40, settled: 0, migrations: 4, states: 20, phases: 10, rounds: 16, steps: 10, devices: 6 },
  ...{ messages: 5, charts: 16_000, chartRows: 4, inputs: 8, problems: 8, bugs: 1 },
};

/** Each step keeps what the one before it left. */
function ladder(first: Room, steps: readonly Partial<Room>[]): readonly Room[] {
  const rooms = [first];
  for (const step of steps) rooms.push({ ...(rooms.at(-1) ?? first), ...step });
  return rooms;
}

const MAIL_ROOMS = ladder(MAIL_ROOM, [
  { phases: 0, devices: 4 },
  { charts: 12_000 },
  { rounds: 8, context: 1, chartRows: 3 },
  { charts: 9_000 },
  // A picture and its sentence tell more than three rows of its numbers.
  { chartRows: 0 },
  { messages: 2, devices: 2 },
  { charts: 6_000 },
  { charts: 4_000, chartRows: 3 },
  { charts: 0, bugs: 0 },
  { rounds: 4, devices: 0, states: 10, migrations: 2 },
  { context: 0, findings: 2, evidence: 4, undecided: 20, steps: 4 },
  { violations: 10, findings: 1, raw: 200, rounds: 0, migrations: 1, inputs: 4, problems: 3 },
  { violations: 5, evidence: 2, raw: 120, prose: 200, undecided: 8, steps: 0, messages: 0, states: 4 },
  { violations: 3, evidence: 1, raw: 60, prose: 80, undecided: 2, inputs: 1, problems: 1, migrations: 0 },
  { raw: 40, prose: 40, undecided: 0, problems: 0, violations: 2 },
]);

const FULL_ROOMS = [
  ...ladder(FULL_ROOM, [
    { findings: 5, evidence: 12, raw: 1000, migrations: 10, charts: 200_000 },
    { findings: 3, evidence: 6, raw: 500, migrations: 6, charts: 100_000, devices: 20, settled: 100, undecided: 100 },
    { violations: 30, prose: 500, charts: 40_000, chartRows: 24, rounds: 24 },
  ]),
  ...MAIL_ROOMS,
];

/** 40 KB of a list's message, after base64 and beside the mail's own lines. */
const MAIL_BYTES = 28_000;
const FULL_BYTES = 900_000;

/**
 * Makes the page with as much room as its size allows. `leastSize` is what it
 * has in bytes at least: a page that can't fit is not made, for it may have
 * hundreds of megabytes.
 */
export function fitted(mail: boolean, leastSize: (room: Room) => number, make: (room: Room) => string): string {
  const limit = mail ? MAIL_BYTES : FULL_BYTES;
  let page = '';
  for (const room of mail ? MAIL_ROOMS : FULL_ROOMS) {
    if (leastSize(room) > limit) continue;
    page = make(room);
    if (Buffer.byteLength(page) <= limit) return page;
  }
  return page;
}
