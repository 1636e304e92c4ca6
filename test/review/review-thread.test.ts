/** The page of an archive: a patch in a conversation five deep, without a single quote mark. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { readSeries } from '../../src/review/read-series.ts';
import { sharedPath } from '../cli/program.ts';

const PAGE = sharedPath('patches', 'review-thread.txt');
const AVIHAI = 'Avihai Horon';
const PETER = 'Peter Xu';

/** path, additions, deletions, and each hunk's header. */
const FILES = [
  ['include/migration/register.h', 22, 19, ['171,6 171,28', '210,25 232,6']],
  ['migration/savevm.h', 2, 1, ['45,7 45,8']],
  ['hw/s390x/s390-stattrib.c', 7, 2, ['190,12 190,17']],
  ['hw/vfio/migration.c', 5, 1, ['622,12 622,16']],
  ['migration/block-dirty-bitmap.c', 5, 1, ['767,12 767,16']],
  ['migration/migration.c', 5, 2, ['2787,12 2787,15', '3285,7 3288,7', '3336,7 3339,7']],
  ['migration/ram.c', 23, 14, ['3376,10 3376,6', '3442,25 3438,38']],
  ['migration/savevm.c', 21, 6, ['1795,7 1795,8', '1808,7 1809,7', '1817,16 1818,30']],
  ['migration/trace-events', 1, 1, ['7,7 7,7']],
];

const AT_QUERY = ['migration/migration.c', 0, 2797] as const;
const AT_NOTE = ['migration/savevm.c', 2, 1822] as const;
const AT_STORE = ['migration/savevm.c', 2, 1826] as const;

/** Author, place, first words, last words: read from the page, top to bottom. */
const COMMENTS = [
  [PETER, ...AT_QUERY, 'Not needed for postcopy,', 'migration_completion_precopy().'],
  [AVIHAI, ...AT_QUERY, 'While currently not needed', 'not necessary currently.'],
  [PETER, ...AT_QUERY, 'True, then it makes', "when it's\nready."],
  [PETER, ...AT_QUERY, 'A better idea is..', '*/'],
  [AVIHAI, ...AT_QUERY, 'The last dirty sync', 'true here as well?).'],
  [PETER, ...AT_QUERY, 'Yes, I think it should.', 'for a postcopy switchover.'],
  [AVIHAI, ...AT_QUERY, 'Ack.', 'Ack.'],
  [AVIHAI, ...AT_QUERY, '2. It calls', 'without precopy_notify calls.'],
  [PETER, ...AT_QUERY, 'This is another thing', '}'],
  [AVIHAI, ...AT_QUERY, 'Actually, looking more closely', 'if postcopy is possible")'],
  [AVIHAI, ...AT_QUERY, 'If we need to keep', 'for postcopy for now?'],
  [PETER, ...AT_QUERY, 'IMHO you can add', 'can be on top.'],
  [AVIHAI, ...AT_QUERY, 'Sure, will do.', 'Sure, will do.'],
  [PETER, ...AT_QUERY, "I'll loop both of them", 'final query is\nneeded.'],
  [PETER, ...AT_NOTE, "IMHO this specialty isn't", 'conditionally take it now.'],
  [AVIHAI, ...AT_NOTE, "I didn't want to add", 'unnecessary exact queries.'],
  [PETER, ...AT_NOTE, "If there's any real slow", "doesn't\nmatter."],
  [AVIHAI, ...AT_NOTE, 'Yes, but what I meant', 'final sync for them.'],
  [PETER, ...AT_NOTE, 'query_pending() so far', 'hence (2) only.'],
  [AVIHAI, ...AT_NOTE, 'I am not familiar', 'good enough IMHO).'],
  [PETER, ...AT_NOTE, 'Yes VFIO is fine', '"if (!final)" if possible.'],
  [AVIHAI, ...AT_NOTE, 'Alright, will change that.', 'will change that.'],
  [PETER, ...AT_STORE, '[a]', 'looks all reasonable.'],
];

