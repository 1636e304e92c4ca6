import { test } from 'vitest';
import { realCaptures, patchedCaptures, linesOf, eventOf } from './captures.ts';
import { quickVerdicts } from './support.ts';

const isClean = (n: string) => n.startsWith('real/') || n.includes('clean-');
const DETAIL = /^(qemu_mutex|savevm_section|vmstate_downtime_save|multifd|send_bitmap_bits|source_return_path_thread_loop)/;
type Files = Readonly<Record<string, readonly string[]>>;
/** only bql mutex lines */
function reduce(files: Files): Files {
  const bql = new Set<string>();
  for (const l of Object.values(files).flat()) { const m = /released mutex (0x\w+) \(\S*(?:system|softmmu)\/cpus\.c/.exec(l); if (m) bql.add(m[1]!); }
  return Object.fromEntries(Object.entries(files).map(([k, ls]) => [k, ls.filter((l) => { const m = /(?:on|taken|released) mutex (0x\w+) \(/.exec(l); return !m || bql.has(m[1]!); })]));
}
async function bad(files: Files, expect: string[] = []) {
  const v = await quickVerdicts(files);
  return v.filter((x) => x.verdict === 'violated').map((x) => `${x.migration}:${x.rule}`);
}

function rng(seed: number) { let a = seed >>> 0; return () => { a = (a + 0x6d2b79f5) | 0; let t = Math.imul(a ^ (a >>> 15), 1 | a); t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t; return ((t ^ (t >>> 14)) >>> 0) / 4294967296; }; }
test('explore', async () => {
  const out = new Map<string, string[]>();
  let runs = 0;
  for (const c of [...realCaptures(), ...patchedCaptures()].filter((c) => isClean(c.name))) {
    const t0 = performance.now(); const r0 = runs;
    const files = reduce(linesOf(c));
    const say = (what: string, b: string[]) => { runs++; for (const x of b) { const k = `${c.name} ${x}`; out.set(k, [...(out.get(k) ?? []), what]); } };
    const types = [...new Set(Object.values(files).flat().map((l) => eventOf(l)).filter((x) => x !== undefined))].filter((t) => !/vmstate_downtime_save|section_skip|multifd|fclose|ping|command/.test(t));
    const without = (pred: (l: string) => boolean) => Object.fromEntries(Object.entries(files).map(([k, ls]) => [k, ls.filter((l) => !pred(l))]));
    const big = Object.values(files).flat().length > 3000;
    for (let i = 0; i < types.length; i++) for (let j = i + 1; j < types.length; j++) {
      if (big && (i * 7 + j) % 12 !== 0) continue;
      say(`-${types[i]} -${types[j]}`, await bad(without((l) => { const e = eventOf(l); return e === types[i] || e === types[j]; })));
    }
    const r = rng(42);
    for (let n = 0; n < (big ? 40 : 400); n++) {
      const p = [0.15, 0.3, 0.5, 0.7, 0.9][n % 5]!;
      const off = new Set(types.filter(() => r() < p));
      say(`only ${types.filter((t) => !off.has(t)).join(' ')}`, await bad(without((l) => off.has(eventOf(l) ?? ''))));
    }
    console.log(c.name, runs - r0, (performance.now() - t0).toFixed(0));
  }
  console.log(`RUNS ${runs}\n` + [...out].map(([k, w]) => `${k} x${w.length}\n` + w.sort((a, b) => (a.startsWith('-') ? -1 : b.startsWith('-') ? 1 : a.length - b.length)).slice(0, 4).map((x) => '      ' + x).join('\n')).join('\n'));
}, 900000);
