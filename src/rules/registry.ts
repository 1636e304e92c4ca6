import { dirtyBytesNotUpdated } from './checks/dirty-bytes-not-updated.ts';
import { exactWithoutSync } from './checks/exact-without-sync.ts';
import { finalBeforeStop } from './checks/final-before-stop.ts';
import { finalMissing } from './checks/final-missing.ts';
import { finalNotExact } from './checks/final-not-exact.ts';
import { finalRepeated } from './checks/final-repeated.ts';
import { finalWithoutBql } from './checks/final-without-bql.ts';
import { finalWithoutSync } from './checks/final-without-sync.ts';
import { postcopySwitchoverWithoutSync } from './checks/postcopy-switchover-without-sync.ts';
import { totalNotSum } from './checks/total-not-sum.ts';
import type { Rule } from './rule.ts';

/** Every rule, in the order of the report. A test holds this list against the folder. */
export const RULES: readonly Rule[] = [
  finalWithoutBql,
  finalMissing,
  finalRepeated,
  finalBeforeStop,
  finalNotExact,
  finalWithoutSync,
  postcopySwitchoverWithoutSync,
  dirtyBytesNotUpdated,
  exactWithoutSync,
  totalNotSum,
];