describe.skipIf(PAGE === undefined)('the review thread', async () => {
  const series = await readSeries(PAGE === undefined ? '' : readFileSync(PAGE));
  const [patch] = series.patches;

  test('is one patch by its author, as the diffstat says', () => {
    expect(series.patches).toHaveLength(1);
    expect(patch?.headers.from).toBe(AVIHAI);
    expect(patch?.diffstat).toEqual({ files: 9, additions: 91, deletions: 47 });
    expect(patch?.message).toMatch(/^Before switchover.*Signed-off-by: Avihai Horon/s);
    const sum = (key: 'additions' | 'deletions'): number => patch?.files.reduce((all, file) => all + file[key], 0) ?? 0;
    expect([patch?.files.length, sum('additions'), sum('deletions')]).toEqual([9, 91, 47]);
  });

  test('each file and hunk has its counts', () => {
    const found = patch?.files.map(({ path, additions, deletions, hunks }) => [
      path,
      additions,
      deletions,
      hunks.map((hunk) => `${hunk.oldStart},${hunk.oldLines} ${hunk.newStart},${hunk.newLines}`),
    ]);
    expect(found).toEqual(FILES);
    for (const { state, lines, oldLines, newLines } of patch?.files.flatMap(({ hunks }) => hunks) ?? []) {
      expect(state).toBe('repaired');
      expect(lines.filter(({ kind }) => kind !== 'added')).toHaveLength(oldLines);
      expect(lines.filter(({ kind }) => kind !== 'deleted')).toHaveLength(newLines);
    }
  });

  test('folded lines are whole again and the context stands where it stood', () => {
    const texts = patch?.files.flatMap(({ hunks }) => hunks.flatMap(({ lines }) => lines.map(({ text }) => text)));
    const ending = (end: string): string | undefined => texts?.find((text) => text.endsWith(end));
    expect(ending('(QEMUFile *f, bool in_postcopy);')).toMatch(/^int qemu_savevm_state_/);
    expect(ending("while iterating.  Don't")).toMatch(/^ {5}\* close/);
    expect(ending('= vbasedev->migration;')).toMatch(/^ {4}VFIO/);
    const event = texts?.find((text) => text.startsWith('qemu_savevm_query_pending(bool exact, bool final'));
    expect(event).toMatch(/uint64_t total\) "exact=%d, final=%d, .*total=%"PRIu64$/);
    const sections = patch?.files.flatMap(({ hunks }) => hunks.map(({ section }) => section));
    expect(sections?.filter((section) => section.endsWith('_run(MigrationState *s)'))).toHaveLength(1);
  });

  test('all comments of both, at their places', () => {
    const found = series.comments.map(({ author, path, hunk, line, text }, at) => {
      const [first = '', last = ''] = COMMENTS[at]?.slice(4).map(String) ?? [];
      return [author, path, hunk, line, text.slice(0, first.length), text.slice(text.length - last.length)];
    });
    expect(found).toEqual(COMMENTS);
  });

  /** What else mailers and editors do to a page before it is read. */
  const DAMAGES: readonly (readonly [string, (text: string) => string])[] = [
    ['with CRLF', (text) => text.replaceAll('\n', '\r\n')],
    ['without blanks at line ends', (text) => text.replace(/ +$/gm, '')],
    ['quoted as a whole', (text) => text.trimEnd().replace(/^/gm, '> ')],
    ['indented as a whole', (text) => text.replace(/^(?=.)/gm, '    ')],
    ['as a mail', (text) => `From: ${AVIHAI} <a@example.org>\nSubject: Re: [PATCH] x\n\n${text}`],
    ['saved as HTML', (text) => `<!DOCTYPE html>\n<pre>${text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')}</pre>`],
  ];

  test.each(DAMAGES)('%s: the same', async (_name, damage) => {
    const damaged = await readSeries(damage(PAGE === undefined ? '' : readFileSync(PAGE, 'utf8')));
    // How many blanks stood where a line was folded is lost with them.
    const words = (text: string): string => text.replace(/\s+/g, ' ');
    const lines = ({ patches }: typeof series): unknown =>
      patches.flatMap(({ files }) =>
        files.map(({ path, hunks }) => [
          path,
          hunks.map((hunk) => [words(hunk.section), hunk.lines.map((line) => [line.kind, words(line.text)])]),
        ]),
      );
    const said = ({ comments }: typeof series): unknown =>
      comments.map(({ author, path, line, text }) => [author, path, line, words(text)]);
    expect(lines(damaged)).toEqual(lines(series));
    expect(said(damaged)).toEqual(said(series));
  });
});
