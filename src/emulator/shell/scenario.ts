/** A scenario: a JSON file that says what is simulated, in the words of --set where it can. */
import { UserError } from '../../base/errors.ts';
import { visible } from '../../base/text.ts';
import { BANDS, type Band, STATES } from '../../catalog/vocabulary.ts';
import {
  type Command,
  DEFAULT_GUEST,
  DEFAULT_PROCESS,
  DEFAULT_RUN,
  type EmulatorConfig,
  type GuestPhase,
  type Moment,
  type RunConfig,
} from '../config.ts';
import type { JsonObject } from './json-object.ts';
import { readModule } from './module-config.ts';
import { type Scope, SETTING_KEYS } from './setting-keys.ts';
import { BYTES, choice, MAX_MS, milliseconds, RATE } from './values.ts';

export interface Scenario {
  readonly title: string;
  readonly description: string;
  readonly versions: readonly Band[];
  /** Of 11.1, seed 1, without faults. */
  readonly config: EmulatorConfig;
}

/** @throws UserError that says which key of the file is wrong. */
export function readScenario(file: string, root: JsonObject): Scenario {
  const title = root.text('title');
  const description = root.text('description');
  const versions = readVersions(root);
  const runs = root.objects('runs').map(readRun);
  const phases = root.objects('phases').map(readPhase);
  const shared = root.object('set')?.settings() ?? [];
  root.end();
  const base: EmulatorConfig = {
    version: '11.1',
    seed: 1,
    guest: DEFAULT_GUEST,
    runs: runs.length === 0 ? [DEFAULT_RUN] : runs.map(({ run }) => run),
    ...DEFAULT_PROCESS,
  };
  const config = applyAll(base, shared, file, 'set.');
  const set = runs.map(({ settings }, index) => {
    const place = `runs[${index}].set.`;
    const own = applyAll({ ...config, runs: config.runs.slice(index, index + 1) }, settings, file, place, 'run');
    return own.runs;
  });
  const guest = { ...config.guest, phases };
  return {
    title,
    description,
    versions,
    config: { ...config, guest, runs: set.length === 0 ? config.runs : set.flat() },
  };
}

type Settings = readonly (readonly [string, string])[];

function applyAll(
  config: EmulatorConfig,
  settings: Settings,
  file: string,
  place: string,
  scope?: Scope,
): EmulatorConfig {
  return settings.reduce((known, [key, value]) => {
    const setting = SETTING_KEYS.get(key);
    const where = `${visible(file)}: ${place}${visible(key)}`;
    if (setting === undefined) throw new UserError(`${where} is no setting; \`qtrace emulate --list\` lists them`);
    if (scope !== undefined && setting.scope !== scope) {
      throw new UserError(`${where} holds for the whole process; write it into the file's own "set"`);
    }
    const applied = setting.apply(known, value);
    if (applied !== undefined) return applied;
    throw new UserError(`${where} is ${visible(value)}; write ${formOf(setting)}`);
  }, config);
}

/** The scenario in a version, with faults and in the words of --set. @throws UserError */
export function configFor(
  { config }: Scenario,
  {
    version,
    seed,
    faults,
    set,
  }: Pick<EmulatorConfig, 'version' | 'seed' | 'faults'> & { readonly set: readonly string[] },
): EmulatorConfig {
  const chosen = set.reduce(applySetting, { ...config, version, seed, faults });
  refuseWhatIsMissing(chosen);
  return chosen;
}

/** Capabilities and parameters that are younger than a version. */
const YOUNGER: readonly string[] = ['avail-switchover-bandwidth', 'dirty-limit', 'switchover-ack', 'vcpu-dirty-limit'];

function refuseWhatIsMissing({ version, runs }: EmulatorConfig): void {
  if (version !== '7.2') return;
  const used = runs.flatMap(({ capabilities, parameters }) => Object.entries({ ...capabilities, ...parameters }));
  const missing = used.find(([name, value]) => value !== false && YOUNGER.includes(name));
  if (missing === undefined) return;
  const others = BANDS.filter((band) => band !== version).join(', ');
  throw new UserError(`QEMU ${version} has no ${missing[0]}; choose --qemu ${others}`);
}

