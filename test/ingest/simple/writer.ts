/** Writes binary logs as QEMU's trace/simple.c does, by its layout alone. */

export type Value = number | bigint | string;

const ONES = 2n ** 64n - 1n;
export const MAGIC = 0xf2b177cb0aa429b4n;
export const PROCESS = 4242;
const FIRST_TIME = 2_884_037_785_590n;

export interface WriterOptions {
  readonly bigEndian?: boolean;
  readonly version?: bigint;
}

export interface Stamp {
  /** Nanoseconds of the host's monotonic clock; without one, 1000 behind the record before. */
  readonly time?: bigint;
  readonly process?: number;
}

/** Every event is named when it first comes. */
export class SimpleLog {
  readonly #big: boolean;
  readonly #parts: Buffer[] = [];
  readonly #ids = new Map<string, number>();
  #time = FIRST_TIME;

  constructor({ bigEndian = false, version = 4n }: WriterOptions = {}) {
    this.#big = bigEndian;
    this.#put(this.u64(ONES), this.u64(MAGIC), this.u64(version));
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#parts);
  }

  u64(value: number | bigint): Buffer {
    const bytes = Buffer.alloc(8);
    const unsigned = BigInt.asUintN(64, BigInt(value));
    if (this.#big) bytes.writeBigUInt64BE(unsigned);
    else bytes.writeBigUInt64LE(unsigned);
    return bytes;
  }

  u32(value: number): Buffer {
    const bytes = Buffer.alloc(4);
    if (this.#big) bytes.writeUInt32BE(value);
    else bytes.writeUInt32LE(value);
    return bytes;
  }

  /** What no record is. */
  raw(bytes: Buffer): this {
    this.#put(bytes);
    return this;
  }

  name(id: number, name: string): this {
    this.#ids.set(name, id);
    return this.raw(Buffer.concat([this.u64(0), this.u64(id), this.u32(name.length), Buffer.from(name)]));
  }

  event(name: string, values: readonly Value[] = [], stamp: Stamp = {}): this {
    if (!this.#ids.has(name)) this.name(this.#ids.size + 7, name);
    return this.record(this.#ids.get(name) ?? 0, values, stamp);
  }

  dropped(count: number, stamp: Stamp = {}): this {
    return this.record(ONES - 1n, [count], stamp);
  }

  record(id: number | bigint, values: readonly Value[], { time = this.#time + 1000n, process = PROCESS }: Stamp = {}) {
    this.#time = time;
    const args = Buffer.concat(values.map((value) => this.#argument(value)));
    return this.raw(
      Buffer.concat([this.u64(1), this.u64(id), this.u64(time), this.u32(24 + args.length), this.u32(process), args]),
    );
  }

  #argument(value: Value): Buffer {
    if (typeof value !== 'string') return this.u64(value);
    const text = Buffer.from(value);
    return Buffer.concat([this.u32(text.length), text]);
  }

  #put(...parts: readonly Buffer[]): void {
    this.#parts.push(...parts);
  }
}

/** What QEMU 10.2 with a final query declares of a precopy migration. */
export const TABLE = `# See docs/devel/tracing.rst for syntax documentation.

# migration.c
migrate_set_state(const char *new_state) "new state %s"
disable migration_thread_low_pending(uint64_t pending) "%" PRIu64

# savevm.c
savevm_state_setup(void) ""
qemu_savevm_query_pending(bool exact, bool final, uint64_t precopy, uint64_t stopcopy, uint64_t postcopy, uint64_t total) "exact=%d, final=%d, precopy=%"PRIu64", stopcopy=%"PRIu64", postcopy=%"PRIu64", total=%"PRIu64
migration_bitmap_sync_start(void) ""
migration_bitmap_sync_end(uint64_t dirty_pages) "dirty_pages %" PRIu64
vmstate_downtime_checkpoint(const char *checkpoint) "%s"
savevm_section_end(const char *id, unsigned int section_id, int ret) "%s, section_id %u -> %d"
migration_set_outgoing_channel(void *ioc, const char *ioctype, const char *hostname, void *err)  "ioc=%p ioctype=%s hostname=%s err=%p"
ram_save_complete(uint64_t dirty_pages, int done) "dirty=%" PRIu64 ", done=%d"
qemu_mutex_locked(void *mutex, const char *file, const int line) "taken mutex %p (%s:%d)"

# runstate.c
runstate_set(int current_state, const char *current_state_str, int new_state, const char *new_state_str) "current_run_state %d (%s) new_state %d (%s)"

# kvm.c
kvm_vcpu_ioctl(int cpu_index, unsigned long type, void *arg) "cpu_index %d, type 0x%lx, arg %p"
`;

/** A precopy migration with one exact and one final query, as its events and their arguments. */
export const PRECOPY: readonly (readonly [string, ...Value[]])[] = [
  ['migrate_set_state', 'setup'],
  ['savevm_state_setup'],
  ['migration_bitmap_sync_start'],
  ['migration_bitmap_sync_end', 0],
  ['migrate_set_state', 'active'],
  ['qemu_savevm_query_pending', 0, 0, 8192, 0, 0, 8192],
  ['migration_bitmap_sync_start'],
  ['migration_bitmap_sync_end', 3],
  ['qemu_savevm_query_pending', 1, 0, 12288, 0, 0, 12288],
  ['vmstate_downtime_checkpoint', 'src-downtime-start'],
  ['runstate_set', 9, 'running', 7, 'finish-migrate'],
  ['vmstate_downtime_checkpoint', 'src-vm-stopped'],
  ['migrate_set_state', 'device'],
  ['migration_bitmap_sync_start'],
  ['migration_bitmap_sync_end', 3],
  ['qemu_savevm_query_pending', 1, 1, 12288, 0, 0, 12288],
  ['ram_save_complete', 3, 0],
  ['ram_save_complete', 0, 1],
  ['vmstate_downtime_checkpoint', 'src-downtime-end'],
  ['migrate_set_state', 'completed'],
  ['runstate_set', 7, 'finish-migrate', 5, 'postmigrate'],
];

/** `change` may leave events out, or write something else beside them. */
export function precopy(
  change: (log: SimpleLog, write: () => void, index: number) => void = (_log, write) => write(),
  options?: WriterOptions,
): Buffer {
  const log = new SimpleLog(options);
  for (const [index, [name, ...values]] of PRECOPY.entries()) change(log, () => void log.event(name, values), index);
  return log.bytes;
}

/** A zstd frame of one block that is stored as it is. */
export function zstdOf(content: Buffer | string): Buffer {
  const bytes = Buffer.from(content);
  const head = Buffer.from('28b52ffda000000000000000', 'hex');
  head.writeUInt32LE(bytes.length, 5);
  head.writeUIntLE(bytes.length * 8 + 1, 9, 3);
  return Buffer.concat([head, bytes]);
}
