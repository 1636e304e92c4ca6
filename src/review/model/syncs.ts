/** What the sync checks share. */
import type { CodeLine } from '../code/image.ts';
import type { Op, Path } from '../code/paths.ts';
import type { Breach, Holds } from './compare.ts';
import type { FunctionChange, SeriesModel } from './model.ts';
import { isSync, moduleOf } from './names.ts';

export const DISCARD = 'ram_postcopy_send_discard_bitmap';

/** Serves RAM's queries: what it skips may be the sync. */
export const servesRam = ({ path, inQuery }: FunctionChange): boolean => inQuery && moduleOf(path)?.name === 'RAM';

/** A sync on the path; behind it, or in a function that is not shown, there may be one. */
export function syncs(path: Path): Holds {
  if (path.ops.some(isSync)) return 'yes';
  return path.ops.some(mayhapSync) ? 'maybe' : 'no';
}

function mayhapSync(op: Op): boolean {
  if (op.kind === 'unseen') return !op.leading;
  return op.kind === 'call' && /sync/.test(op.name) && !op.name.startsWith('trace_');
}

/** A function of RAM that the rest of is not seen: QEMU's own do the sync there. */
export const isKnownToSync = ({ name }: FunctionChange): boolean => /sync|ram_state_pending/.test(name);

/** The series adds a sync somewhere else: it may have been moved. */
export function syncAddedElsewhere({ changes }: SeriesModel, than: FunctionChange): CodeLine | undefined {
  for (const change of changes) {
    if (change.name === than.name) continue;
    const line = addedSync(change);
    if (line !== undefined) return line;
  }
  return undefined;
}

export function addedSync(change: FunctionChange): CodeLine | undefined {
  for (const id of ['exact', 'final', 'switchover'] as const) {
    for (const { ops } of change.after(id)?.paths ?? []) {
      const op = ops.find((one) => isSync(one) && one.kind === 'call' && one.line.changed);
      if (op?.kind === 'call') return op.line;
    }
  }
  return undefined;
}

/** Only in a switchover to postcopy. */
export const isPostcopy = ({ conditions }: Breach): boolean =>
  conditions.some((text) => /postcopy/i.test(text) && !text.startsWith('!'));

/** The function that makes the discard bitmap, as the series leaves it. */
export const discardChange = ({ changes }: SeriesModel): FunctionChange | undefined =>
  changes.findLast(({ name }) => name === DISCARD);
