/** What reports pending data beside RAM, and what is saved at the end: the modules of a scenario file and of --set. */
import type { ModuleConfig } from '../config.ts';
import type { JsonObject } from './json-object.ts';
import { BYTES, choice, MAX_MS, milliseconds, RATE, SWITCH, whole } from './values.ts';

export const MODULE_KINDS = [
  'dirty-bitmaps',
  'vfio',
  'cmma',
  'device',
] as const satisfies readonly ModuleConfig['kind'][];

type ModuleOf<K extends ModuleConfig['kind']> = Extract<ModuleConfig, { readonly kind: K }>;

/** What a kind is when nothing more is said of it: what --set adds to a scenario that has none. */
export const MODULE_DEFAULTS: { readonly [K in ModuleConfig['kind']]: ModuleOf<K> } = {
  'dirty-bitmaps': { kind: 'dirty-bitmaps', bitmaps: 1, bytesPerBitmap: 131_072 },
  vfio: {
    kind: 'vfio',
    name: '0000:3b:00.1',
    stopcopyBytes: 1_048_576,
    precopyInitialBytes: 1_048_576,
    precopyDirtyBytes: 262_144,
    dirtyRateBytesPerSecond: 1_048_576,
  },
  cmma: { kind: 'cmma', attributes: 65_536, dirtyRatePerSecond: 20_000 },
  device: { kind: 'device', name: '0000:00:05.0/virtio-net', saveMs: 0, bytes: 4_096 },
};

const COUNT = whole(0, 1e12);
const MS = milliseconds(MAX_MS);

export function readModule(object: JsonObject): ModuleConfig {
  const kind = object.required('kind', choice(MODULE_KINDS));
  switch (kind) {
    case 'dirty-bitmaps':
      return object.ended({
        kind,
        bitmaps: object.required('bitmaps', whole(1, 1000)),
        bytesPerBitmap: object.required('bytes-per-bitmap', BYTES),
      });
    case 'vfio':
      return readVfio(object);
    case 'cmma':
      return object.ended({
        kind,
        attributes: object.required('attributes', COUNT),
        dirtyRatePerSecond: object.value('dirty-rate', COUNT) ?? 0,
      });
    case 'device':
      return object.ended({
        kind,
        name: object.text('name'),
        saveMs: object.value('save-ms', MS) ?? 0,
        bytes: object.value('bytes', BYTES) ?? MODULE_DEFAULTS.device.bytes,
      });
  }
}

function readVfio(object: JsonObject): ModuleConfig {
  const exactQueryMs = object.value('exact-query-ms', MS);
  const initialAgainAfterMs = object.value('initial-again-after-ms', MS);
  return object.ended({
    kind: 'vfio',
    name: object.text('name'),
    stopcopyBytes: object.required('stopcopy-bytes', BYTES),
    precopyInitialBytes: object.value('precopy-initial-bytes', BYTES) ?? 0,
    precopyDirtyBytes: object.value('precopy-dirty-bytes', BYTES) ?? 0,
    dirtyRateBytesPerSecond: object.value('dirty-rate', RATE) ?? 0,
    asksAckAtSwitchover: object.value('asks-ack-at-switchover', SWITCH) ?? false,
    ...(exactQueryMs === undefined ? {} : { exactQueryMs }),
    ...(initialAgainAfterMs === undefined ? {} : { initialAgainAfterMs }),
  });
}
