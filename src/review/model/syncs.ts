/** What the sync checks share. */
import type { CodeLine } from '../code/image.ts';
import type { Op, Path } from '../code/paths.ts';
import { truthOf } from '../code/values.ts';
import type { Breach, Holds } from './compare.ts';
import type { FunctionChange, SeriesModel } from './model.ts';
import { isSync, moduleOf } from './names.ts';

export const DISCARD = 'ram_postcopy_send_discard_bitmap';

/** Serves RAM's queries: what it skips may be the sync. */
export const servesRam = ({ path, inQuery }: FunctionChange): boolean => inQuery && moduleOf(path)?.name === 'RAM';

/** A sync, or a helper of such a name that is not shown. */
export const mayBeSync = (op: Op): boolean => isSync(op) || asksToSync(op);

/** A sync on the path; behind it, or in a function that is not shown, there may be one. */
export function syncs(path: Path): Holds {
  if (path.ops.some(mayBeSync)) return 'yes';
  return path.ops.some(isRest) ? 'maybe' : 'no';
}

const SYNC_HELPER = /^(?!trace_).*(?:pending\w*sync|sync\w*pending|(?:dirty|bitmap)\w*sync|sync\w*(?:dirty|bitmap))/;

/** A function of that name which is not shown; told exact=false it does nothing. */
function asksToSync(op: Op): boolean {
  if (op.kind !== 'call' || op.indirect || !SYNC_HELPER.test(op.name)) return false;
  const [first] = op.args;
  return first === undefined || truthOf(first) !== false;
}

/** Code that no hunk shows, below what one shows. */
const isRest = (op: Op): boolean => op.kind === 'unseen' && !op.leading;

/** Keeps off the sync: also the one that stands in the part of such a function that is not shown. */
export function isQuiet(change: FunctionChange): (path: Path) => Holds {
  const isKnown = /sync/.test(change.name);
  return ({ ops }) => (ops.some((op) => isSync(op) || (isKnown && isRest(op))) ? 'no' : 'yes');
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
