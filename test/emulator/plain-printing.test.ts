/** What is laid out as blocks of repeated lines is what printing line by line gives. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { EventName } from '../../src/catalog/catalog.ts';
import type { ArgValues } from '../../src/catalog/declaration.ts';
import type { Band } from '../../src/catalog/vocabulary.ts';
import type { EmulatorConfig } from '../../src/emulator/config.ts';
import type { EmissionSink } from '../../src/emulator/emission.ts';
import { ByteLog } from '../../src/emulator/shell/byte-log.ts';
import { eventText } from '../../src/emulator/shell/dialect.ts';
import { type EventFilter, filterFor } from '../../src/emulator/shell/event-sets.ts';
import type { QueuedLine } from '../../src/emulator/shell/line-queue.ts';
import { LogWriter } from '../../src/emulator/shell/log-writer.ts';
import type { Prefix } from '../../src/emulator/shell/prefix.ts';
import { bundledScenario, SCENARIO_NAMES } from '../../src/emulator/shell/scenarios.ts';
import { simulate } from '../../src/emulator/simulate.ts';
import { collect, configOf } from './emulated.ts';

const EPOCH_MS = Date.UTC(2026, 0, 1);

function stamp(prefix: Prefix, timeNs: number, thread: number): string {
  const micros = String(Math.floor(timeNs / 1000) % 1e6).padStart(6, '0');
  const second = new Date(EPOCH_MS + Math.floor(timeNs / 1e9) * 1000);
  if (prefix === 'none') return '';
  if (prefix === 'tid') return `${thread}@${second.getTime() / 1000}.${micros}:`;
  return `${second.toISOString().slice(0, 19)}${micros === '000000' ? '' : `.${micros}`}Z `;
}

const texts = new Map<string, string>();

/** Each by a printer of its own. */
function textOf(event: EventName, version: Band, args: ArgValues): string {
  const key = `${version} ${event} ${Object.entries(args).flat().join()}`;
  const text = texts.get(key) ?? Buffer.from(eventText(event, version).print(args)).toString().slice(0, -1);
  texts.set(key, text);
  return text;
}

/** Every line anew, without a thought of the one before. */
function plainLines(config: EmulatorConfig, prefix: Prefix, shows: EventFilter): readonly string[] {
  const lines: string[] = [];
  const sink: EmissionSink = {
    writtenBytes: 0,
    printerOf: (event) =>
      shows(event)
        ? {
            print: (timeNs, thread, args) => {
              lines.push(stamp(prefix, timeNs, thread) + textOf(event, config.version, args));
            },
          }
        : undefined,
    message: ({ timeNs, thread, text }) => {
      const isReport = text.startsWith('qemu-system-') && prefix !== 'none';
      lines.push(...`${isReport ? stamp('iso', timeNs, thread) : ''}${text}`.split('\n'));
    },
    sample: () => undefined,
  };
  simulate(config, sink);
  return lines;
}

function writtenLines(config: EmulatorConfig, prefix: Prefix, shows: EventFilter): readonly string[] {
  const all = collect();
  const writer = new LogWriter(
    { version: config.version, prefix, shows },
    { log: () => all.log, stderr: undefined, samples: undefined },
  );
  simulate(config, writer);
  return all.lines();
}

/** toEqual() takes seconds for so many. */
function expectSame(written: readonly string[], plain: readonly string[]): void {
  const at = written.findIndex((line, index) => line !== plain[index]);
  expect(written[at]).toBe(plain[at]);
  expect(written).toHaveLength(plain.length);
}

const PREFIX_OF: Readonly<Record<Band, Prefix>> = { '7.2': 'tid', '10.0': 'tid', thread: 'none', '11.1': 'iso' };
const SHORT = ['memory=32M', 'working-set=8M', 'end-at=2500', 'vcpus=2'];

describe.each(SCENARIO_NAMES)('%s', (scenario) => {
  test.each(bundledScenario(scenario)?.versions ?? [])('%s', (version) => {
    for (const sets of [['all'], ['core']] as const) {
      const config = configOf(scenario, { version, seed: 11, set: SHORT });
      const shows = filterFor(sets);
      const prefix = PREFIX_OF[version];
      expectSame(writtenLines(config, prefix, shows), plainLines(config, prefix, shows));
    }
  });
});

test.each(['iso', 'tid', 'none'] as const)('rounds that only poll, %s', (prefix) => {
  const set = ['downtime-limit=0', 'dirty-rate=0', 'memory=16M', 'end-at=800'];
  for (const version of ['10.0', '11.1'] as const) {
    for (const sets of [['core'], ['recommended'], ['all']] as const) {
      const config = configOf('dirty-bitmaps', { version, set });
      const written = writtenLines(config, prefix, filterFor(sets));
      expect(written.length).toBeGreaterThan(500);
      expectSame(written, plainLines(config, prefix, filterFor(sets)));
    }
  }
});

/** Lines of different lengths, some of them without a place for microseconds. */
const LINES: readonly QueuedLine[] = [7, 12, 30, 200, 8, 9].map((length, index) => {
  const bytes = Buffer.from(`${String.fromCharCode(97 + index).repeat(length - 1)}\n`);
  return { bytes, length, microsAt: index === 4 ? -1 : Math.min(index, length - 7) };
});

test('property: lines in any order, in rounds and not, in blocks of any size', () => {
  const round = fc.array(fc.nat({ max: LINES.length - 1 }), { minLength: 1, maxLength: 9 });
  const rounds = fc.record({ round, times: fc.integer({ min: 1, max: 400 }) });
  fc.assert(
    fc.property(fc.array(rounds, { maxLength: 12 }), fc.integer({ min: 10, max: 4000 }), (parts, blockBytes) => {
      const written: string[] = [];
      const log = new ByteLog((bytes) => written.push(Buffer.from(bytes).toString()), blockBytes);
      let expected = '';
      let micros = 0;
      for (const index of parts.flatMap(({ round: one, times }) => Array.from({ length: times }, () => one).flat())) {
        const line = LINES[index];
        if (line === undefined) continue;
        micros = (micros + 4_099) % 1e6;
        log.line(line, micros);
        const text = Buffer.from(line.bytes).toString();
        const digits = String(micros).padStart(6, '0');
        expected += line.microsAt < 0 ? text : text.slice(0, line.microsAt) + digits + text.slice(line.microsAt + 6);
      }
      expect(log.writtenBytes).toBe(expected.length);
      log.flush();
      expect(written.join('')).toBe(expected);
    }),
    { numRuns: 60 },
  );
});
