/** Trace lines pasted into mails: found, un-encoded, joined, and placed where they stand in the file. */
import { describe, expect, test } from 'vitest';
import { PLAIN, pasteInto } from './mails.ts';
import { type Content, labelOf, readItems } from './support.ts';

const HEAD = ['From: A <a@example.org>', 'Subject: Re: [PATCH 1/2] migration: final query', 'Date: Tue, 24 Nov 2026'];
const QUERY =
  '2026-11-23T01:04:41.000001Z qemu_savevm_query_pending exact=1, final=1, precopy=4239360, stopcopy=0, postcopy=0, total=4239360, collected switchover ack pending=0, total switchover ack pending=0';
const SYNC = '2026-11-23T01:04:41Z migration_bitmap_sync_start ';
const ACTIVE = '2026-11-23T01:04:40.5Z migrate_set_state new state active';
const STOP = '2026-11-23T01:04:40.600000Z runstate_set current_run_state 9 (running) new_state 7 (finish-migrate)';

const mail = (...body: readonly string[]): readonly string[] => [...HEAD, '', ...body];

/** Every item as `line: what it is`, with the arguments of a query. */
async function read(content: Content) {
  const { items, facts, problems } = await readItems(content);
  const seen = items.map((item) => {
    const shown = item.kind === 'event' && item.group === 'query' ? JSON.stringify(item.event.args) : '';
    return `${item.place.line}: ${labelOf(item)}${shown}`;
  });
  const texts = items.filter(({ kind }) => kind !== 'damage').map(({ place }) => place.text);
  return { seen, texts, facts, problems, items };
}

const QUERY_ARGS = JSON.stringify({ exact: 1, final: 1, precopy: 4239360, stopcopy: 0, postcopy: 0, total: 4239360 });

