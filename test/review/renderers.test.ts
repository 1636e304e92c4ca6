import { describe, expect, test } from 'vitest';
import { REVIEW_RENDERERS } from '../../src/review/renderers/registry.ts';
import type { ReviewReport } from '../../src/review/report.ts';
import { reviewMails } from '../../src/review/review-mails.ts';
import { BASE, type Edit, EVENTS, edited, MIGRATION, RAM, SAVEVM } from './checks/patches.ts';
import { asMail, diffFiles } from './diff.ts';

const FAULTS: readonly Edit[] = [
  [
    MIGRATION,
    '    qemu_savevm_query_pending_final(&pending);\n\n',
    '    bql_unlock();\n    qemu_savevm_query_pending_final(&pending);\n    bql_lock();\n\n',
  ],
  [RAM, 'migration_bitmap_sync_precopy(final)', 'migration_bitmap_sync_precopy(false)'],
  [SAVEVM, '    g_assert(bql_locked());\n\n', ''],
  [EVENTS, 'final=%d, precopy', 'last=%d, precopy'],
];

const HEADERS = [
  'Message-ID: <20261123.1@example.org>',
  'References: <cover@example.org>',
  'To: qemu-devel@example.org',
  'Cc: J\u00f6rg <joerg@example.org>, "B, C" <bc@example.org>',
].join('\n');

async function reviewOf(edits: readonly Edit[], subject?: string): Promise<ReviewReport> {
  const mail = asMail(diffFiles(BASE, edited(edits)), subject).replace('\nSubject:', `\n${HEADERS}\nSubject:`);
  return reviewMails({ version: '1.2.3', inputs: [{ name: 'a.eml', bytes: Buffer.from(mail) }], against: undefined });
}

function render(report: ReviewReport, format: string): string {
  const renderer = REVIEW_RENDERERS.find(({ id }) => id === format);
  if (renderer === undefined) throw new Error(format);
  return renderer.render(report, { color: false, verbose: false });
}

describe('reply', () => {
  test('of a clean series answers the cover letter', async () => {
    const cover =
      'From 0123456789abcdef0123456789abcdef01234567 Mon Sep 17 00:00:00 2001\nFrom: A Author <author@example.org>\nMessage-ID: <cover@example.org>\nSubject: [PATCH 0/1] migration: A series\n\nWhy it is done.\n\n';
    const mail = asMail(
      diffFiles(BASE, edited([[SAVEVM, '#include "migration/savevm.h"', '#include "savevm.h"']])),
      '[PATCH 1/1] migration: Change something',
    );
    const bytes = Buffer.from(cover + mail);
    const reply = render(
      await reviewMails({ version: '1', inputs: [{ name: 'a', bytes }], against: undefined }),
      'reply',
    );
    expect(reply).toContain('Subject: Re: [PATCH 0/1] migration: A series\nIn-Reply-To: <cover@example.org>\n');
    expect(reply).toContain('I found nothing to remark on');
  });

  test('is addressed to the author and everybody who had the patch', async () => {
    const reply = render(await reviewOf(FAULTS), 'reply');
    const head = reply.slice(0, reply.indexOf('\n\n')).split('\n');
    expect(head).toEqual([
      'To: A Author <author@example.org>',
      'Cc: qemu-devel@example.org,',
      ' =?UTF-8?B?SsO2cmc=?= <joerg@example.org>,',
      ' "B, C" <bc@example.org>',
      'Subject: Re: [PATCH] migration: Change something',
      'In-Reply-To: <20261123.1@example.org>',
      'References: <cover@example.org>',
      ' <20261123.1@example.org>',
      'MIME-Version: 1.0',
      'Content-Type: text/plain; charset=utf-8',
      'Content-Transfer-Encoding: 8bit',
      'X-Draft-By: qtrace 1.2.3',
    ]);
  });

  test('has each remark right under its quoted line, in at most 76 columns', async () => {
    const reply = render(await reviewOf(FAULTS), 'reply');
    expect(reply).toContain('> +    bql_unlock();\n\nWith this the final query runs without the BQL.');
    expect(reply).toContain('> -    g_assert(bql_locked());\n\nThe assertion that the BQL is held goes away.');
    expect(reply).toContain(
      '> +        migration_bitmap_sync_precopy(false);\n\nIn the final query this is the last sync',
    );
    const own = reply.split('\n').filter((line) => !line.startsWith('>'));
    for (const line of own) expect(line.length, line).toBeLessThanOrEqual(76);
  });

  test('quotes no hunk that it says nothing of', async () => {
    const extra: Edit = [
      SAVEVM,
      '/* Ask every active module what it has left, and add it up. */',
      '/* Ask every active module, and add it up. */',
    ];
    expect(render(await reviewOf([...FAULTS, extra]), 'reply')).not.toContain('add it up');
  });

  test('pastes the raw lines of a trace once, unbroken', async () => {
    const report = await reviewOf(FAULTS);
    const text = `2026-11-23T01:35:14.575170Z qemu_savevm_query_pending ${'x'.repeat(100)}`;
    const finding = {
      says: 'confirms',
      rule: 'final-without-bql',
      migration: 0,
      text: 'it ran without',
      evidence: [{ file: 'src.log', line: 9, text }],
      enable: [],
    } as const;
    const told = { ...report, remarks: report.remarks.map((remark) => ({ ...remark, traceFindings: [finding] })) };
    expect(render(told, 'reply').split(text)).toHaveLength(2);
    expect(render(told, 'reply')).toContain(`  src.log:9: ${text}\n`);
  });

  test('says so where there is nothing to say', async () => {
    const reply = render(await reviewOf([[SAVEVM, '#include "migration/savevm.h"', '#include "savevm.h"']]), 'reply');
    expect(reply).toContain('I found nothing to remark');
  });

  test('a hostile mail adds no header', async () => {
    const report = await reviewOf(FAULTS);
    const evil = 'x\r\nBcc: all@example.org\u001b[31m';
    const hostile = {
      ...report,
      patches: report.patches.map((patch) => ({
        ...patch,
        subject: evil,
        from: evil,
        cc: [evil],
        messageId: `<a\n>${evil}`,
      })),
    };
    const reply = render(hostile, 'reply');
    expect(reply.split('\n').filter((line) => /^Bcc:/i.test(line))).toEqual([]);
    expect(reply).not.toContain('\u001b');
  });
});

