/** The settings of a simulation: QEMU's capabilities and parameters by QEMU's names, and those of the guest and its user. */
import {
  type ChannelConfig,
  type Command,
  DEFAULT_PROCESS,
  type EmulatorConfig,
  FAILURE_POINTS,
  type GuestConfig,
  type ModuleConfig,
  type RunConfig,
} from '../config.ts';
import { CAPABILITIES, type Capability, PARAMETERS, type Parameter } from '../settings.ts';
import { MODULE_DEFAULTS } from './module-config.ts';
import {
  BYTES,
  choice,
  MAX_MS,
  milliseconds,
  moment,
  RATE,
  rate,
  SWITCH,
  size,
  type ValueKind,
  whole,
} from './values.ts';

/** `process`: of the guest and the QEMU process, for all runs in it. */
export type Scope = 'process' | 'run';

export interface SettingKey {
  readonly scope: Scope;
  readonly form: string;
  readonly example: string;
  readonly summary: string;
  /** undefined: the text is no value of this setting. */
  apply(config: EmulatorConfig, text: string): EmulatorConfig | undefined;
}

const TERABYTE = 2 ** 40;
const MAX_RATE = 2 ** 47;

function setting<T>(
  scope: Scope,
  { form, example, read }: ValueKind<T>,
  summary: string,
  change: (config: EmulatorConfig, value: T) => EmulatorConfig,
): SettingKey {
  const apply = (config: EmulatorConfig, text: string): EmulatorConfig | undefined => {
    const value = read(text);
    return value === undefined ? undefined : change(config, value);
  };
  return { scope, form, example, summary, apply };
}

function ofGuest<T>(kind: ValueKind<T>, summary: string, change: (value: T) => Partial<GuestConfig>): SettingKey {
  return setting('process', kind, summary, (config, value) => ({
    ...config,
    guest: { ...config.guest, ...change(value) },
  }));
}

function ofRuns<T>(kind: ValueKind<T>, summary: string, change: (run: RunConfig, value: T) => Partial<RunConfig>) {
  return setting('run', kind, summary, (config, value) => ({
    ...config,
    runs: config.runs.map((run) => ({ ...run, ...change(run, value) })),
  }));
}

function ofChannel<T>(kind: ValueKind<T>, summary: string, change: (value: T) => Partial<ChannelConfig>): SettingKey {
  return ofRuns(kind, summary, (run, value) => ({ channel: { ...run.channel, ...change(value) } }));
}

/** The command at a time since `migrate`, instead of the scenario's own. */
function ofCommand(name: Exclude<Command['command'], 'migrate-set-parameters'>, summary: string, always?: number) {
  return ofRuns(moment(always), summary, (run, value) => {
    const others = run.commands.filter(({ command }) => command !== name);
    return { commands: value === false ? others : [...others, { command: name, at: { afterMs: value } }] };
  });
}

/** Of each module of the kind; one is added to a run that has none. */
function ofModule<K extends ModuleConfig['kind'], T>(
  kind: K,
  value: ValueKind<T>,
  summary: string,
  change: (value: T) => Partial<Extract<ModuleConfig, { readonly kind: K }>>,
): SettingKey {
  return ofRuns(value, summary, ({ modules }, given) => {
    const added: ModuleConfig[] = modules.some((one) => one.kind === kind) ? [] : [MODULE_DEFAULTS[kind]];
    const changed = [...modules, ...added].map((one) => (one.kind === kind ? { ...one, ...change(given) } : one));
    return { modules: changed };
  });
}

const PARAMETER_KINDS: Readonly<Record<Parameter, ValueKind<number>>> = {
  'avail-switchover-bandwidth': rate(MAX_RATE),
  'cpu-throttle-increment': whole(1, 99),
  'cpu-throttle-initial': whole(1, 99),
  'downtime-limit': milliseconds(2_000_000),
  'max-bandwidth': rate(MAX_RATE),
  'max-cpu-throttle': whole(1, 99),
  'max-postcopy-bandwidth': rate(MAX_RATE),
  'multifd-channels': whole(1, 255),
  'throttle-trigger-threshold': whole(1, 100),
  'vcpu-dirty-limit': whole(1, 1_000_000),
  'x-checkpoint-delay': milliseconds(MAX_MS),
};

