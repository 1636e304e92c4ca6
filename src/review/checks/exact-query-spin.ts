import type { Op, Path } from '../code/paths.ts';
import { defineCheck, entries, remarkAt } from '../model/check.ts';
import { everyPath, somePath } from '../model/compare.ts';
import { deletedAt, lineOf } from '../model/guilt.ts';
import { ITERATION, queryOf } from '../model/names.ts';
import { isExact } from '../model/orders.ts';

const isEstimate = (op: Op): boolean => queryOf(op)?.exact === false;
const asksExactly = ({ ops }: Path): boolean => ops.some(isExact);

export const exactQuerySpin = defineCheck({
  id: 'exact-query-spin',
  what: 'The iteration asks exactly every time, and makes no estimate any more.',
  why: 'An exact query syncs all dirty bitmaps under the BQL: once per iteration it stops the monitor, and the guest with it, thousands of times a second.',
  limits: 'An estimate that a function makes which the series does not show is not seen.',
  run: (model) =>
    entries(model, ({ name }) => ITERATION.test(name)).flatMap((change) => {
      const [pre, post] = [change.before('switchover'), change.after('switchover')];
      const estimated = somePath(pre, ({ ops }) => ops.some(isEstimate)) && !everyPath(pre, asksExactly);
      if (!estimated || somePath(post, ({ ops }) => ops.some(isEstimate)) || !everyPath(post, asksExactly)) return [];
      const query = post?.paths[0]?.ops.find(isExact);
      const line = lineOf(query);
      return remarkAt(model, line?.changed === true ? line : (deletedAt(change, isEstimate) ?? change.changed[0]), {
        rule: 'exact-query-spin',
        severity: 'warning',
        confidence: 'likely',
        message:
          'Every iteration begins with an exact query now. It syncs all dirty bitmaps, under the BQL; the estimate is what keeps it to the few times when little is left.',
        reason: `No path of ${change.name}() makes an estimate any more, and each makes an exact query.`,
      });
    }),
});