describe('terse', () => {
  test('one line per remark, as a per-patch check prints it', async () => {
    const report = await reviewOf(FAULTS);
    const lines = render(report, 'terse').split('\n').slice(0, -1);
    expect(lines).toHaveLength(report.remarks.length);
    for (const line of lines) expect(line).toMatch(/^[\w./-]+:\d+: (?:error|warning|info): [a-z-]+: [A-Z].*/);
  });

  test('nothing for a patch without a remark', async () => {
    expect(render(await reviewOf([[SAVEVM, '#include "migration/savevm.h"', '#include "savevm.h"']]), 'terse')).toBe(
      '',
    );
  });
});

describe('text and page', () => {
  test('text: each remark under its line, and what the patch does', async () => {
    const text = render(await reviewOf(FAULTS), 'text');
    expect(text).toContain('  > +    bql_unlock();\n    error: final-without-bql (certain)\n');
    expect(text).toContain('migration_switchover_start() releases the BQL');
  });

  test('page: the diff with its remarks, nothing of the mail unescaped, and nothing loaded', async () => {
    const evil = '</td><script>alert(1)</script>';
    const page = render(
      await reviewOf([...FAULTS, [SAVEVM, '#include "migration/savevm.h"', `#include "${evil}"`]], `[PATCH] ${evil}`),
      'html',
    );
    expect(page).not.toContain('<script');
    expect(page).toContain('&lt;script&gt;alert(1)');
    expect(page).toContain('id="remark-0"');
    expect(page).toContain('href="#remark-0"');
    expect(page).not.toMatch(/(?:src|href)="(?!#|data:)/);
  });

  test('json: remarks with what a trace says of them', async () => {
    const report: ReviewReport = JSON.parse(render(await reviewOf(FAULTS), 'json'));
    expect(report.schema).toBe('qtrace-review/1');
    expect(report.remarks[0]).toMatchObject({
      rule: 'final-without-bql',
      severity: 'error',
      path: MIGRATION,
      traceFindings: [],
    });
  });
});
