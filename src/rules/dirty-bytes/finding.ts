import { addUint64, type Uint64 } from '../../base/uint64.ts';
import type { Place } from '../../ingest/trace-item.ts';
import type { Query } from '../../replay/run.ts';
import { type Judgement, violated } from '../rule.ts';

/** The sentence that both witnesses end in. */
export function notStored(
  { totalBytes, kind, at }: Pick<Query, 'totalBytes' | 'kind' | 'at'>,
  actual: string,
  proof: readonly Place[],
): Judgement {
  return violated({
    message: `the ${kind} query did not store its total ${totalBytes} as dirty_bytes_total`,
    expected: `dirty_bytes_total is ${totalBytes} after this query`,
    actual,
    evidence: [at.place, ...proof],
  });
}

/** The total that the parts of a query make. */
export function sumOf({ precopyBytes, stopcopyBytes, postcopyBytes }: Query): Uint64 {
  return addUint64(precopyBytes, stopcopyBytes, postcopyBytes);
}
