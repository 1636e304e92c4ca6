/** Sections on the stream: one per module and round, one per device at the end. */
import { DONE, Done, type Steps } from '../clock/scheduler.ts';
import { IO_ERROR, type Module, type SaveResult } from '../modules/module.ts';
import { type PlainDevice, plainDevices } from '../modules/plain-devices.ts';
import { addedDevices } from '../modules/registry.ts';
import type { Attempt } from './attempt.ts';
import { checkpoint } from './commands.ts';
import { syncMultifd } from './setup.ts';
import { reportStderr } from './stderr.ts';

const NO_ARGS = {};

const HEAD_BYTES = 5;
const FOOT_BYTES = 5;

/** The round whose section fails, where one is to fail. */
const FAILING_ROUND = 3;

/** qemu_savevm_state_iterate(): each module's turn, until the rate limit stops it. */
export function iterateModules(attempt: Attempt): Steps {
  const { savevm_state_iterate: point } = attempt.core.points;
  if (point.isOn) point.print(NO_ARGS);
  return iterateFrom(attempt, 0);
}

function iterateFrom(attempt: Attempt, from: number): Steps {
  const { activeModules: modules } = attempt;
  for (let index = from; index < modules.length; index += 1) {
    const module = modules[index];
    if (module === undefined || !module.iterates) continue;
    if (attempt.isPostcopyBegun && !module.isPostcopiable) continue;
    if (attempt.rateExceeded()) return DONE;
    beginSection(attempt, module);
    const saved = iterate(attempt, module);
    if (!(saved instanceof Done)) return iterateRest(attempt, module, saved, index + 1);
    endSection(attempt, module, saved.value);
    if (!goesOn(attempt, module, saved.value)) return DONE;
  }
  return DONE;
}

function* iterateRest(attempt: Attempt, module: Module, saved: Steps<SaveResult>, from: number): Steps {
  const result = yield* saved;
  endSection(attempt, module, result);
  if (goesOn(attempt, module, result)) yield* iterateFrom(attempt, from);
}

/** Whether the module behind this one has its turn. */
function goesOn(attempt: Attempt, module: Module, result: SaveResult): boolean {
  if (result < 0) {
    reportStderr(attempt, saveError(module, result));
    attempt.stream.error ??= CHANNEL_ERROR;
  }
  if (result > 0) {
    if (attempt.capabilities.multifd && module.name === 'ram') syncMultifd(attempt);
    return true;
  }
  // 7.2 lets no module pass one that has more to send.
  return result === 0 && attempt.core.version.band !== '7.2';
}

/** What a handler's error leaves on the stream when the stream itself had none. */
const CHANNEL_ERROR = 'Channel error: Input/output error';

function iterate(attempt: Attempt, module: Module): Steps<SaveResult> {
  const { failsAt } = attempt.run;
  if (failsAt === 'postcopy') breakInPostcopy(attempt);
  if (failsAt !== 'iterate') return module.iterate();
  attempt.rounds += 1;
  return attempt.rounds === FAILING_ROUND ? failingHandler(attempt) : module.iterate();
}

/** Once: over a new link it goes on. */
function breakInPostcopy(attempt: Attempt): void {
  if (!attempt.isPostcopyBegun || attempt.state !== 'postcopy-active') return;
  attempt.rounds += 1;
  if (attempt.rounds === 1) attempt.stream.isBroken = true;
}

function complete(attempt: Attempt, module: Module): Steps<SaveResult> {
  const fails = attempt.run.failsAt === 'completion' && module.name === 'ram';
  return fails ? failingHandler(attempt) : module.complete();
}

function* failingHandler({ core }: Attempt): Steps<SaveResult> {
  yield* core.sleep(20_000);
  return IO_ERROR;
}

function saveError({ name, sectionId }: Module, result: SaveResult): string {
  return `failed to save SaveStateEntry with id(name): ${sectionId}(${name}): ${result}`;
}

type Save = (attempt: Attempt, module: Module) => Steps<SaveResult>;

export function* section(attempt: Attempt, module: Module, save: Save): Steps<SaveResult> {
  beginSection(attempt, module);
  const result = yield* save(attempt, module);
  endSection(attempt, module, result);
  return result;
}

function beginSection({ core, stream }: Attempt, { name, sectionId }: Module): void {
  const { savevm_section_start: point } = core.points;
  if (point.isOn) point.print({ id: name, section_id: sectionId });
  stream.put(HEAD_BYTES);
}

