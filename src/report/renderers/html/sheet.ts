/** What every section of the page is given, and the pieces that they share. */
import { type Elided, elide, plural } from '../../../base/text.ts';
import type { Report, Severity, VerdictReport } from '../../report.ts';
import type { Beside } from '../renderer.ts';
import { html, type Markup, type Piece } from './markup.ts';
import type { Room } from './room.ts';

export class Sheet {
  readonly report: Report;
  readonly beside: Beside;
  readonly room: Room;
  readonly #leftOut = new Map<string, number>();

  constructor(report: Report, beside: Beside, room: Room) {
    this.report = report;
    this.beside = beside;
    this.room = room;
  }

  /** The first ones that there is room for; the rest is noted as left out. */
  first<T>(items: readonly T[], room: number, what: string): readonly T[] {
    this.leaveOut(items.length - room, what);
    return items.slice(0, room);
  }

  /** `what` in the plural. */
  leaveOut(count: number, what: string): void {
    if (count > 0) this.#leftOut.set(what, (this.#leftOut.get(what) ?? 0) + count);
  }

  /** `12 iterations`, in the order of the page. */
  get leftOut(): readonly string[] {
    return [...this.#leftOut].map(([what, count]) => `${count} ${what}`);
  }

  /** Text of one sentence or cell, shortened in its middle where it is endless. */
  prose(text: string): Markup {
    return shortened(text, this.room.prose);
  }
}

export function shortened(text: string, limit: number): Markup {
  return elided(elide(text, limit));
}

export function elided({ head, omitted, tail }: Elided): Markup {
  if (omitted === 0) return html`${head}`;
  return html`${head}<span class="muted"> [${omitted} characters omitted] </span>${tail}`;
}

export function code(text: string, limit = 200): Markup {
  return html`<code>${shortened(text, limit)}</code>`;
}

/** `src.log:2619` */
export function placeOf({ file, line }: { readonly file: string; readonly line: number }): Markup {
  return html`<code>${shortened(file, 120)}:${line}</code>`;
}

export function tag(kind: Severity | 'plain', text: string): Markup {
  return html`<span class="tag ${kind}">${text}</span>`;
}

export function omittedNote(count: number, noun: string, nouns?: string): Piece {
  return count > 0 ? html`<p class="muted">${plural(count, noun, nouns)} omitted</p>\n` : undefined;
}

/** A section of the page that can be linked to. */
export function section(id: string, title: string, ...content: readonly Piece[]): Markup {
  return html`<section id="${id}" aria-labelledby="${id}-title">
<h2 id="${id}-title">${title}</h2>
${content}</section>
`;
}

/** What a link to a verdict names: `final-without-bql-0`. */
export function verdictId({ rule, migration }: Pick<VerdictReport, 'rule' | 'migration'>): string {
  return `${rule
    .slice(0, 80)
    .replaceAll(/[^A-Za-z0-9_-]/g, '_')
    .replace(/^(?![A-Za-z])/, 'r')}-${migration}`;
}

/** `migration 1`; empty where there is only one. */
export function ofMigration({ migration }: Pick<VerdictReport, 'migration'>, { report }: Sheet): string {
  return report.migrations.length > 1 ? `migration ${migration}` : '';
}
