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
test('explore', async () => {
  const out: string[] = [];
  let runs = 0;
  for (const c of [...realCaptures(), ...patchedCaptures()]) {
    const t0 = performance.now(); const r0 = runs;
    const files = reduce(linesOf(c));
    const base = await bad(files);
    const say = (what: string, b: string[]) => { runs++; const n = b.filter((x) => !base.includes(x)); if (n.length) out.push(`${c.name} | ${what} | ${n.join(' ')} | base ${base.join(' ')}`); };
    const types = [...new Set(Object.values(files).flat().map((l) => eventOf(l)).filter((x) => x !== undefined))];
    const without = (pred: (l: string) => boolean) => Object.fromEntries(Object.entries(files).map(([k, ls]) => [k, ls.filter((l) => !pred(l))]));
    for (const t of types) say(`type ${t}`, await bad(without((l) => eventOf(l) === t)));
    for (const [k, ls] of Object.entries(files)) {
      const n = Object.values(files).reduce((s, l) => s + l.length, 0);
      for (let i = 0; i < ls.length; i++) {
        const e = eventOf(ls[i]!);
        if (e === undefined || (DETAIL.test(e) && !(e.startsWith('savevm_section') && / ram,/.test(ls[i]!)))) continue;
        say(`line ${k}:${i + 1} ${ls[i]!.slice(0, 120)}`, await bad({ ...files, [k]: ls.toSpliced(i, 1) }));
      }
      // cuts
      const step = Math.max(1, Math.floor(ls.length / 150));
      for (let i = 1; i < ls.length; i += step) {
        say(`head ${k}:${i} ${ls[i]!.slice(0, 120)}`, await bad({ ...files, [k]: ls.slice(i) }));
        say(`tail ${k}:${i} ${ls[i-1]!.slice(0, 120)}`, await bad({ ...files, [k]: ls.slice(0, i) }));
      }
    }
    console.log(c.name, runs - r0, (performance.now() - t0).toFixed(0));
  }
  console.log(`RUNS ${runs}\n` + out.join('\n'));
}, 600000);