function endSection({ core, stream }: Attempt, { name, sectionId }: Module, ret: SaveResult): void {
  const { savevm_section_end: point } = core.points;
  if (point.isOn) point.print({ id: name, section_id: sectionId, ret });
  stream.put(FOOT_BYTES);
}

/**
 * The rest of the modules; in a postcopy switchover of those only that cannot
 * wait. An error's text is QEMU's, without the reason.
 */
export function* completeModules(attempt: Attempt, withPostcopiable: boolean): Steps<boolean> {
  const { core } = attempt;
  for (const module of attempt.modules) {
    const startNs = core.nowNs;
    const isDue = module.isActive && (withPostcopiable || !module.isPostcopiable);
    if (isDue) {
      const result = yield* section(attempt, module, complete);
      if (result < 0) attempt.stream.error ??= CHANNEL_ERROR;
      if (result < 0) return false;
      if (module.name === 'ram') syncMultifd(attempt);
    }
    if (isDue || (withPostcopiable && core.version.savesInactiveIterables)) {
      saved(attempt, 'iterable', module.name, 0, startNs);
    }
  }
  checkpoint(attempt, 'src-iterable-saved');
  return true;
}

/** In postcopy's end: no checkpoint and no times, which are of the downtime. */
export function* completeInPostcopy(attempt: Attempt): Steps {
  for (const module of attempt.modules) {
    if (module.isActive && module.isPostcopiable) yield* section(attempt, module, complete);
  }
}

/** qemu_savevm_state_non_iterable(), with the BQL; reads the vCPUs' registers first. The error's text, if there was one. */
export function* saveDevices(attempt: Attempt, savedState: string): Steps<string | undefined> {
  const { core, run } = attempt;
  yield* attempt.vm.synchronizeStates();
  const devices: readonly PlainDevice[] = [...plainDevices(core.version.band), ...addedDevices(run.modules)];
  for (const device of devices) {
    const startNs = core.nowNs;
    if (run.failsAt === 'device-save' && device === devices.at(-1)) return failDevice(attempt, device);
    yield* saveDevice(attempt, device, savedState);
    saved(attempt, 'non-iterable', device.name, device.instance, startNs);
    if (device.name === 'timer') saveLiveOnes(attempt);
  }
  checkpoint(attempt, 'src-non-iterable-saved');
  yield* core.sleep(0);
  return undefined;
}

function* saveDevice({ core, stream }: Attempt, device: PlainDevice, state: string): Steps {
  const args = { id: device.name, section_id: device.sectionId };
  if (device.isSkipped) {
    core.tracer.event('savevm_section_skip', args);
    return;
  }
  core.tracer.event('savevm_section_start', args);
  if (device.name === 'globalstate') core.tracer.event('migrate_global_state_pre_save', { state });
  core.spend(4_000 + device.bytes * 20);
  if (device.saveMs !== undefined) yield* core.sleep(device.saveMs * 1e6);
  stream.put(HEAD_BYTES + device.bytes + FOOT_BYTES);
  core.tracer.event('savevm_section_end', { ...args, ret: 0 });
}

/** vmstate_save(): the section that was begun has no end. 7.2 tells nobody why. */
function failDevice(attempt: Attempt, { name, sectionId }: PlainDevice): string {
  const { core, stream } = attempt;
  core.tracer.event('savevm_section_start', { id: name, section_id: sectionId });
  core.spend(4_000);
  const text = `pre-save failed: ${name}`;
  attempt.reportError(text);
  if (core.version.hasMigrateError) reportStderr(attempt, text);
  stream.error ??= 'Channel error: Invalid argument';
  return stream.error;
}

/** The list of savevm entries is gone through a second time: live ones have nothing to save then. */
function saveLiveOnes(attempt: Attempt): void {
  for (const { name } of attempt.modules.slice(0, 2)) saved(attempt, 'non-iterable', name, 0, attempt.core.nowNs);
}

function saved({ core }: Attempt, type: string, idstr: string, instance_id: number, startNs: number): void {
  if (!core.version.hasCheckpoints) return;
  const downtime = Math.floor((core.nowNs - startNs) / 1000);
  core.tracer.event('vmstate_downtime_save', { type, idstr, instance_id, downtime });
}
