/** QEMU's capabilities and parameters that the simulation knows, by QEMU's names, with QEMU's defaults. */

export const CAPABILITIES = {
  'auto-converge': false,
  'background-snapshot': false,
  'dirty-bitmaps': false,
  'dirty-limit': false,
  multifd: false,
  'pause-before-switchover': false,
  'postcopy-preempt': false,
  'postcopy-ram': false,
  'return-path': false,
  'switchover-ack': false,
  'x-colo': false,
} as const satisfies Readonly<Record<string, boolean>>;

export type Capability = keyof typeof CAPABILITIES;

/** Times in ms, rates in bytes per second (vcpu-dirty-limit in MB/s), shares in percent, as in migrate-set-parameters. */
export const PARAMETERS = {
  'avail-switchover-bandwidth': 0,
  'cpu-throttle-increment': 10,
  'cpu-throttle-initial': 20,
  'downtime-limit': 300,
  'max-bandwidth': 134_217_728,
  'max-cpu-throttle': 99,
  'max-postcopy-bandwidth': 0,
  'multifd-channels': 2,
  'throttle-trigger-threshold': 50,
  'vcpu-dirty-limit': 1,
  'x-checkpoint-delay': 20_000,
} as const satisfies Readonly<Record<string, number>>;

export type Parameter = keyof typeof PARAMETERS;

export type Capabilities = Readonly<Partial<Record<Capability, boolean>>>;
export type Parameters = Readonly<Partial<Record<Parameter, number>>>;

/** All of them, those not given at QEMU's default. */
export function allCapabilities(given: Capabilities): Readonly<Record<Capability, boolean>> {
  return { ...CAPABILITIES, ...given };
}

export function allParameters(given: Parameters): Record<Parameter, number> {
  return { ...PARAMETERS, ...given };
}
