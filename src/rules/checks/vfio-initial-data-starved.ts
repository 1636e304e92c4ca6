/**
 * Before 9.0 the first module that did not finish in an iteration ended it. RAM
 * comes first: as long as the guest dirtied enough to keep it busy, a VFIO
 * device sent nothing, so the destination never acked the switchover. That RAM
 * goes on alone while the rate limit holds the others back is right: an
 * iteration counts here only if RAM stopped by its own clock (big wait), and
 * the loop went on without a wait or a new rate window. Before the query behind
 * a limited iteration there is always migrate_transferred.
 */
import type { Uint64 } from '../../base/uint64.ts';
import type { KnownEvent } from '../../catalog/catalog.ts';
import type { Place } from '../../ingest/trace-item.ts';
import type { Migration, ProtocolEvent } from '../../replay/run.ts';
import { defineRule, type Finding, type Judgement, notApplicable, pass, undecidable, violated } from '../rule.ts';
import { queriesShown } from '../shared.ts';
import { VFIO_PENDING_NAMES, withoutVfio } from '../vfio.ts';

/** RAM gives the iteration up after 50 ms: half a second without the device. */
const MANY = 10;
const MAX_DEVICES = 256;

export const vfioInitialDataStarved = defineRule({
  id: 'vfio-initial-data-starved',
  severity: 'warning',
  title: 'RAM keeps a VFIO device from sending its initial data',
  demands: 'When RAM gives way in an iteration, the VFIO devices send their part of it.',
  why: 'Without its initial data on the destination the device is not ready: no switchover ack comes, and the migration does not end.',
  needs: ['savevm_state_iterate', 'savevm_section_end', 'ram_save_iterate_big_wait', 'migrate_transferred'],
  qemu: { function: 'qemu_savevm_state_iterate', versions: '8.1 and later' },
  limits: `Only iterations that RAM ended by its own clock, ${MANY} in a row, are told from those that the rate limit ends.`,
  bugs: [
    {
      commit: '4e1871c450',
      what: 'an iteration ended with the first module that was not done: busy RAM starved the initial data of VFIO (fixed in 9.0)',
    },
  ],
  reads: [
    ...VFIO_PENDING_NAMES,
    'vfio_save_iterate',
    'savevm_state_iterate',
    'savevm_section_start',
    'savevm_section_end',
    'ram_save_iterate_big_wait',
    'migration_rate_limit_pre',
    'migrate_transferred',
    'source_return_path_thread_switchover_acked',
  ],
  begin: (migration) => {
    const iterations = new Iterations();
    return {
      queryMade: () => iterations.ends(),
      awaits: (event) => iterations.awaits(event),
      event: (seen) => iterations.event(seen),
      end: () => judge(migration, iterations),
    };
  },
});

interface Waiting {
  readonly bytes: Uint64;
  readonly place: Place;
}

class Iterations {
  initialSeen = false;
  /** A device sent data. */
  servedSeen = false;
  finding: Finding | undefined;
  /** Devices that have initial data left, as last printed. */
  readonly #waiting = new Map<string, Waiting>();
  #begun = false;
  #ramEnd: Place | undefined;
  #byClock = false;
  #excused = false;
  #inARow = 0;

  event({ event, at, switchover, inPostcopy }: ProtocolEvent): undefined {
    if (switchover !== undefined || inPostcopy) return;
    switch (event.name) {
      case 'vfio_state_pending':
      case 'vfio_state_pending_estimate':
      case 'vfio_state_pending_exact':
        return this.#pending(event.args.name, event.args.precopy_init_size, at.place);
      case 'vfio_save_iterate':
      case 'source_return_path_thread_switchover_acked':
        return this.#served();
      case 'savevm_state_iterate':
        this.ends();
        this.#begun = true;
        return;
      case 'savevm_section_start':
        return isVfio(event.args.id) ? this.#served() : undefined;
      case 'savevm_section_end':
        if (isVfio(event.args.id)) return this.#served();
        if (event.args.id === 'ram' && event.args.ret === 0) this.#ramEnd = at.place;
        return;
      case 'ram_save_iterate_big_wait':
        this.#byClock = true;
        return;
      case 'migration_rate_limit_pre':
      case 'migrate_transferred':
        this.#excused = true;
        return;
      default:
        return;
    }
  }

  /** As long as no device waits, only that one is served counts. */
  awaits(event: KnownEvent): boolean {
    if (this.#waiting.size > 0) return true;
    const isSection = event.name === 'savevm_section_start' || event.name === 'savevm_section_end';
    return isSection && isVfio(event.args.id);
  }

  /** The iteration is over: a query, or the next one. */
  ends(): undefined {
    const ramEnd = this.#begun && this.#byClock && !this.#excused ? this.#ramEnd : undefined;
    this.#begun = false;
    this.#ramEnd = undefined;
    this.#byClock = false;
    this.#excused = false;
    const [first] = this.#waiting;
    if (ramEnd === undefined || first === undefined) return;
    this.#inARow += 1;
    if (this.#inARow >= MANY) this.finding ??= findingOf(first[0], first[1], ramEnd);
  }

  #pending(name: string, bytes: Uint64, place: Place): undefined {
    const before = this.#waiting.get(name);
    if (before?.bytes === bytes) return;
    this.#inARow = 0;
    if (bytes === 0) this.#waiting.delete(name);
    else if (before !== undefined || this.#waiting.size < MAX_DEVICES) {
      this.initialSeen = true;
      this.#waiting.set(name, { bytes, place });
    }
  }

  #served(): undefined {
    this.servedSeen = true;
    this.#excused = true;
    this.#inARow = 0;
  }
}

/** VFIO registers as `vfio` behind the device's path. */
function isVfio(id: string): boolean {
  return id === 'vfio' || id.endsWith('/vfio');
}

function findingOf(name: string, { bytes, place }: Waiting, ramEnd: Place): Finding {
  return {
    message: `${MANY} iterations in a row sent RAM alone while ${bytes} initial bytes of VFIO device ${name} waited`,
    expected: 'a section of the VFIO device behind that of RAM',
    actual: 'RAM gave way by its own clock, and the loop went on with the next query',
    evidence: [ramEnd, place],
  };
}

function judge(migration: Migration, { initialSeen, servedSeen, finding }: Iterations): Judgement {
  const absent = withoutVfio(migration);
  if (absent !== undefined) return absent;
  if (finding !== undefined) {
    if (migration.saw('migrate_transferred')) return violated(finding);
    return undecidable('the log does not show whether the rate limit ended the iterations', ['migrate_transferred']);
  }
  if (!VFIO_PENDING_NAMES.some((name) => migration.saw(name))) {
    if (migration.band === '7.2' || !queriesShown(migration))
      return notApplicable('no VFIO device is known to have initial data');
    const name = migration.band === '10.0' ? 'vfio_state_pending_estimate' : 'vfio_state_pending';
    return undecidable('the log does not show what the VFIO devices have pending', [name]);
  }
  if (!initialSeen) return notApplicable('no VFIO device had initial data to send');
  if (servedSeen) return pass('RAM never kept a VFIO device waiting');
  return undecidable('the log does not show what an iteration sends, and why RAM ends it', [
    'savevm_state_iterate',
    'savevm_section_end',
    'ram_save_iterate_big_wait',
    'migrate_transferred',
  ]);
}
