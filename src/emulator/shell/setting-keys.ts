/** The settings of a simulation: QEMU's capabilities and parameters by QEMU's names, and those of the guest and its user. */
import type { ChannelConfig, Command, EmulatorConfig, GuestConfig, RunConfig } from '../config.ts';
import { CAPABILITIES, type Capability, PARAMETERS, type Parameter } from '../settings.ts';
import { choice, MAX_MS, milliseconds, moment, rate, SWITCH, size, type ValueKind, whole } from './values.ts';

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
  running: ofGuest(SWITCH, 'false: the guest is paused', (running) => ({ running })),
  'poll-interval': setting('process', moment(undefined), 'time between two query-migrate', (config, value) => ({
    ...config,
    pollIntervalMs: value === false || value === 0 ? undefined : value,
  })),
  'end-at': setting(
    'process',
    moment(undefined),
    'the log ends here at the latest, 120000 when unset',
    (config, value) => {
      const { endsAfterMs: _before, ...others } = config;
      return value === false ? others : { ...others, endsAfterMs: value };
    },
  ),
  'log-size': setting(
    'process',
    size(1, TERABYTE),
    'migrate-cancel once the log is so large, and not before; what polls until then: dirty-bitmaps with downtime-limit=0 and dirty-rate=0',
    (config, logBytes) => ({
      ...config,
      logBytes,
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
  transport: ofChannel(choice(['socket', 'file']), 'where the migration goes', (kind) => ({ kind })),
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
};

export const SETTING_KEYS: ReadonlyMap<string, SettingKey> = new Map<string, SettingKey>([
  ...keysOf(CAPABILITIES).map(capability),
  ...keysOf(PARAMETERS).map(parameter),
  ...Object.entries(OTHERS),
]);