describe('quoted', () => {
  test.each([
    '',
    '> ',
    '>',
    '>> ',
    '> > > ',
    '>>> > ',
    '| ',
    '> | ',
    'PX> ',
    '    ',
    '\t',
    '>\t',
    '\u00a0\u00a0',
  ])('with %j', async (quote) => {
    const { seen, texts, facts, problems } = await read(mail('I see this:', '', quote + ACTIVE, quote + QUERY));
    expect(seen).toEqual(['7: damage excerpt', '7: migrate_set_state', `8: qemu_savevm_query_pending${QUERY_ARGS}`]);
    expect(texts).toEqual([quote + ACTIVE, quote + QUERY]);
    expect(facts).toMatchObject({ lines: 8, events: 2, messages: 0, format: 'mail:qemu-log-iso' });
    expect(problems).toEqual({ prose: 4, excerpt: 1 });
  });

  test('the older formats', async () => {
    const { seen, facts } = await read(
      mail('> 22680@1795396494.806711:migrate_pending_exact exact pending size 4 (pre = 4', '> post=0)'),
    );
    expect(seen).toEqual(['5: damage excerpt', '5: migrate_pending_exact{"size":4,"pre":4,"post":0}']);
    expect(facts.format).toBe('mail:qemu-log-tid');
  });

  test('every block behind other text begins with a hole; blank lines are none', async () => {
    const { seen, problems } = await read(mail(ACTIVE, '', STOP, '[...]', SYNC, 'And then?', '> ', `> ${QUERY}`));
    expect(seen.map((text) => text.replace(/\{.*/, ''))).toEqual([
      '5: damage excerpt',
      '5: migrate_set_state',
      '7: runstate_set',
      '9: damage excerpt',
      '9: migration_bitmap_sync_start',
      '12: damage excerpt',
      '12: qemu_savevm_query_pending',
    ]);
    expect(problems).toEqual({ prose: 6, excerpt: 3 });
  });

  test('with time stamps and then without', async () => {
    const { seen } = await read(mail(ACTIVE, 'And on the other host:', 'migrate_set_state new state device'));
    expect(seen).toEqual(['5: damage excerpt', '5: migrate_set_state', '7: damage excerpt', '7: migrate_set_state']);
  });
});

describe('wrapped', () => {
  const at = (text: string, ...before: readonly string[]): readonly string[] => {
    const pieces: string[] = [];
    let rest = text;
    for (const mark of before) {
      const cut = rest.indexOf(mark, 1);
      pieces.push(rest.slice(0, cut));
      rest = rest.slice(cut);
    }
    return [...pieces, rest];
  };

  test.each([
    ['at blanks', at(QUERY, 'final=', 'postcopy=').map((piece) => piece.trim())],
    ['at blanks that stay', at(QUERY, 'final=', 'postcopy=')],
    ['behind the time stamp', at(QUERY, 'qemu_').map((piece) => piece.trim())],
    ['before the acks, which another version has not', at(QUERY, ', collected')],
    ['behind the comma before them', at(QUERY, 'collected')],
    ['before the second of them', at(QUERY, 'total switchover').map((piece) => piece.trim())],
    ['in the middle of their names', at(QUERY, 'ted switchover', 'over ack pending=0, tot')],
    ['in their names, at blanks', at(QUERY, 'ack pending=0, total', 'ack pending=0').map((piece) => piece.trim())],
    ['in the event’s name', at(QUERY, '_pending exact')],
    ['in a number', at(QUERY, '39360, stopcopy')],
    ['in the last but one number', at(QUERY, '0, collected')],
    ['before the last number', [QUERY.slice(0, -1), QUERY.slice(-1)]],
    ['five times', at(QUERY, 'exact', 'precopy', 'postcopy', 'collected', 'total switch').map((p) => p.trim())],
  ])('%s', async (_name, pieces) => {
    const { seen, texts, problems, items } = await read(mail('Look:', ...pieces.map((piece) => `> > ${piece}`), 'No.'));
    expect(seen).toEqual(['6: damage excerpt', `6: qemu_savevm_query_pending${QUERY_ARGS}`]);
    expect(items.at(-1)).toMatchObject({
      extra: { 'collected switchover ack pending': '0', 'total switchover ack pending': '0' },
    });
    // What is shown: the first line as it stands, and behind blanks what the mailer broke off.
    expect(texts).toEqual([[`> > ${pieces[0]}`, ...pieces.slice(1).map((piece) => piece.trimStart())].join(' ')]);
    expect(problems).toEqual({ prose: 5, excerpt: 1, 'wrapped-lines': pieces.length - 1 });
  });

  test('a continuation that lost its quote marks', async () => {
    const { seen } = await read(mail(`> > ${QUERY.slice(0, 90)}`, QUERY.slice(90)));
    expect(seen).toEqual(['5: damage excerpt', `5: qemu_savevm_query_pending${QUERY_ARGS}`]);
  });

  test.each([
    ['a state behind a hyphen', '2026-11-23T01:04:40.500000Z migrate_set_state new state postcopy-', 'active'],
    ['a state alone', '2026-11-23T01:04:40.500000Z migrate_set_state new state', 'postcopy-active'],
    ['with its blank', '2026-11-23T01:04:40.500000Z migrate_set_state new state ', 'postcopy-active'],
  ])('%s', async (_name, ...lines) => {
    const { items } = await read(mail(...lines));
    expect(items.at(-1)).toMatchObject({ event: { args: { new_state: 'postcopy-active' } } });
  });

  test.each([
    ['words behind a state', ACTIVE, 'is what I would expect here'],
    ['words behind a number', '2026-11-23T01:04:41.100000Z migration_bitmap_sync_end dirty_pages 7720', 'and k=1'],
    ['words behind an event without arguments', SYNC, 'x=1'],
    ['another event', ACTIVE, SYNC],
    ['a snip mark', ACTIVE, '...'],
  ])('never joined: %s', async (_name, first, second) => {
    const { texts, problems } = await read(mail(first, second));
    expect(texts[0]).toBe(first);
    expect(problems['wrapped-lines']).toBe(undefined);
  });

  test('a number that may go on is not believed', async () => {
    const line = '2026-11-23T01:04:41.100000Z migration_bitmap_sync_end dirty_pages 77';
    expect((await read(mail(ACTIVE, line, '20', SYNC))).problems).toEqual({ 'torn-line': 1, excerpt: 2, prose: 4 });
    expect((await read(mail(ACTIVE, line, 'twenty'))).seen.at(-1)).toBe('6: migration_bitmap_sync_end');
  });

  test('an event whose rest is gone is torn', async () => {
    const { problems, facts } = await read(mail(ACTIVE, QUERY.slice(0, 80), 'Whatever.'));
    expect(problems).toEqual({ 'torn-line': 1, excerpt: 1, prose: 4 });
    expect(facts.events).toBe(1);
  });
});

describe('encoded', () => {
  test('quoted-printable: the line shown is the escaped one', async () => {
    const { seen, texts, problems } = await read([
      ...HEAD,
      'Content-Transfer-Encoding: quoted-printable',
      '',
      'I see =E2=80=9Cthis=E2=80=9D:',
      '> 2026-11-23T01:04:41.000001Z qemu_savevm_query_pending exact=3D1, final=3D1, =',
      'precopy=3D4239360, stopcopy=3D0, postcopy=3D0, total=3D4239360, collected swi=',
      'tchover ack pending=3D0, total switchover ack pending=3D0',
      '> 2026-11-23T01:04:42Z migration_bitmap_sync_start=20',
    ]);
    expect(seen).toEqual([
      '7: damage excerpt',
      `7: qemu_savevm_query_pending${QUERY_ARGS}`,
      '10: migration_bitmap_sync_start',
    ]);
    expect(texts[0]).toBe(`> ${QUERY.replaceAll('=', '=3D')}`);
    expect(problems).toEqual({ prose: 5, excerpt: 1 });
  });

  test('quoted-printable that a reply quotes undecoded', async () => {
    const { seen } = await read(
      mail(
        '> 2026-11-23T01:04:41.000001Z qemu_savevm_query_pending exact=3D1, final=',
        '> =3D1, precopy=3D4239360, stopcopy=3D0, postcopy=3D0, total=3D4239360, coll=',
        '> ected switchover ack pending=3D0, total switchover ack pending=3D0',
      ),
    );
    expect(seen).toEqual(['5: damage excerpt', `5: qemu_savevm_query_pending${QUERY_ARGS}`]);
  });

  test('base64: the lines of the file that hold them, and what they say', async () => {
    const text = Buffer.from(`Hi,\r\n\r\n> ${ACTIVE}\r\n> ${QUERY}\r\n`).toString('base64');
    const lines = text.match(/.{1,76}/g) ?? [];
    const { seen, texts } = await read([...HEAD, 'Content-Transfer-Encoding: BASE64', '', ...lines]);
    expect(seen).toEqual(['6: damage excerpt', '6: migrate_set_state', `7: qemu_savevm_query_pending${QUERY_ARGS}`]);
    expect(texts).toEqual([`> ${ACTIVE}`, `> ${QUERY}`]);
  });

  test('latin1 and UTF-8', async () => {
    const latin = Buffer.from(
      [...HEAD, 'Content-Type: text/plain; charset=iso-8859-1', '', 'Gr\xfc\xdfe', `> ${ACTIVE}`, ''].join('\n'),
      'latin1',
    );
    expect((await read(latin)).seen).toEqual(['7: damage excerpt', '7: migrate_set_state']);
    const { problems } = await read(mail('Grüße', `> ${ACTIVE}`));
    expect(problems).toEqual({ prose: 4, excerpt: 1 });
  });

  test('an attachment, and the HTML that says the same again', async () => {
    const { seen } = await read([
      ...HEAD,
      'Content-Type: multipart/mixed;',
      '  boundary="b"',
      '',
      'This is MIME.',
      '--b',
      'Content-Type: multipart/alternative; boundary=c',
      '',
      '--c',
      'Content-Type: text/plain',
      '',
      'See below',
      '--c',
      'Content-Type: text/html',
      '',
      `<pre>${ACTIVE}</pre>`,
      '--c--',
      '--b',
      'Content-Type: application/octet-stream; name="src.log"',
      'Content-Transfer-Encoding: base64',
      '',
      Buffer.from(`${STOP}\n${SYNC}\n`).toString('base64'),
      '--b',
      'Content-Type: image/png; name=x.png',
      '',
      SYNC,
      '--b--',
      SYNC,
    ]);
    expect(seen).toEqual(['24: damage excerpt', '24: runstate_set', '24: migration_bitmap_sync_start']);
  });

  test('HTML alone', async () => {
    const { seen } = await read([
      ...HEAD,
      'Content-Type: text/html; charset=utf-8',
      '',
      `<p>Look:<br>&gt; ${ACTIVE}<br>&gt;&nbsp;${STOP.replace(' (', '&nbsp;(')}</p>`,
    ]);
    expect(seen).toEqual(['6: damage excerpt', '6: migrate_set_state', '6: runstate_set']);
  });
});

describe('an mbox', () => {
  const from = 'From one@example.org Tue Nov 24 10:00:00 2026';

  test('a reply quotes what it answers to: read once', async () => {
    const { seen, problems } = await read([
      from,
      ...mail(ACTIVE, STOP, QUERY),
      '',
      from,
      ...mail('> No.', `> ${ACTIVE}`, `> ${QUERY}`, 'Here is mine:', ACTIVE.replace('40.5', '50.5')),
    ]);
    expect(seen.filter((text) => !text.includes('damage'))).toEqual([
      '6: migrate_set_state',
      '7: runstate_set',
      `8: qemu_savevm_query_pending${QUERY_ARGS}`,
      '19: migrate_set_state',
    ]);
    expect(problems).toEqual({ prose: 10, excerpt: 2, 'repeated-lines': 2 });
  });

  test('without time stamps only a quoted block that is known as a whole', async () => {
    const state = 'migrate_set_state new state active';
    const sync = 'migration_bitmap_sync_end dirty_pages 4';
    const { problems, facts } = await read([
      from,
      ...mail(state, sync),
      '',
      from,
      ...mail(`> ${sync}`, 'And mine:', sync, '', '> migration_bitmap_sync_end dirty_pages 5', `> ${sync}`),
    ]);
    expect(problems['repeated-lines']).toBe(1);
    expect(facts.events).toBe(5);
  });
});

describe('what an author writes beside a trace line', () => {
  test.each([
    ['an arrow behind it', `${QUERY}   <--- the final one`],
    ['a label behind it', `${QUERY} [a]`],
    ['a comment behind it', `${QUERY}  // too early?`],
    ['a label before it', `[1] ${QUERY}`],
    ['an arrow before it', `=> ${QUERY}`],
    ['what grep prints', `src.log:123:${QUERY}`],
    ['a line number', `   123  ${QUERY}`],
  ])('%s', async (_name, line) => {
    const { items, texts } = await read(mail(ACTIVE, line, STOP));
    expect(items[2]).toMatchObject({ event: { args: { total: 4239360 } } });
    expect(Object.keys(Object(items[2])['extra'])).toHaveLength(2);
    expect(texts).toEqual([ACTIVE, line, STOP]);
  });
});

describe('what is no event', () => {
  test.each([
    [
      'a patch that adds trace events',
      [
        'diff --git a/migration/trace-events b/migration/trace-events',
        '@@ -1,3 +1,4 @@',
        ' migration_bitmap_sync_start(void) ""',
        ' migration_bitmap_sync_start ',
        '+qemu_savevm_query_pending_bql(bool locked) "locked=%d"',
        ' migration_bitmap_sync_end(uint64_t dirty_pages) "dirty_pages %" PRIu64',
      ],
    ],
    ['a quoted patch of a log', ['> @@ -1,2 +1,2 @@', `> -${ACTIVE}`, `> +${QUERY}`, `>  ${SYNC}`, '> And?']],
    ['names to switch on', ['migration_bitmap_sync_start', 'qemu_savevm_query_pending', 'savevm_state_setup']],
    ['a name in a sentence', ['This comes before', 'savevm_state_setup', 'and is right.']],
    ['a sentence that begins with a name', ['postcopy_start is printed twice,', 'migrate_set_state new state is not.']],
    ['a name of a function', ['migration_bitmap_sync_start()', 'ram_save_complete(f, opaque):']],
    ['HMP', ['(qemu) info migrate', 'Migration status: active', 'total time: 10 ms', 'dirty sync count: 2']],
    ['QMP over several lines', ['{', '  "return": {', '    "status": "active"', '  }', '}']],
    ['a table', ['| migrate_set_state new state active | 3 us |', '  0 us: src-vm-stopped -> src-downtime-end']],
  ])('%s', async (_name, lines) => {
    const { seen, facts, problems } = await read(mail('See:', '', ...lines));
    expect(seen).toEqual([]);
    expect(facts).toMatchObject({ events: 0, messages: 0, format: 'mail' });
    expect(problems).toEqual({ prose: 4 + lines.length });
  });

  test('behind a patch and a reviewer’s words trace lines are read again', async () => {
    const { seen } = await read(mail('> @@ -1,9 +1,9 @@', '>  static void f(void)', 'Hm, I see:', '', `  ${ACTIVE}`));
    expect(seen).toEqual(['9: damage excerpt', '9: migrate_set_state']);
  });
});

test('what QEMU printed, and complete QMP answers', async () => {
  const { seen, facts } = await read(
    mail(
      ACTIVE,
      'ERROR:../src/migration/savevm.c:1794:qemu_savevm_query_pending_final: assertion',
      'failed: (bql_locked())',
      '{"t0": 1795396480.1, "t1": 1795396480.2, "r": {"remaining": 1}}',
      'The assertion failed: that is bad.',
    ),
  );
  expect(seen).toEqual(['5: damage excerpt', '5: migrate_set_state', '6: message', '8: sample']);
  expect(facts.messages).toBe(2);
});

describe('recognised without headers', () => {
  test.each([
    ['quoted', [`> ${ACTIVE}`, `> ${QUERY}`]],
    ['indented', [`    ${ACTIVE}`]],
    ['behind an attribution', ['On Tue, 24 Nov 2026 at 10:00, A <a@example.org> wrote:', ACTIVE]],
    ['behind one on two lines', ['On Tue, 24 Nov 2026 at 10:00:00AM +0100, A', '<a@example.org> wrote:', ACTIVE]],
    ['behind the headers that a reader shows', ['From: A @ 2026-11-24 10:00 UTC (permalink / raw)', '', ACTIVE]],
    ['handed on', ['-----Original Message-----', 'x', '', ACTIVE]],
    ['behind a greeting', ['Hi Peter,', '', ACTIVE]],
    ['behind a short greeting', ['Hello', '', 'this is the trace that I get.', '', ACTIVE]],
    ['behind a sentence', ['', 'With your patch this is what I see:', ACTIVE]],
    ['behind a quoted question', ['> Can you show the trace?', '', ACTIVE]],
  ])('%s', async (_name, lines) => {
    expect((await read(lines)).facts.format).toBe('mail:qemu-log-iso');
  });

  test.each([
    ['a log', [ACTIVE, QUERY]],
    ['a log with strange lines', [ACTIVE, '> x', '> > y', '    z', 'Hi there,', 'On Tuesday A wrote:', QUERY]],
    ['a log that begins with an error', ['qemu-system-x86_64: warning: the cpu is not what it was', '', ACTIVE]],
    ['a log behind what a script printed', ['+ qemu-system-x86_64 -m 256', 'Starting VM', ACTIVE, '> monitor']],
    ['a log behind a greeting of the guest', ['Hello, world!', '', ACTIVE]],
    ['a log behind a question of the guest', ['Press any key to boot from the disk of this host', '', ACTIVE]],
    ['a log behind what a script says', ['From: host1', 'To: host2', 'Date: Mon Nov 23', '', ACTIVE]],
    ['a log behind a date', ['Date: Mon Nov 23 01:04:40 UTC 2026', ACTIVE]],
    ['a log behind a guest’s console', ['SeaBIOS (version 1.16.3-debian)', '', 'Booting from ROM..', ACTIVE]],
    ['samples', ['{"t0": 1, "t1": 2, "r": {"remaining": 1}}']],
    ['a log with a quoted line', ['what_ever 1', `> ${ACTIVE}`, ACTIVE]],
  ])('%s is none', async (_name, lines) => {
    expect((await read(lines)).facts.format).not.toMatch(/^mail/);
  });

  test('bytes that no text has', async () => {
    const bytes = Buffer.concat([pasteInto([ACTIVE], PLAIN), Buffer.alloc(3)]);
    expect((await read(bytes)).facts.format).not.toMatch(/^mail/);
  });
});

test('a log that was shortened by hand has a hole there', async () => {
  const { seen, problems } = await read([ACTIVE, '[...]', SYNC, '...', QUERY]);
  expect(seen.filter((text) => text.includes('damage'))).toEqual(['2: damage excerpt', '4: damage excerpt']);
  expect(problems).toEqual({ excerpt: 2 });
});
