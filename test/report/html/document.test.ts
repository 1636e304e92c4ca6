/** The shell of every page: what is put into it is text, whatever it looks like. */
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { HtmlValidate } from 'html-validate';
import { describe, expect, test } from 'vitest';
import { document } from '../../../src/report/renderers/html/document.ts';
import { html, trusted } from '../../../src/report/renderers/html/markup.ts';

describe('html', () => {
  test.each([
    ['markup', '</script><img src=x>', '&lt;/script&gt;&lt;img src=x&gt;'],
    ['quotes', `"'&`, '&quot;&#39;&amp;'],
    ['a control character', 'a\u0007\u001b[2J', 'a⟨U+0007⟩⟨U+001B⟩[2J'],
    ['a line end', 'a\nb\r\t\u0085\u2028', 'a⟨U+000A⟩b⟨U+000D⟩⟨U+0009⟩⟨U+0085⟩⟨U+2028⟩'],
    ['a bidirectional mark', 'a\u202eb\u2066', 'a⟨U+202E⟩b⟨U+2066⟩'],
    ['a lone surrogate', 'a\ud800b\udfff', 'a⟨U+D800⟩b⟨U+DFFF⟩'],
    ['no character', 'a\ufffeb\u{10ffff}', 'a⟨U+FFFE⟩b⟨U+10FFFF⟩'],
    ['what is invisible', '\u200b\u00ad\u{e0041}', '⟨U+200B⟩⟨U+00AD⟩⟨U+E0041⟩'],
    ['what bytes that are no UTF-8 became', 'a\ufffdb', 'a\ufffdb'],
    ['letters of any script', 'äπ字😀', 'äπ字😀'],
  ])('%s is visible text', (_, text, expected) => {
    expect(html`<p title="${text}">${text}</p>`.text).toBe(`<p title="${expected}">${expected}</p>`);
  });

  test('markup stays, lists are joined, nothing is nothing', () => {
    const items = ['<', 2, html`<b>${'&'}</b>`, undefined];
    expect(html`<i>${items}</i>${undefined}${trusted('<hr>')}`.text).toBe('<i>&lt;2<b>&amp;</b></i><hr>');
  });

  test('no text makes markup, or a character that is not seen', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        const out = html`${text}`.text;
        expect(out).not.toMatch(/[<>"'\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
        expect(out.replace(/&(?:amp|lt|gt|quot|#39);/g, '')).not.toContain('&');
      }),
    );
  });
});

describe('document', () => {
  const body = html`<h1>${'<A> & B'}</h1>\n<p>${'text'}</p>`;

  test('is valid, with and without the parts that may be absent', () => {
    const code = 'void 0;';
    const script = { code, sha256: createHash('sha256').update(code).digest('base64') };
    const full = document({ title: 'A "page"', body, footer: html`<p>end</p>`, css: 'p{margin:0}', script });
    const validator = new HtmlValidate({ extends: ['html-validate:recommended', 'html-validate:document'] });
    for (const page of [document({ title: 'A page', body }), full]) {
      const { results } = validator.validateStringSync(page);
      expect(results.flatMap(({ messages }) => messages.map(({ ruleId, message }) => `${ruleId}: ${message}`))).toEqual(
        [],
      );
    }
  });

  test('names no other place, and admits its own script only', () => {
    const page = document({ title: 'x', body, meta: { 'qtrace-inputs': '"><script>' } });
    expect(page).not.toMatch(/https?:|url\(|@import|<script/);
    expect(page).toContain("default-src 'none'");
    expect(page).not.toContain('script-src');
    expect(page).toContain('<meta name="qtrace-inputs" content="&quot;&gt;&lt;script&gt;">');
    expect(document({ title: 'x', body, script: { code: '0', sha256: 'AA=' } })).toContain("script-src 'sha256-AA='");
  });

  test('the style is small enough for a mail', () => {
    expect(document({ title: 'x', body }).length).toBeLessThan(6000);
  });
});
