import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SampleLog } from '../../src/ingest/samples.ts';

/** Samples as `[from, to, bytes, field]`, and how many lines were not understood. */
function read(lines: readonly string[], now?: number) {
  const log = new SampleLog();
  for (const [index, text] of lines.entries()) log.line(text, { input: 0, line: index + 1, text }, now);
  return {
    samples: log.samples.map(({ from, to, dirtyBytes, field }) => [from, to, dirtyBytes, field]),
    places: log.samples.map(({ place }) => place.line),
    notUnderstood: log.notUnderstood,
  };
}

const taken = (...samples: readonly (readonly unknown[])[]) => ({ samples, notUnderstood: 0 });

describe('downtime-limit', () => {
  const limits = (...lines: readonly string[]) => {
    const log = new SampleLog();
    for (const [index, text] of lines.entries()) log.line(text, { input: 0, line: index + 1, text }, undefined);
    return log.limits.map(({ at, ms, place }) => [at, ms, place.line]);
  };
  const set = (who: string, ms: number, answer: string) =>
    `{"t": 1, "t1": 2, "who": "${who}", "cmd": {"execute": "migrate-set-parameters", "arguments": {"downtime-limit": ${ms}}}, ${answer}}`;

  test('counts from the answer on', () => {
    expect(limits(set('src', 50, '"return": {}'))).toEqual([[2, 50, 1]]);
    expect(
      limits(
        '{"t": 1, "side": "src", "dir": "send", "msg": {"execute": "migrate-set-parameters", "arguments": {"downtime-limit": 50}, "id": 3}}',
        '{"t": 5, "side": "src", "dir": "recv", "msg": {"return": {}, "id": 3}}',
      ),
    ).toEqual([[5, 50, 2]]);
  });

  test('a refused command and the destination set nothing', () => {
    expect(limits(set('src', 50, '"error": {"class": "GenericError"}'), set('dst', 50, '"return": {}'))).toEqual([]);
  });

  test('query-migrate-parameters tells it, too; what does not change is one', () => {
    const told = (at: number, ms: number) =>
      `{"t": ${at}, "t1": ${at}, "who": "src", "cmd": {"execute": "query-migrate-parameters"}, "return": {"downtime-limit": ${ms}, "max-bandwidth": 0}}`;
    expect(limits(told(1, 300), told(2, 300), told(3, 1500), told(4, 1500))).toEqual([
      [1, 300, 1],
      [3, 1500, 3],
    ]);
  });
});

describe('the forms', () => {
  test('t0, t1 and the answer', () => {
    expect(read(['{"t0": 1.5, "t1": 1.625, "r": {"status": "active", "remaining": 4096}}'])).toMatchObject(
      taken([1.5, 1.625, 4096, 'remaining']),
    );
  });

  test('question and answer in one line of a QMP log', () => {
    expect(
      read([
        '{"t": 1, "t1": 2, "who": "src", "cmd": {"execute": "query-migrate", "id": 1}, "return": {"remaining": 8192}}',
        '{"t": 3, "t1": 4, "who": "src", "cmd": {"execute": "query-status", "id": 2}, "return": {"remaining": 1}}',
      ]),
    ).toMatchObject(taken([1, 2, 8192, 'remaining']));
  });

  test('question and answer in lines of their own, tied by their id', () => {
    expect(
      read([
        '{"t": 1, "side": "src", "dir": "send", "msg": {"execute": "query-migrate", "id": 7}}',
        '{"t": 2, "side": "src", "dir": "send", "msg": {"execute": "query-status", "id": 8}}',
        '{"t": 3, "side": "src", "dir": "recv", "msg": {"event": "MIGRATION", "data": {"status": "active"}}}',
        '{"t": 4, "side": "src", "dir": "recv", "msg": {"return": {"remaining": 1}, "id": 8}}',
        '{"t": 5, "side": "src", "dir": "recv", "msg": {"return": {"dirty-bytes-total": 4096}, "id": 7}}',
        '{"t": 6, "side": "src", "dir": "recv", "msg": {"return": {"dirty-bytes-total": 1}, "id": 7}}',
      ]),
    ).toMatchObject(taken([1, 5, 4096, 'dirty-bytes-total']));
  });

  // When it was asked for is not known.
  test('a bare answer, with the time it carries or that of its line', () => {
    const bare = (stamp: string) => `{"return": {"status": "active", "remaining": 5}${stamp}}`;
    expect(read([bare(', "timestamp": 7.5')])).toMatchObject(taken([undefined, 7.5, 5, 'remaining']));
    expect(read([bare(', "timestamp": {"seconds": 7, "microseconds": 250000}')])).toMatchObject(
      taken([undefined, 7.25, 5, 'remaining']),
    );
    expect(read([bare('')], 9)).toMatchObject(taken([undefined, 9, 5, 'remaining']));
    expect(read([bare('')])).toMatchObject(taken([undefined, undefined, 5, 'remaining']));
    expect(read(['{"status": "active", "remaining": 6}'], 9)).toMatchObject(taken([undefined, 9, 6, 'remaining']));
  });

  test('the place is that of the answer', () => {
    expect(read(['{}', '{"r": {"remaining": 1}}']).places).toEqual([2]);
  });
});

