/** The differences of the protocol in sentences. */
import { plural } from '../base/text.ts';
import { profileOf } from '../catalog/profiles.ts';
import type { StepReport } from '../report/report.ts';
import type { PairReport, ProtocolChange, StepDiff } from './diff.ts';

interface Entry {
  readonly index: number;
  readonly step: StepDiff;
}

type SideName = 'base' | 'head';

export function changesOf(steps: readonly StepDiff[], pairs: readonly PairReport[]): readonly ProtocolChange[] {
  return pairs.flatMap((pair) => {
    const own = [...steps.entries()].flatMap(([index, step]) =>
      step.pair === pair.pair && !step.notShown ? [{ index, step }] : [],
    );
    return changesOfPair(own, pair);
  });
}

function changesOfPair(own: readonly Entry[], pair: PairReport): readonly ProtocolChange[] {
  const told = new Set<number>();
  const tell = (changes: readonly ProtocolChange[]): readonly ProtocolChange[] => {
    for (const { steps } of changes) for (const step of steps) told.add(step);
    return changes;
  };
  const left = (): readonly Entry[] => own.filter(({ index }) => !told.has(index));
  return [
    ...tell(movedSyncs(own, pair)),
    ...tell(wholeSections(own, pair)),
    ...tell(moved(left(), own, pair)),
    ...tell(onlyOne(left(), own, pair)),
    ...changedFacts(own, pair),
  ].sort((a, b) => (a.steps[0] ?? 0) - (b.steps[0] ?? 0));
}

const SIDES: readonly (readonly [SideName, SideName])[] = [
  ['base', 'head'],
  ['head', 'base'],
];

/** A sync of its own on the one side that on the other is the final query's. */
function movedSyncs(own: readonly Entry[], { pair }: PairReport): readonly ProtocolChange[] {
  return SIDES.flatMap(([from, to]) =>
    own.flatMap((sync): readonly ProtocolChange[] => {
      const { step } = sync;
      if (step[from]?.name !== 'sync' || step[to] !== null) return [];
      const final = own.find(
        (one) =>
          one.step.section === step.section &&
          one.step[to]?.name === 'final query' &&
          one.step[to]?.facts['sync']?.startsWith('with ') === true &&
          one.step[from]?.facts['sync']?.startsWith('with ') !== true,
      );
      if (final === undefined) return [];
      const text = `the sync of the ${step.section} moved: ${from} syncs ${whereOf(own, sync, from)}, ${to} inside its final query`;
      return [{ pair, kind: 'moved', text, steps: [sync.index] }];
    }),
  );
}

function whereOf(own: readonly Entry[], entry: Entry, side: SideName): string {
  const [before, after] = neighbours(own, entry, side);
  if (before?.name === 'RAM saving begins' || after?.name === 'RAM saving ends') {
    return `while it completes RAM (${placeOf(entry.step[side])})`;
  }
  return `${between(before, after)} (${placeOf(entry.step[side])})`;
}

function neighbours(own: readonly Entry[], { index }: Entry, side: SideName) {
  const before = own.findLast((one) => one.index < index && one.step[side] !== null)?.step[side] ?? undefined;
  const after = own.find((one) => one.index > index && one.step[side] !== null)?.step[side] ?? undefined;
  return [before, after] as const;
}

function between(before: StepReport | undefined, after: StepReport | undefined): string {
  if (before !== undefined && after !== undefined) return `between '${before.name}' and '${after.name}'`;
  if (before !== undefined) return `after '${before.name}'`;
  return after === undefined ? 'alone' : `before '${after.name}'`;
}

/** A section that only one side has. */
function wholeSections(own: readonly Entry[], { pair }: PairReport): readonly ProtocolChange[] {
  const sections = new Set(own.map(({ step }) => step.section));
  return [...sections].flatMap((section) => {
    const entries = own.filter(({ step }) => step.section === section);
    const side = SIDES.find(([, other]) => entries.every(({ step }) => step[other] === null))?.[0];
    if (side === undefined) return [];
    const [first, last] = [entries[0]?.step[side], entries.at(-1)?.step[side]];
    const name = SECTION_WORDS[section];
    const until = entries.length > 1 ? ` to :${last?.lines[1]}` : '';
    const text = `only ${side} has ${name}: ${plural(entries.length, 'step')}, ${until === '' ? 'at' : 'from'} ${placeOf(first)}${until}`;
    return [{ pair, kind: 'section', text, steps: entries.map(({ index }) => index) } satisfies ProtocolChange];
  });
}

