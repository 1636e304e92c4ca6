/** The scenarios that come with qtrace. They are part of the program, so that it finds them wherever it is run. */
import autoConverge from '../../../fixtures/scenarios/auto-converge.json' with { type: 'json' };
import backgroundSnapshot from '../../../fixtures/scenarios/background-snapshot.json' with { type: 'json' };
import cancel from '../../../fixtures/scenarios/cancel.json' with { type: 'json' };
import cmma from '../../../fixtures/scenarios/cmma.json' with { type: 'json' };
import colo from '../../../fixtures/scenarios/colo.json' with { type: 'json' };
import dirtyBitmaps from '../../../fixtures/scenarios/dirty-bitmaps.json' with { type: 'json' };
import dirtyLimit from '../../../fixtures/scenarios/dirty-limit.json' with { type: 'json' };
import failure from '../../../fixtures/scenarios/failure.json' with { type: 'json' };
import failureAtDeviceSave from '../../../fixtures/scenarios/failure-at-device-save.json' with { type: 'json' };
import failureAtSwitchover from '../../../fixtures/scenarios/failure-at-switchover.json' with { type: 'json' };
import nonConverging from '../../../fixtures/scenarios/non-converging.json' with { type: 'json' };
import pauseBeforeSwitchover from '../../../fixtures/scenarios/pause-before-switchover.json' with { type: 'json' };
import postcopy from '../../../fixtures/scenarios/postcopy.json' with { type: 'json' };
import postcopyRecover from '../../../fixtures/scenarios/postcopy-recover.json' with { type: 'json' };
import precopy from '../../../fixtures/scenarios/precopy.json' with { type: 'json' };
import slowDevice from '../../../fixtures/scenarios/slow-device.json' with { type: 'json' };
import snapshot from '../../../fixtures/scenarios/snapshot.json' with { type: 'json' };
import twoRuns from '../../../fixtures/scenarios/two-runs.json' with { type: 'json' };
import unreachable from '../../../fixtures/scenarios/unreachable.json' with { type: 'json' };
import vfio from '../../../fixtures/scenarios/vfio.json' with { type: 'json' };
import vfioAckAtSwitchover from '../../../fixtures/scenarios/vfio-ack-at-switchover.json' with { type: 'json' };
import vfioInitialAgain from '../../../fixtures/scenarios/vfio-initial-again.json' with { type: 'json' };
import vfioSwitchoverAck from '../../../fixtures/scenarios/vfio-switchover-ack.json' with { type: 'json' };
import { JsonObject } from './json-object.ts';
import { readScenario, type Scenario } from './scenario.ts';

/** In the order in which --list shows them. */
const FILES: Readonly<Record<string, unknown>> = {
  precopy,
  postcopy,
  'postcopy-recover': postcopyRecover,
  cancel,
  failure,
  'failure-at-switchover': failureAtSwitchover,
  'failure-at-device-save': failureAtDeviceSave,
  unreachable,
  'pause-before-switchover': pauseBeforeSwitchover,
  'non-converging': nonConverging,
  'auto-converge': autoConverge,
  'dirty-limit': dirtyLimit,
  vfio,
  'vfio-switchover-ack': vfioSwitchoverAck,
  'vfio-initial-again': vfioInitialAgain,
  'vfio-ack-at-switchover': vfioAckAtSwitchover,
  cmma,
  'slow-device': slowDevice,
  'dirty-bitmaps': dirtyBitmaps,
  snapshot,
  'background-snapshot': backgroundSnapshot,
  colo,
  'two-runs': twoRuns,
};

export const SCENARIO_NAMES: readonly string[] = Object.keys(FILES);

/** undefined when none is called so. */
export function bundledScenario(name: string): Scenario | undefined {
  const file = Object.hasOwn(FILES, name) ? FILES[name] : undefined;
  return file === undefined ? undefined : readScenario(`${name}.json`, JsonObject.of(file, `${name}.json`));
}

export function scenarioFromText(text: string, file: string): Scenario {
  return readScenario(file, JsonObject.parse(text, file));
}
