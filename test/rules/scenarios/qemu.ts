/** The versions of QEMU as far as their lines differ, and the parts that every run is made of. */
import { after, conditionWait, join, lock, mig, type Script, unlock } from './script.ts';

export interface Qemu {
  readonly name: string;
  /** What its pending queries look like. */
  readonly queries: 'one' | 'two' | 'final' | 'final-and-acks';
  /** 8.2: vmstate_downtime_checkpoint, switchover_bw. */
  readonly checkpoints: boolean;
  /** 10.0: every switchover goes through `device`. */
  readonly device: boolean;
  /** 10.1. */
  readonly ramSaveComplete: boolean;
  /** 10.2. */
  readonly postcopyDevice: boolean;
  /** 11.1. */
  readonly failing: boolean;
}

const OLD = { checkpoints: false, device: false, ramSaveComplete: false, postcopyDevice: false, failing: false };
const NEW = { checkpoints: true, device: true, ramSaveComplete: true, postcopyDevice: true, failing: false };

export const Q7_2: Qemu = { ...OLD, name: '7.2', queries: 'one' };
export const Q8_0: Qemu = { ...OLD, name: '8.0', queries: 'two' };
export const Q8_2: Qemu = { ...OLD, name: '8.2', queries: 'two', checkpoints: true };
export const Q9_2: Qemu = { ...Q8_2, name: '9.2' };
export const Q10_0: Qemu = { ...NEW, name: '10.0', queries: 'two', ramSaveComplete: false, postcopyDevice: false };
export const Q10_2: Qemu = { ...NEW, name: '10.2', queries: 'two' };
export const Q11_0: Qemu = { ...NEW, name: '11.0', queries: 'two' };
/** The posted patch on 10.2.2, with what it left out added. */
export const PATCHED: Qemu = { ...NEW, name: 'patched 10.2', queries: 'final' };
export const Q11_1: Qemu = { ...NEW, name: '11.1', queries: 'final-and-acks', failing: true };

export const ALL_VERSIONS: readonly Qemu[] = [Q7_2, Q8_0, Q8_2, Q9_2, Q10_0, Q10_2, Q11_0, PATCHED, Q11_1];

export const hasFinal = ({ queries }: Qemu): boolean => queries === 'final' || queries === 'final-and-acks';

export interface Pending {
  readonly pre?: number;
  readonly stop?: number;
  readonly post?: number;
  /** 7.2: the threshold that the line prints. */
  readonly max?: number;
}

export const RAM = 268967936;
export const THRESHOLD = 5250155;

export type Kind = 'estimate' | 'exact' | 'final';

export function queryText(
  { queries }: Qemu,
  kind: Kind,
  { pre = 0, stop = 0, post = 0, max = THRESHOLD }: Pending,
): string {
  const total = pre + stop + post;
  switch (queries) {
    case 'one':
      return `migrate_pending pending size ${total} max ${max} (pre = ${pre} compat=${post} post=0)`;
    case 'two':
      return `migrate_pending_${kind} ${kind} pending size ${total} (pre = ${pre} post=${post})`;
    case 'final':
    case 'final-and-acks': {
      const acks = queries === 'final' ? '' : ', collected switchover ack pending=0, total switchover ack pending=0';
      const flags = `exact=${kind === 'estimate' ? 0 : 1}, final=${kind === 'final' ? 1 : 0}`;
      return `qemu_savevm_query_pending ${flags}, precopy=${pre}, stopcopy=${stop}, postcopy=${post}, total=${total}${acks}`;
    }
  }
}

export const query = (qemu: Qemu, kind: Kind, pending: Pending): Script => mig(queryText(qemu, kind, pending));

export const SYNC_START = 'migration_bitmap_sync_start ';
export function sync(pages: number): Script {
  return join(mig(SYNC_START), after(40, mig(`migration_bitmap_sync_end dirty_pages ${pages}`)));
}

/** RAM takes the lock for its sync and gives it back before the line of the query. */
export function lockedSync(pages: number, within: Script = []): Script {
  return join(lock('migration', 'migration/ram.c:3450'), sync(pages), within, unlock('migration'));
}