function keysOf<T extends object>(record: T): readonly (keyof T & string)[];
function keysOf(record: object): readonly string[] {
  return Object.keys(record);
}

const capability = (name: Capability): readonly [string, SettingKey] => [
  name,
  ofRuns(SWITCH, 'capability', (run, value) => ({ capabilities: { ...run.capabilities, [name]: value } })),
];

const parameter = (name: Parameter): readonly [string, SettingKey] => [
  name,
  ofRuns(PARAMETER_KINDS[name], `parameter, ${PARAMETERS[name]} when unset`, (run, value) => ({
    parameters: { ...run.parameters, [name]: value },
  })),
];

const OTHERS: Readonly<Record<string, SettingKey>> = {
  memory: ofGuest(size(2 ** 20, 16 * TERABYTE), 'memory of the guest', (memoryBytes) => ({ memoryBytes })),
  'working-set': ofGuest(size(0, 16 * TERABYTE), 'memory that the guest writes to', (workingSetBytes) => ({
    workingSetBytes,
  })),
  'used-memory': ofGuest(size(0, 16 * TERABYTE), 'memory besides the working set that is not zero', (usedBytes) => ({
    usedBytes,
  })),
  'dirty-rate': ofGuest(rate(MAX_RATE), 'how fast the guest writes', (dirtyRateBytesPerSecond) => ({
    dirtyRateBytesPerSecond,
    phases: [],
  })),
  vcpus: ofGuest(whole(1, 255), 'virtual CPUs', (vcpus) => ({ vcpus })),
  'dirty-ring': ofGuest(SWITCH, 'KVM logs dirty pages in rings, as dirty-limit needs it', (hasDirtyRing) => ({
    hasDirtyRing,
  })),
  running: ofGuest(SWITCH, 'false: the guest is paused', (running) => ({ running })),
  'poll-interval': setting('process', moment(undefined), 'time between two query-migrate', (config, value) => ({
    ...config,
    pollIntervalMs: value === false || value === 0 ? undefined : value,
  })),
  'give-up-after': setting(
    'process',
    moment(undefined),
    'the user cancels a migration that takes longer, 20000 when unset; counted from the last thing that comes at a set time',
    (config, value) => ({ ...config, patienceMs: value === false ? undefined : value }),
  ),
  'end-at': setting(
    'process',
    moment(undefined),
    'the log ends here at the latest, 120000 when unset',
    (config, value) => ({ ...config, endsAfterMs: value === false ? DEFAULT_PROCESS.endsAfterMs : value }),
  ),
  'log-size': setting(
    'process',
    size(1, TERABYTE),
    'migrate-cancel once the log is so large, and not before; what polls until then: dirty-bitmaps with downtime-limit=0 and dirty-rate=0',
    (config, logBytes) => ({
      ...config,
      logBytes,
      patienceMs: undefined,
      endsAfterMs: MAX_MS,
      runs: config.runs.map((run) => ({
        ...run,
        commands: run.commands.filter(({ command }) => command !== 'migrate-cancel'),
      })),
    }),
  ),
  'as-posted': setting('process', SWITCH, 'of thread; false: with what the review asked for', (config, asPosted) => ({
    ...config,
    asPosted,
  })),
  quit: setting('process', SWITCH, 'QEMU is told to quit at the end', (config, quits) => ({ ...config, quits })),
  command: ofRuns(choice(['migrate', 'snapshot-save']), 'what begins the run', (_run, command) => ({ command })),
  'start-after': ofRuns(milliseconds(MAX_MS), 'time before the run begins', (_run, startsAfterMs) => ({
    startsAfterMs,
  })),
  'start-postcopy': ofCommand('migrate-start-postcopy', 'migrate-start-postcopy, at once or so long after migrate', 0),
  'cancel-at': ofCommand('migrate-cancel', 'migrate-cancel so long after migrate'),
  'continue-at': ofCommand('migrate-continue', 'migrate-continue so long after migrate'),
  'pause-at': ofCommand('migrate-pause', 'migrate-pause so long after migrate'),
  'resume-at': ofCommand('migrate-resume', 'the paused migration is resumed so long after migrate'),
  checkpoints: ofRuns(whole(0, 100_000), 'COLO: checkpoints before the failover', (_run, checkpoints) => ({
    checkpoints,
  })),
  'fail-at': ofRuns(
    choice([...FAILURE_POINTS, 'never']),
    'where the migration fails, with its link intact; in postcopy it is the link, and the migration pauses',
    (_run, at) => ({
      failsAt: at === 'never' ? undefined : at,
    }),
  ),
  transport: ofChannel(choice(['socket', 'file', 'exec']), 'where the migration goes', (kind) => ({ kind })),
  connects: ofChannel(SWITCH, 'false: nobody listens there', (connects) => ({ connects })),
  'link-bandwidth': ofChannel(rate(MAX_RATE), 'what the link carries', (bandwidthBytesPerSecond) => ({
    bandwidthBytesPerSecond: Math.max(bandwidthBytesPerSecond, 1),
  })),
  'link-latency': ofChannel(milliseconds(60_000), 'one way', (latencyMs) => ({ latencyUs: latencyMs * 1000 })),
  'break-at': ofChannel(moment(undefined), 'the link fails so long after migrate', (value) => ({
    breaks: value === false ? [] : [{ afterMs: value }],
  })),
  'load-time': ofChannel(milliseconds(MAX_MS), 'time the destination takes to load the devices', (loadMs) => ({
    loadMs,
  })),
  'ack-time': ofChannel(milliseconds(MAX_MS), 'switchover-ack: time until the destination answers', (ackMs) => ({
    ackMs,
  })),
  bitmaps: ofModule('dirty-bitmaps', whole(1, 1000), 'dirty bitmaps, for the capability', (bitmaps) => ({ bitmaps })),
  'bitmap-size': ofModule('dirty-bitmaps', BYTES, 'of each bitmap', (bytesPerBitmap) => ({ bytesPerBitmap })),
  'vfio-stopcopy': ofModule('vfio', BYTES, 'state that only the stopped device gives out', (stopcopyBytes) => ({
    stopcopyBytes,
  })),
  'vfio-initial': ofModule('vfio', BYTES, 'initial data in precopy', (precopyInitialBytes) => ({
    precopyInitialBytes,
  })),
  'vfio-dirty': ofModule('vfio', BYTES, 'dirty data in precopy at the start', (precopyDirtyBytes) => ({
    precopyDirtyBytes,
  })),
  'vfio-dirty-rate': ofModule('vfio', RATE, 'how fast the device dirties it again', (dirtyRateBytesPerSecond) => ({
    dirtyRateBytesPerSecond,
  })),
  'vfio-exact-time': ofModule(
    'vfio',
    milliseconds(60_000),
    'time of the ioctl behind an exact query',
    (exactQueryMs) => ({
      exactQueryMs,
    }),
  ),
  'vfio-initial-again': ofModule(
    'vfio',
    milliseconds(MAX_MS),
    'the device re-initialises so long after its setup: its initial data, and its ack, once more',
    (initialAgainAfterMs) => ({ initialAgainAfterMs }),
  ),
  'vfio-asks-ack': ofModule('vfio', SWITCH, 'it re-initialises at the switchover', (asksAckAtSwitchover) => ({
    asksAckAtSwitchover,
  })),
  'cmma-attributes': ofModule('cmma', whole(0, 1e12), 'storage attributes', (attributes) => ({ attributes })),
  'cmma-dirty-rate': ofModule('cmma', whole(0, 1e12), 'attributes dirtied per second', (dirtyRatePerSecond) => ({
    dirtyRatePerSecond,
  })),
  'device-time': ofModule('device', milliseconds(MAX_MS), 'an added device takes so long to save', (saveMs) => ({
    saveMs,
  })),
};

export const SETTING_KEYS: ReadonlyMap<string, SettingKey> = new Map<string, SettingKey>([
  ...keysOf(CAPABILITIES).map(capability),
  ...keysOf(PARAMETERS).map(parameter),
  ...Object.entries(OTHERS),
]);
