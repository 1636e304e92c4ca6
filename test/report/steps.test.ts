/** The steps of a run: alike in all versions, bounded for a run of any length. */
import { describe, expect, test } from 'vitest';
import type { MigrationReport, StepReport } from '../../src/report/report.ts';
import { emulate } from '../emulator/emulated.ts';
import { reportOn } from '../rules/support.ts';

async function migrationOf(lines: readonly string[]): Promise<MigrationReport> {
  const { migrations } = await reportOn({ 'src.log': lines });
  const [migration] = migrations;
  if (migration === undefined) throw new Error('no migration');
  return migration;
}

const at = (name: string, rows: readonly StepReport[]): StepReport | undefined => rows.find((row) => row.name === name);

const names = ({ steps }: MigrationReport): readonly string[] => steps.rows.map(({ name }) => name);

describe('a precopy run', () => {
  test('of 11.1', async () => {
    const migration = await migrationOf(emulate('precopy').lines);
    expect(names(migration)).toEqual([
      ...['state setup', 'sync', 'state active', 'iterations', 'decision', 'downtime begins', 'guest stops'],
      ...['guest has stopped', 'state device', 'final query', 'precopy complete', 'RAM saving begins'],
      ...['RAM saving ends', 'iterable devices saved', 'other devices saved', 'downtime ends', 'state completed'],
    ]);
    const { rows } = migration.steps;
    expect(at('iterations', rows)).toMatchObject({
      section: 'iterate',
      event: 'qemu_savevm_query_pending',
      count: migration.iterations,
      queries: { estimate: migration.queries.estimate, exact: migration.queries.exact, unspecified: 0 },
      facts: { 'estimate queries': 'without a sync', 'exact queries': 'with a sync of their own' },
    });
    expect(at('decision', rows)?.facts).toEqual({ 'rests on': 'an exact query' });
    expect(at('final query', rows)).toMatchObject({
      section: 'switchover',
      totalBytes: migration.finalTotalBytes,
      facts: { sync: 'with a sync of its own', 'made as': 'exact' },
    });
  });

  test('of 10.0 syncs by itself where 11.1 makes its final query', async () => {
    const { steps } = await migrationOf(emulate('precopy', { version: '10.0' }).lines);
    const sync = steps.rows.findLast(({ name }) => name === 'sync');
    expect(sync).toMatchObject({ section: 'switchover', event: 'migration_bitmap_sync_start' });
    expect(at('final query', steps.rows)).toBeUndefined();
    expect(at('iterations', steps.rows)?.event).toMatch(/^migrate_pending_(?:estimate|exact)$/);
  });

  test('of 7.2 has iterations, too, though its queries have no kinds', async () => {
    const migration = await migrationOf(emulate('precopy', { version: '7.2' }).lines);
    expect(at('iterations', migration.steps.rows)).toMatchObject({
      event: 'migrate_pending',
      count: migration.iterations,
      queries: { estimate: 0, exact: 0, unspecified: migration.queries.unspecified },
    });
  });

  test('names the same steps with any seed', async () => {
    const some = await Promise.all(
      [1, 2, 3].map(async (seed) => names(await migrationOf(emulate('precopy', { seed }).lines))),
    );
    expect(some[1]).toEqual(some[0]);
    expect(some[2]).toEqual(some[0]);
  });
});

test('the rows hold every query, sync and state', async () => {
  const { lines } = emulate('postcopy');
  const { steps, states } = await migrationOf(lines);
  const inRows = (line: number): boolean => steps.rows.some((row) => row.lines[0] <= line && line <= row.lines[1]);
  const wanted = lines.flatMap((line, index) =>
    /query_pending|bitmap_sync_|migrate_set_state/.test(line) ? [index + 1] : [],
  );
  expect(wanted.length).toBeGreaterThan(20);
  expect(wanted.filter((line) => !inRows(line))).toEqual([]);
  expect(states.length).toBe(steps.rows.filter(({ name }) => name.startsWith('state ')).length);
});

describe('how the final query was made', () => {
  const facts = async (request: Parameters<typeof emulate>[1]) =>
    at('final query', (await migrationOf(emulate('precopy', request).lines)).steps.rows)?.facts;

  test('the BQL and the stage, where events show them', async () => {
    expect(await facts({ events: ['probe', 'bql'] })).toMatchObject({ BQL: 'held', last_stage: '1' });
    expect(await facts({ events: ['probe', 'bql'], faults: ['no-bql'] })).toMatchObject({ BQL: 'not held' });
    expect(await facts({ events: ['probe'], faults: ['last-stage-false'] })).toMatchObject({ last_stage: '0' });
    expect(await facts({})).not.toHaveProperty('BQL');
  });

  test('its sync and its kind', async () => {
    expect(await facts({ faults: ['precopy-no-sync'] })).toMatchObject({ sync: 'without a sync' });
    expect(await facts({ faults: ['final-estimate'] })).toMatchObject({ 'made as': 'estimate' });
  });
});

test('equal checkpoints of COLO are one', async () => {
  const few = await migrationOf(emulate('colo', { set: ['checkpoints=3'] }).lines);
  const many = await migrationOf(emulate('colo', { set: ['checkpoints=30'] }).lines);
  expect(new Set(names(many))).toEqual(new Set(names(few)));
  expect(many.steps.rows.length).toBeLessThan(few.steps.rows.length + 10);
  const finals = many.steps.rows.filter(({ name, section }) => name === 'final query' && section === 'checkpoint');
  expect(finals.reduce((sum, { count }) => sum + count, 0)).toBe(many.queries.final - 1);
});

describe('a run of any length', () => {
  const head = emulate('precopy').lines.slice(0, 9);
  const query = (exact: number, total: number): string =>
    `2026-11-23T01:00:10.000000Z qemu_savevm_query_pending exact=${exact}, final=0, precopy=${total}, stopcopy=0, postcopy=0, total=${total}, collected switchover ack pending=0, total switchover ack pending=0`;
  const sync = [
    '2026-11-23T01:00:10.000000Z migration_bitmap_sync_start ',
    '2026-11-23T01:00:10.000000Z migration_bitmap_sync_end dirty_pages 1',
  ];

  test('rounds that are made alike are one row', async () => {
    const spin = Array.from({ length: 20_000 }, (_, at) => [query(0, at * 4096), ...sync, query(1, at * 4096)]).flat();
    const { steps } = await migrationOf([...head, ...spin]);
    expect(steps.omitted).toBe(0);
    expect(at('iterations', steps.rows)).toMatchObject({ count: 20_000, queries: { estimate: 20_000, exact: 20_000 } });
  });

  test('of rounds that go on changing the first and the last rows are kept', async () => {
    const spin = Array.from({ length: 600 }, (_, at) => [
      query(0, 4096),
      ...(at % 2 === 0 ? sync : []),
      query(1, 4096),
    ]).flat();
    const { steps } = await migrationOf([...head, ...spin]);
    expect(steps.rows.length).toBe(200);
    expect(steps.omittedAfter).toBe(120);
    expect(steps.omitted).toBeGreaterThan(300);
    expect(steps.rows.at(-1)?.lines[1]).toBe(head.length + spin.length);
    const shown = steps.rows.reduce((sum, { queries }) => sum + (queries?.exact ?? 0), 0);
    expect(shown).toBe(600 - steps.omitted);
  });
});