/** A query of a round that syncs; `within`: what stands between sync_end and the query. */
export function exact(qemu: Qemu, pages: number, pending: Pending, within: Script = []): Script {
  return join(lockedSync(pages, within), query(qemu, 'exact', pending));
}

/** An estimate; 7.2 has one kind of query. */
export const estimate = (qemu: Qemu, pending: Pending): Script => query(qemu, 'estimate', pending);

/** An estimate and, as it calls for one, an exact query: 7.2 syncs and prints one line. */
export function asked(qemu: Qemu, low: Pending, pages: number, high: Pending, within: Script = []): Script {
  if (qemu.queries === 'one') return exact(qemu, pages, high, within);
  return join(estimate(qemu, low), exact(qemu, pages, high, within));
}

export function transferred(qemu: Qemu, bytes = 10510380, ms = 100, limitMs = 50): Script {
  const perMs = Math.floor(bytes / ms);
  const max = Math.floor((bytes / ms) * limitMs);
  const bw =
    qemu.queries === 'final-and-acks'
      ? `${Math.floor((perMs * 8) / 1000)} switchover_bw ${perMs}`
      : `${perMs}${qemu.checkpoints ? ' switchover_bw 0' : ''}`;
  return mig(`migrate_transferred transferred ${bytes} time_spent ${ms} bandwidth ${bw} max_size ${max}`);
}

export function section(id: string, ret: number, within: Script = [], number = 1, spentUs = 800): Script {
  return join(
    mig(`savevm_section_start ${id}, section_id ${number}`),
    within,
    after(spentUs, mig(`savevm_section_end ${id}, section_id ${number} -> ${ret}`)),
  );
}

/** savevm_state_iterate(), the wait for the window, and what was sent in it. */
export function iterate(qemu: Qemu, ret = 0, bytes = 10510380, within: Script = []): Script {
  return join(
    mig('savevm_state_iterate '),
    section('ram', ret, within, 1, 20_000),
    mig('migration_rate_limit_pre 73 ms'),
    after(73000, mig('migration_rate_limit_post urgent: 0')),
    transferred(qemu, bytes),
  );
}

export const state = (name: string): string => `migrate_set_state new state ${name}`;
export const runstate = (from: string, to: string): string =>
  `runstate_set current_run_state ${RUNSTATES[from]} (${from}) new_state ${RUNSTATES[to]} (${to})`;
export const notify = (running: 0 | 1, reason: string): string =>
  `vm_state_notify running ${running} reason ${RUNSTATES[reason]} (${reason})`;

const RUNSTATES: Readonly<Record<string, number>> = {
  inmigrate: 1,
  'internal-error': 2,
  'io-error': 3,
  paused: 4,
  postmigrate: 5,
  prelaunch: 6,
  'finish-migrate': 7,
  'restore-vm': 8,
  running: 9,
  'save-vm': 10,
  shutdown: 11,
  suspended: 12,
  watchdog: 13,
  'guest-panicked': 14,
  colo: 15,
};

export const checkpoint = (qemu: Qemu, name: string): Script =>
  qemu.checkpoints ? mig(`vmstate_downtime_checkpoint ${name}`) : [];

/** vm_stop(): the lock is given up while the vCPUs stop. A guest that was paused is not told. */
export function stopVm(from: string, to: string, meanwhile: Script = []): Script {
  const halt = join(vcpuStops(meanwhile), mig(notify(0, to)), conditionWait('migration', 'cpu-common.c:164'));
  return join(mig(runstate(from, to)), from === 'running' ? halt : [], mig('vm_stop_flush_all ret 0'));
}

function vcpuStops(meanwhile: Script): Script {
  return join(
    conditionWait(
      'migration',
      'system/cpus.c:660',
      join(lock('vcpu', 'accel/kvm/kvm-all.c:3200'), unlock('vcpu'), meanwhile),
    ),
    unlock('migration'),
    lock('migration', 'system/cpus.c:669'),
  );
}
