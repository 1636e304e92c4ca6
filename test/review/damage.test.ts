/** What a mailer does to a patch is undone: the patch comes back as it was. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readSeries } from '../../src/review/read-series.ts';
import { anyPatch, bodyOf, contentOf, diffOf, type FileSpec, fold, mailOf, quote, statesOf } from './patches.ts';

const RUNS = { numRuns: 40 };

/** The damaged mail says the same as the clean diff. */
async function comesBack(files: readonly FileSpec[], mail: string | Uint8Array): Promise<void> {
  const [clean, mended] = [await readSeries(diffOf(files)), await readSeries(mail)];
  expect(contentOf(mended)).toEqual(contentOf(clean));
  expect(statesOf(mended)).not.toContain('unresolved');
}

function property(damage: (files: readonly FileSpec[]) => string | Uint8Array): Promise<void> {
  return fc.assert(
    fc.asyncProperty(anyPatch, (files) => comesBack(files, damage(files))),
    RUNS,
  );
}

function encodeQuotedPrintable(text: string): string {
  const escaped = [...Buffer.from(text)]
    .map((byte) =>
      byte === 10 || (byte > 32 && byte < 127 && byte !== 61) || byte === 32
        ? String.fromCharCode(byte)
        : `=${byte.toString(16).toUpperCase().padStart(2, '0')}`,
    )
    .join('')
    .replace(/ $/gm, '=20');
  return escaped
    .split('\n')
    .map((line) => line.replace(/(.{1,70}(?<!=.?))(?=.)/g, '$1=\n'))
    .join('\n');
}

describe('a patch comes back equal', () => {
  test('as it is: every hunk clean', () =>
    fc.assert(
      fc.asyncProperty(anyPatch, async (files) => {
        const series = await readSeries(mailOf(bodyOf(files)));
        await comesBack(files, mailOf(bodyOf(files)));
        expect(new Set(statesOf(series))).toEqual(new Set(['clean']));
        expect(series.comments).toEqual([]);
        expect(series.problems).toEqual([]);
      }),
      RUNS,
    ));

  test('with CRLF', () => property((files) => mailOf(bodyOf(files)).replaceAll('\n', '\r\n')));

  test('without the blanks at line ends', () =>
    property((files) => mailOf(bodyOf(files).map((line) => line.trimEnd()))));

  test.each(['> ', '>', '> > ', '>> ', '>>> '])('quoted by "%s"', (marks) =>
    property((files) => mailOf(quote(bodyOf(files), marks))));

  test.each([72, 76, 80])('folded at %i, the blanks kept', (width) =>
    property((files) => mailOf(fold(bodyOf(files), width, true))));

  test.each([72, 76])('folded at %i, the blanks lost', (width) =>
    property((files) => mailOf(fold(bodyOf(files), width, false))));

  test('indented as a whole', () =>
    property((files) =>
      bodyOf(files)
        .map((line) => `    ${line}`)
        .join('\n'),
    ));

  test('in quoted-printable', () =>
    property((files) =>
      mailOf(
        [encodeQuotedPrintable(bodyOf(files).join('\n'))],
        ['MIME-Version: 1.0', 'Content-Type: text/plain; charset=utf-8', 'Content-Transfer-Encoding: quoted-printable'],
      ),
    ));

  test('in base64', () =>
    property((files) =>
      mailOf(
        [
          Buffer.from(`${bodyOf(files).join('\n')}\n`)
            .toString('base64')
            .replace(/.{76}/g, '$&\n'),
        ],
        ['MIME-Version: 1.0', 'Content-Type: text/plain', 'Content-Transfer-Encoding: base64'],
      ),
    ));

  test('in format=flowed', () =>
    property((files) =>
      mailOf(
        fold(
          bodyOf(files).map((line) => (/^(?: |From )/.test(line) ? ` ${line}` : line)),
          74,
          true,
        ),
        ['MIME-Version: 1.0', 'Content-Type: text/plain; charset=utf-8; format=flowed'],
      ),
    ));

  test('attached', () =>
    property((files) =>
      mailOf(
        [
          '--X',
          'Content-Type: text/plain',
          '',
          'See the patch.',
          '--X',
          'Content-Type: text/x-patch; name=a.patch',
          'Content-Disposition: attachment; filename=a.patch',
          '',
          ...bodyOf(files),
          '--X--',
        ],
        ['MIME-Version: 1.0', 'Content-Type: multipart/mixed; boundary=X'],
      ),
    ));

  test('one blank more before every line of context', () =>
    property((files) => {
      const stat = ` ${files.length} files changed, 1 insertion(+)`;
      const lines = bodyOf(files).map((line) => (line.startsWith(' ') ? ` ${line}` : line));
      return mailOf(lines.flatMap((line) => (line === '---' ? ['---', ` ${stat}`] : [line])));
    }));
});

const PROSE = ['This is wrong, the lock is not held here.', 'Why not 3?', 'I would rather see a helper for it.'];

describe('with words in between', () => {
  const place = fc.array(fc.nat({ max: 200 }), { minLength: 1, maxLength: 4 });

  /** Behind lines of hunks only; the places are unique and sorted. */
  function insert(body: readonly string[], places: readonly number[], words: (at: number) => readonly string[]) {
    const first = body.findIndex((line) => line.startsWith('@@')) + 1;
    const last = body.indexOf('-- ');
    const at = new Set(places.map((one) => first + (one % (last - first))));
    return body.flatMap((line, index) =>
      at.has(index) && !/^(?:diff|index|---|\+\+\+) /.test(line) ? [line, ...words(index)] : [line],
    );
  }

  test('quoted: the patch is equal, and every word is a comment of its author', () =>
    fc.assert(
      fc.asyncProperty(anyPatch, place, async (files, places) => {
        const quoted = quote(bodyOf(files), '> ');
        let count = 0;
        const mail = insert(bodyOf(files), places, () => ['\u0000']).flatMap((line) => {
          if (line !== '\u0000') return [line];
          count += 1;
          return [line];
        });
        expect(quoted.length).toBeGreaterThan(0);
        const text = mailOf(
          mail.flatMap((line, index) =>
            line === '\u0000' ? ['', PROSE[index % PROSE.length] ?? '', ''] : quote([line], '> '),
          ),
        ).replace('Subject: ', 'Subject: Re: ');
        await comesBack(files, text);
        const series = await readSeries(text);
        expect(series.comments.map(({ author }) => author)).toEqual(new Array(count).fill('Ada Example'));
        for (const { text: words } of series.comments) expect(PROSE).toContain(words);
      }),
      RUNS,
    ));

  test('without marks: the patch is equal, and nothing that was said is lost', () =>
    fc.assert(
      fc.asyncProperty(anyPatch, place, async (files, places) => {
        const lines = insert(bodyOf(files), places, (at) => [PROSE[at % PROSE.length] ?? '', '']);
        const text = ['On Mon, 2 Mar 2026 10:00:00 +0000, Ada Example wrote:', ...lines].join('\n');
        await comesBack(files, text);
        const series = await readSeries(text);
        const said = series.comments.map(({ text: words }) => words).join('\n');
        for (const line of lines.filter((one) => PROSE.includes(one))) expect(said).toContain(line);
      }),
      RUNS,
    ));
});
