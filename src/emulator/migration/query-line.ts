/** The lines of queries: as a rule the same as the last one of their kind. */
import { ACK_COLLECTED, ACK_TOTAL } from '../../catalog/vocabulary.ts';
import type { Answer, QueryKind } from '../modules/module.ts';
import type { Ram } from '../modules/ram.ts';
import type { Core } from '../process/core.ts';
import type { Line } from '../process/tracer.ts';

/** What a line shows. */
interface Queried {
  readonly answer: Readonly<Answer>;
  readonly thresholdBytes: number;
  readonly pendingAcks: number;
  readonly ram: Ram;
}

interface LineSource {
  readonly isOn: boolean;
  lineOf(queried: Queried): Line;
}

export class QueryLines {
  readonly #estimate: QueryLine;
  readonly #exact: QueryLine;
  readonly #final: QueryLine;

  constructor(core: Core) {
    this.#estimate = new QueryLine(core, 'estimate');
    this.#exact = new QueryLine(core, 'exact');
    this.#final = new QueryLine(core, 'final');
  }

  print(kind: QueryKind, queried: Queried): void {
    if (kind === 'estimate') this.#estimate.print(queried);
    else if (kind === 'exact') this.#exact.print(queried);
    else this.#final.print(queried);
  }
}

class QueryLine {
  readonly #source: LineSource;
  readonly #isOn: boolean;
  #line: Line | undefined;
  #shown: Answer = { precopy: 0, stopcopy: 0, postcopy: 0, acks: 0, total: 0 };
  #shownThreshold = 0;
  #shownAcks = 0;
  #shownRam = 0;

  constructor(core: Core, kind: QueryKind) {
    this.#source = sourceOf(core, kind);
    this.#isOn = this.#source.isOn;
  }

  print(queried: Queried): void {
    if (!this.#isOn) return;
    const line = this.#line !== undefined && this.#isShown(queried) ? this.#line : this.#newLine(queried);
    line.print();
  }

  #isShown({ answer, thresholdBytes, pendingAcks, ram }: Queried): boolean {
    const shown = this.#shown;
    return (
      answer.total === shown.total &&
      answer.precopy === shown.precopy &&
      answer.postcopy === shown.postcopy &&
      answer.stopcopy === shown.stopcopy &&
      answer.acks === shown.acks &&
      pendingAcks === this.#shownAcks &&
      thresholdBytes === this.#shownThreshold &&
      ram.dirtyPages === this.#shownRam
    );
  }

  #newLine(queried: Queried): Line {
    this.#shown = { ...queried.answer };
    this.#shownThreshold = queried.thresholdBytes;
    this.#shownAcks = queried.pendingAcks;
    this.#shownRam = queried.ram.dirtyPages;
    this.#line = this.#source.lineOf(queried);
    return this.#line;
  }
}

function sourceOf(core: Core, kind: QueryKind): LineSource {
  switch (core.version.query) {
    case 'migrate_pending':
      return oldSource(core);
    case 'migrate_pending_estimate':
      return sourceOfTwoKinds(core, kind);
    case 'qemu_savevm_query_pending':
      return newSource(core, kind);
  }
}

function oldSource({ tracer }: Core): LineSource {
  const point = tracer.point('migrate_pending');
  return {
    isOn: point.isOn,
    lineOf: ({ answer: { total, precopy, postcopy }, thresholdBytes, ram }) => {
      const compat = ram.isPostcopiable ? ram.dirtyBytes : 0;
      return point.line({ size: total, max: thresholdBytes, pre: precopy, compat, post: postcopy - compat });
    },
  };
}

function sourceOfTwoKinds({ tracer }: Core, kind: QueryKind): LineSource {
  const point = tracer.point(kind === 'estimate' ? 'migrate_pending_estimate' : 'migrate_pending_exact');
  return {
    isOn: point.isOn,
    lineOf: ({ answer: { total, precopy, stopcopy, postcopy } }) =>
      point.line({ size: total, pre: precopy + stopcopy, post: postcopy }),
  };
}

function newSource(core: Core, kind: QueryKind): LineSource {
  const point = core.tracer.point('qemu_savevm_query_pending');
  const final = kind === 'final' ? 1 : 0;
  const hasAcks = core.version.band === '11.1';
  return {
    isOn: point.isOn,
    lineOf: ({ answer: { acks, ...sums }, pendingAcks }) => {
      const exact = isExact(core, kind) ? 1 : 0;
      if (!hasAcks) return point.line({ exact, final, ...sums });
      return point.line({ exact, final, ...sums, [ACK_COLLECTED]: acks, [ACK_TOTAL]: pendingAcks });
    },
  };
}

/** The fault's final query asks the handlers for an estimate, and says so. */
function isExact({ faults }: Core, kind: QueryKind): boolean {
  return kind === 'exact' || (kind === 'final' && faults.at.finalKind === 'exact');
}