describe('which field', () => {
  test.each([
    ['the patched one first', '{"dirty-bytes-total": 1, "remaining": 2}', [[0, 1, 1, 'dirty-bytes-total']]],
    ['ram.remaining is another counter', '{"ram": {"remaining": 3}}', []],
    ['not yet any', '{}', []],
    ['no number', '{"remaining": "much"}', []],
    ['a fraction', '{"remaining": 1.5}', []],
  ])('%s', (_, answer, samples) => {
    expect(read([`{"t0": 0, "t1": 1, "r": ${answer}}`])).toMatchObject({ samples, notUnderstood: 0 });
  });
});

test.each([
  '{"t0": 0, "t1": 1, "who": "dst", "r": {"remaining": 1}}',
  '{"t": 1, "t1": 2, "who": "dst", "cmd": {"execute": "query-migrate"}, "return": {"remaining": 8192}}',
  '{"t": 1, "side": "dst", "dir": "send", "msg": {"execute": "query-migrate", "id": 7}}',
])('the destination is skipped: %s', (line) => {
  const answer = '{"t": 5, "side": "src", "dir": "recv", "msg": {"return": {"remaining": 4096}, "id": 7}}';
  expect(read([line, answer])).toMatchObject({ samples: [], notUnderstood: 0 });
});

test('a line without times is kept: nothing can be judged by it, but it is there', () => {
  expect(read(['{"r": {"remaining": 1}}'])).toMatchObject(taken([undefined, undefined, 1, 'remaining']));
});

test('what is no JSON object is counted', () => {
  expect(read(['{"t0": 1', 'text', '[1]', '3', 'null', '{}'])).toEqual({ samples: [], places: [], notUnderstood: 5 });
});

// QEMU's error texts hold numbers of any length.
test('a long number in a text changes nothing', () => {
  const line = JSON.stringify({ t0: 1, t1: 2, r: { 'error-desc': 'at: 12345678901234567, end', remaining: 4096 } });
  expect(read([line])).toMatchObject(taken([1, 2, 4096, 'remaining']));
});

test('property: 64-bit values are exact', () => {
  const bytes = fc.oneof(
    fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    fc.bigInt({ min: 2n ** 53n - 2n, max: 2n ** 53n + 2n }),
  );
  fc.assert(
    fc.property(bytes, fc.constantFrom('', ' '), fc.constantFrom('}', ', "x": 1}'), (value, blank, end) => {
      const exact = value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value;
      expect(read([`{"t0":1,"t1":2,"r":{"remaining":${blank}${value}${end}}`])).toMatchObject(
        taken([1, 2, exact, 'remaining']),
      );
    }),
  );
});

test('property: any text or JSON, no crash, and what is no object is counted', () => {
  const long = fc.constantFrom(
    '1234567890123456',
    '{"a": [12345678901234567, -12345678901234567, 1.2345678901234567e30, 12345678901234567e2]}',
    '{"12345678901234567": "\\"12345678901234567, "}',
    '{"a": "12345678901234567',
    '{"a": 123456789012345678901234}',
  );
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json(), long), (text) => {
      let isObject = false;
      try {
        const value: unknown = JSON.parse(text);
        isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
      } catch {
        // Not JSON.
      }
      expect(read([text]).notUnderstood).toBe(isObject ? 0 : 1);
    }),
    { numRuns: 500 },
  );
});
