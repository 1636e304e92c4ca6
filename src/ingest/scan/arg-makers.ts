/**
 * Makes the arguments of an event from their values. What comes by the million
 * is written out: an object whose keys the program names is made many times as
 * fast as one whose keys are values.
 */
import type { ArgValues } from '../../catalog/declaration.ts';

type Value = number | string;
type Make = (values: readonly Value[]) => ArgValues;

const of = (value: Value | undefined): Value => value ?? 0;

/** By the names of the arguments, in their order. */
const WRITTEN_OUT: ReadonlyMap<string, Make> = new Map<string, Make>([
  [
    'exact,final,precopy,stopcopy,postcopy,total',
    (v) => ({
      exact: of(v[0]),
      final: of(v[1]),
      precopy: of(v[2]),
      stopcopy: of(v[3]),
      postcopy: of(v[4]),
      total: of(v[5]),
    }),
  ],
  ['size,pre,post', (v) => ({ size: of(v[0]), pre: of(v[1]), post: of(v[2]) })],
  [
    'size,max,pre,compat,post',
    (v) => ({ size: of(v[0]), max: of(v[1]), pre: of(v[2]), compat: of(v[3]), post: of(v[4]) }),
  ],
  ['dirty_pages', (v) => ({ dirty_pages: of(v[0]) })],
  [
    'transferred,time_spent,bandwidth,switchover_bw,max_size',
    (v) => ({
      transferred: of(v[0]),
      time_spent: of(v[1]),
      bandwidth: of(v[2]),
      switchover_bw: of(v[3]),
      max_size: of(v[4]),
    }),
  ],
  ['id,section_id', (v) => ({ id: of(v[0]), section_id: of(v[1]) })],
  ['id,section_id,ret', (v) => ({ id: of(v[0]), section_id: of(v[1]), ret: of(v[2]) })],
  ['pending', (v) => ({ pending: of(v[0]) })],
]);

const NOTHING: ArgValues = {};

export function makerOf(names: readonly string[]): Make {
  if (names.length === 0) return () => NOTHING;
  return (
    WRITTEN_OUT.get(names.join()) ?? ((values) => Object.fromEntries(names.map((name, at) => [name, of(values[at])])))
  );
}
