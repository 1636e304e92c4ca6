/**
 * Makes the arguments of an event from their values. What comes by the million
 * is written out: an object whose keys the program names is made many times as
 * fast as one whose keys are values.
 */
import type { ArgValues } from '../../catalog/declaration.ts';

type Value = number | string;
/** From the values that begin at `from`. */
type Make = (values: ArrayLike<Value>, from: number) => ArgValues;

const of = (value: Value | undefined): Value => value ?? 0;

/** By the names of the arguments, in their order. */
const WRITTEN_OUT: ReadonlyMap<string, Make> = new Map<string, Make>([
  [
    'exact,final,precopy,stopcopy,postcopy,total',
    (v, at) => ({
      exact: of(v[at]),
      final: of(v[at + 1]),
      precopy: of(v[at + 2]),
      stopcopy: of(v[at + 3]),
      postcopy: of(v[at + 4]),
      total: of(v[at + 5]),
    }),
  ],
  ['size,pre,post', (v, at) => ({ size: of(v[at]), pre: of(v[at + 1]), post: of(v[at + 2]) })],
  [
    'size,max,pre,compat,post',
    (v, at) => ({
      size: of(v[at]),
      max: of(v[at + 1]),
      pre: of(v[at + 2]),
      compat: of(v[at + 3]),
      post: of(v[at + 4]),
    }),
  ],
  ['dirty_pages', (v, at) => ({ dirty_pages: of(v[at]) })],
  [
    'transferred,time_spent,bandwidth,switchover_bw,max_size',
    (v, at) => ({
      transferred: of(v[at]),
      time_spent: of(v[at + 1]),
      bandwidth: of(v[at + 2]),
      switchover_bw: of(v[at + 3]),
      max_size: of(v[at + 4]),
    }),
  ],
  ['id,section_id', (v, at) => ({ id: of(v[at]), section_id: of(v[at + 1]) })],
  ['id,section_id,ret', (v, at) => ({ id: of(v[at]), section_id: of(v[at + 1]), ret: of(v[at + 2]) })],
  ['pending', (v, at) => ({ pending: of(v[at]) })],
]);

const NOTHING: ArgValues = {};

export function makerOf(names: readonly string[]): Make {
  if (names.length === 0) return () => NOTHING;
  return (
    WRITTEN_OUT.get(names.join()) ??
    ((values, from) => Object.fromEntries(names.map((name, at) => [name, of(values[from + at])])))
  );
}
