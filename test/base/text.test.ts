import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { elide, elideFurther, marked, plural, shorten, visible } from '../../src/base/text.ts';

/** What a terminal does not show as itself: control, format and surrogate code points, line separators. */
const HIDDEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

const hostile = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.array(fc.integer({ min: 0, max: 0xffff })).map((codes) => String.fromCharCode(...codes)),
  fc.constantFrom('\u001b[2J', 'a\u202eb', '\ud83d', '\ude00', 'x\u200by', '\u0085'),
);

describe('visible', () => {
  test.each([
    ['plain text stays', 'new state active', 'new state active'],
    ['so do other scripts and whole surrogate pairs', 'Größe \u6e2c \u{1f600}', 'Größe \u6e2c \u{1f600}'],
    ['escape sequences', '\u001b[2Jx', '\\x1b[2Jx'],
    ['line ends and tabs', 'a\r\n\tb', 'a\\x0d\\x0a\\x09b'],
    ['C1 controls and delete', '\u007f\u009b', '\\x7f\\x9b'],
    ['bidirectional marks', 'a\u202eb\u2066c', 'a\\u202eb\\u2066c'],
    ['zero width', '\u200b\ufeff\u00ad', '\\u200b\\ufeff\\xad'],
    ['a lone high surrogate', '\ud83dx', '\\ud83dx'],
    ['a lone low surrogate', 'x\ude00', 'x\\ude00'],
    ['the wrong way round', '\ude00\ud83d', '\\ude00\\ud83d'],
  ])('%s', (_, text, shown) => {
    expect(visible(text)).toBe(shown);
  });

  const ALL = Array.from({ length: 0x11_0000 }, (_, code) => String.fromCodePoint(code));
  const codesOf = (characters: readonly string[]): readonly string[] =>
    characters.map((character) => (character.codePointAt(0) ?? 0).toString(16));

  test('every character that shows itself stays', () => {
    const shown = ALL.filter((text) => !HIDDEN.test(text) && !/\p{Default_Ignorable_Code_Point}/u.test(text));
    expect(codesOf(shown.filter((text) => visible(text) !== text))).toEqual([]);
  });

  test('every one of the basic plane that does not is escaped', () => {
    const hidden = ALL.slice(0, 0x1_0000).filter((text) => HIDDEN.test(text));
    expect(codesOf(hidden.filter((text) => visible(text) === text))).toEqual([]);
    for (const text of hidden) expect(visible(text)).toMatch(/^(?:\\x[0-9a-f]{2}|\\u[0-9a-f]{4})$/);
  });

  // Tag characters (U+E0020 ...) carry text that no terminal shows.
  test('property: no hidden character is left', () => {
    fc.assert(
      fc.property(fc.oneof(hostile, fc.constantFrom('\u{e0041}', '\u180e', '\u0600', '\u{1d173}')), (text) => {
        expect(visible(text)).not.toMatch(HIDDEN);
      }),
    );
  });
});

describe('marked', () => {
  test('names the character, at least four digits', () => {
    expect(marked('a\u001b\u202e\ud83d\u{e0041}\uffff')).toBe(
      'a\u27e8U+001B\u27e9\u27e8U+202E\u27e9\u27e8U+D83D\u27e9\u27e8U+E0041\u27e9\u27e8U+FFFF\u27e9',
    );
  });

  test('property: hides nothing, and marks what visible escapes', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        expect(marked(text)).not.toMatch(HIDDEN);
        if (!/\p{Noncharacter_Code_Point}/u.test(text)) expect(marked(text) === text).toBe(visible(text) === text);
      }),
    );
  });
});

describe('elide', () => {
  test.each([
    ['abcd', 4, { head: 'abcd', omitted: 0, tail: '' }],
    ['abcdefgh', 4, { head: 'abc', omitted: 4, tail: 'h' }],
    ['abcdefgh', 0, { head: '', omitted: 8, tail: '' }],
    ['ab\u{1f600}efg\u{1f600}', 4, { head: 'ab', omitted: 7, tail: '' }],
  ])('%j to %i', (text, limit, expected) => {
    expect(elide(text, limit)).toEqual(expected);
  });

  test('property: the two ends of the text, within the limit, no pair torn, nothing lost silently', () => {
    const limit = fc.nat({ max: 60 });
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 100 }), limit, limit, (text, first, second) => {
        for (const one of [elide(text, first), elideFurther(elide(text, first), Math.min(first, second))]) {
          const { head, omitted, tail } = one;
          expect(text.startsWith(head) && text.endsWith(tail)).toBe(true);
          expect(head.length + omitted + tail.length).toBe(text.length);
          expect(head.length + tail.length).toBeLessThanOrEqual(first);
          expect(head + tail).not.toMatch(/\p{Cs}/u);
        }
      }),
    );
  });
});

test.each([
  ['abc', 3, 'abc'],
  ['abcd', 3, 'abc [... 1 more]'],
  ['abcd', 0, ' [... 4 more]'],
])('shorten %j to %i', (text, limit, short) => {
  expect(shorten(text, limit)).toBe(short);
});

test('plural', () => {
  expect([plural(0, 'line'), plural(1, 'line'), plural(2, 'line'), plural(2, 'query', 'queries')]).toEqual([
    '0 lines',
    '1 line',
    '2 lines',
    '2 queries',
  ]);
});