const SECTION_WORDS: Readonly<Record<StepReport['section'], string>> = {
  setup: 'a setup',
  iterate: 'iterations',
  switchover: 'a switchover',
  checkpoint: 'checkpoints',
  postcopy: 'a postcopy phase',
  end: 'an end',
};

/** The same step at two places. */
function moved(left: readonly Entry[], own: readonly Entry[], { pair }: PairReport): readonly ProtocolChange[] {
  const taken = new Set<Entry>();
  return left.flatMap((gone): readonly ProtocolChange[] => {
    const before = gone.step.base;
    if (before === null || gone.step.head !== null) return [];
    const come = left.find((one) => !taken.has(one) && one.step.base === null && one.step.head?.name === before.name);
    if (come === undefined) return [];
    taken.add(come);
    const places = [neighbours(own, gone, 'base'), neighbours(own, come, 'head')].map((two) => between(...two));
    const text = `'${before.name}' moved: in base ${places[0]} (${placeOf(before)}), in head ${places[1]} (${placeOf(come.step.head)})`;
    return [{ pair, kind: 'moved', text, steps: [gone.index, come.index] }];
  });
}

/** Neighbours that only one side has are told together. */
function onlyOne(left: readonly Entry[], own: readonly Entry[], pair: PairReport): readonly ProtocolChange[] {
  const stretches: Entry[][] = [];
  for (const entry of left) {
    if (entry.step.change !== 'base-only' && entry.step.change !== 'head-only') continue;
    const last = stretches.at(-1)?.at(-1);
    const goesOn = last?.step.change === entry.step.change && last.step.section === entry.step.section;
    if (goesOn && own.indexOf(entry) === own.indexOf(last) + 1) stretches.at(-1)?.push(entry);
    else stretches.push([entry]);
  }
  return stretches.map((entries) => onlyOneText(entries, own, pair));
}

function onlyOneText(entries: readonly Entry[], own: readonly Entry[], pair: PairReport): ProtocolChange {
  const [first] = entries;
  const side: SideName = first?.step.base === null ? 'head' : 'base';
  const names = entries.flatMap(({ step }) => (step[side] === null ? [] : [describeStep(step[side])]));
  const where = first === undefined ? '' : between(neighbours(own, first, side)[0], undefined);
  const final = entries.some(({ step }) => step[side]?.name === 'final query');
  const text = `only ${side}, ${where}: ${names.join('; ')} (${placeOf(first?.step[side])})${final ? finalNote(side, pair) : ''}`;
  const steps = entries.map(({ index }) => index);
  return { pair: pair.pair, kind: side === 'head' ? 'appeared' : 'gone', text, steps };
}

/** Versions without final queries owe none. */
function finalNote(side: SideName, { base, head }: PairReport): string {
  const other = side === 'head' ? base.qemu : head.qemu;
  if (other === null || profileOf(other).hasFinalQuery) return '';
  return `; QEMU ${other} has no final query, so this is no fault`;
}

function changedFacts(own: readonly Entry[], { pair }: PairReport): readonly ProtocolChange[] {
  return own.flatMap(({ index, step }) =>
    step.differs.map(({ fact, base, head }): ProtocolChange => {
      const name = step.head?.name ?? '';
      const text = `'${name}', ${fact}: ${base} in base (${placeOf(step.base)}), ${head} in head (${placeOf(step.head)})`;
      return { pair, kind: 'changed', text, steps: [index] };
    }),
  );
}

/** `final query (exact, with a sync of its own, BQL held)` */
export function describeStep({ name, facts }: StepReport): string {
  const words = Object.entries(facts).map(([fact, value]) => FACT_WORDS[fact]?.(value) ?? value);
  return words.length === 0 ? `'${name}'` : `'${name}' (${words.join(', ')})`;
}

const FACT_WORDS: Readonly<Record<string, (value: string) => string>> = {
  BQL: (value) => `BQL ${value}`,
  last_stage: (value) => `last_stage=${value}`,
  'rests on': (value) => `on ${value}`,
  kinds: (value) => `${value} queries`,
  syncs: (value) => `syncs: ${value}`,
  'estimate queries': (value) => `estimates ${value}`,
  'exact queries': (value) => `exact ones ${value}`,
};

function placeOf(step: StepReport | null | undefined): string {
  if (step === null || step === undefined) return '-';
  const [first, last] = step.lines;
  return `${step.file}:${step.count > 1 ? first : last}`;
}
