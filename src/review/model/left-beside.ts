/** A series that brings the final query, and leaves postcopy's own last sync where it was. */
import type { CodeLine } from '../code/image.ts';
import { isComplete, isEnd } from './check.ts';
import { somePath } from './compare.ts';
import type { SeriesModel } from './model.ts';
import { isSync, syncOf } from './names.ts';
import { discardChange, servesRam } from './syncs.ts';

export interface LeftSync {
  /** The series shows it; else it is as the older base has it. */
  readonly seen: boolean;
  readonly marked: boolean;
  readonly notifies: boolean;
}

/** Of ram_postcopy_send_discard_bitmap(); undefined where it is gone, or where no final query syncs. */
export function leftBesideFinal(model: SeriesModel): LeftSync | undefined {
  if (!model.bringsFinal || finalSyncLine(model) === undefined) return undefined;
  const change = discardChange(model);
  if (change === undefined) return { seen: false, marked: false, notifies: false };
  const op = change.after('switchover')?.paths.flatMap(({ ops }) => ops.filter(isSync))[0];
  const sync = op === undefined ? undefined : syncOf(op);
  if (sync !== undefined) return { seen: true, marked: sync.lastStage !== false, notifies: sync.notifies };
  const wasThere = model.changes.some(
    ({ name, before }) => name === change.name && somePath(before('switchover'), ({ ops }) => ops.some(isSync)),
  );
  return wasThere ? undefined : { seen: false, marked: false, notifies: false };
}

const COMPLETE = 'ram_save_complete';

/** The same of the end of RAM in precopy: 10.2 syncs there, and the series does not take it away. */
export function leftInCompletion(model: SeriesModel): Pick<LeftSync, 'seen'> | undefined {
  if (!model.bringsFinal || !isEnd(model) || finalSyncLine(model) === undefined) return undefined;
  const own = model.changes.filter(({ name }) => name === COMPLETE);
  const last = own.at(-1);
  if (last === undefined) return isComplete(model) ? { seen: false } : undefined;
  if (somePath(last.after('switchover'), ({ ops }) => ops.some(isSync))) return { seen: true };
  const wasThere = own.some(({ before }) => somePath(before('switchover'), ({ ops }) => ops.some(isSync)));
  const unseen = somePath(last.after('switchover'), ({ ops }) => ops.some(({ kind }) => kind === 'unseen'));
  return wasThere || !unseen || !isComplete(model) ? undefined : { seen: false };
}

/** The sync that the final query makes. */
export function finalSyncLine({ changes }: SeriesModel): CodeLine | undefined {
  for (const change of changes) {
    if (!servesRam(change)) continue;
    for (const { ops } of change.after('final')?.paths ?? []) {
      const op = ops.find(isSync);
      if (op?.kind === 'call' && op.line.changed) return op.line;
    }
  }
  return undefined;
}