/** One KEY=VALUE of the command line. @throws UserError */
export function applySetting(config: EmulatorConfig, text: string): EmulatorConfig {
  const equals = text.indexOf('=');
  const [key, value] = equals < 0 ? [text, undefined] : [text.slice(0, equals), text.slice(equals + 1)];
  const setting = SETTING_KEYS.get(key);
  if (setting === undefined) {
    throw new UserError(`--set ${visible(key)} is no setting; use one of ${[...SETTING_KEYS.keys()].join(', ')}`);
  }
  const applied = value === undefined ? undefined : setting.apply(config, value);
  if (applied !== undefined) return applied;
  throw new UserError(`--set ${visible(text)}: not a value of ${key}; write ${key}=${formOf(setting)}`);
}

function formOf({ form, example }: { readonly form: string; readonly example: string }): string {
  return /^(?:SIZE|BYTES\/s|MS)/.test(form) ? `${form}, such as ${example}` : form;
}

function readVersions(root: JsonObject): readonly Band[] {
  const named = root.texts('versions');
  if (named.length === 0) return BANDS;
  return named.map((name) => {
    const band = BANDS.find((known) => known === name);
    return band ?? root.fail('versions', `write some of ${BANDS.join(', ')}`);
  });
}

interface ReadRun {
  readonly run: RunConfig;
  readonly settings: Settings;
}

function readRun(object: JsonObject): ReadRun {
  const settings = object.object('set')?.settings() ?? [];
  const modules = object.objects('modules').map(readModule);
  const commands = object.objects('commands').map(readCommand);
  const breaks = object.objects('breaks').map((one) => one.ended(readMoment(one)));
  object.end();
  const channel = { ...DEFAULT_RUN.channel, breaks };
  return { run: { ...DEFAULT_RUN, modules, commands, channel }, settings };
}

const COMMANDS = [
  'migrate-start-postcopy',
  'migrate-cancel',
  'migrate-continue',
  'migrate-pause',
  'migrate-resume',
  'migrate-set-parameters',
] as const;

function readCommand(object: JsonObject): Command {
  const command = object.required('command', choice(COMMANDS));
  const at = readMoment(object);
  if (command !== 'migrate-set-parameters') return object.ended({ command, at });
  const settings = object.object('parameters')?.settings() ?? object.fail('parameters', 'write {"NAME": VALUE}');
  // Read as those of a run, so that names and values are checked in one place.
  const empty: EmulatorConfig = {
    version: '11.1',
    seed: 1,
    guest: DEFAULT_GUEST,
    runs: [DEFAULT_RUN],
    ...DEFAULT_PROCESS,
  };
  const parameters = settings.reduce((known, [key, value]) => {
    const applied = SETTING_KEYS.get(key)?.apply(known, value);
    const same = applied === undefined || applied.runs[0]?.parameters === known.runs[0]?.parameters;
    return same ? object.fail('parameters', `write parameters of QEMU; ${key} or its value is none`) : applied;
  }, empty).runs[0]?.parameters;
  return object.ended({ command, at, parameters: parameters ?? {} });
}

function readMoment(object: JsonObject): Moment {
  const state = object.value('state', { ...choice(STATES), form: `one of ${STATES.join(', ')}`, example: 'active' });
  const afterMs = object.value('after-ms', milliseconds(MAX_MS)) ?? 0;
  return state === undefined ? { afterMs } : { state, afterMs };
}

function readPhase(object: JsonObject): GuestPhase {
  const workingSetBytes = object.value('working-set', BYTES);
  const phase = {
    fromMs: object.required('from-ms', milliseconds(MAX_MS)),
    dirtyRateBytesPerSecond: object.required('dirty-rate', RATE),
  };
  return object.ended(workingSetBytes === undefined ? phase : { ...phase, workingSetBytes });
}
