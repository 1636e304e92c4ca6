/**
 * The stop-copy size of a VFIO device is all that it still has to send: it
 * contains what the device could send in precopy. In an exact query QEMU 9.1
 * and older added the two. The trace prints the sum over the modules so far:
 *
 * - of a second device the share is the step from the device before it;
 * - before the first device there is only RAM, in whole pages, so of the two
 *   possible shares the one is wrong that leaves a broken page.
 *
 * One query may mislead, where a line is lost: two have to agree.
 */
import { addUint64, normalise, type Uint64 } from '../../base/uint64.ts';
import type { Place } from '../../ingest/trace-item.ts';
import type { Migration } from '../../replay/run.ts';
import { defineRule, type Finding, type Judgement, notApplicable, pass, undecidable, violated } from '../rule.ts';
import { withoutVfio } from '../vfio.ts';

const MAX_DEVICES = 256;
const PAGE_BYTES = 4096n;

export const vfioSizeCountedTwice = defineRule({
  id: 'vfio-size-counted-twice',
  severity: 'warning',
  title: 'An exact query counts the precopy bytes of a VFIO device twice',
  demands: 'In an exact query a VFIO device counts with its stop-copy size, which contains its precopy bytes.',
  why: 'The total is too large for as long as the device has precopy bytes: the migration takes longer, or never ends.',
  needs: ['vfio_state_pending_exact'],
  qemu: { function: 'vfio_state_pending_exact', versions: '8.1 to 11.0' },
  limits:
    '11.1 counts stop-copy bytes apart and prints no sums. Devices of whole pages are told apart only behind another one.',
  bugs: [
    {
      commit: '3b5948f808',
      what: 'VFIO reported the sum of its precopy and stop-copy sizes, though the second contains the first (fixed in 9.2, 9.1.2 and 9.0.4)',
    },
  ],
  reads: ['vfio_state_pending_estimate', 'vfio_state_pending_exact'],
  begin: (migration) => {
    const shares = new Shares();
    return {
      queryMade: () => shares.queryEnds(),
      event: ({ event, at }) => {
        if (event.name === 'vfio_state_pending_estimate') return shares.queryEnds();
        if (event.name !== 'vfio_state_pending_exact') return undefined;
        const { name, precopy, stopcopy_size, precopy_init_size, precopy_dirty_size } = event.args;
        const precopyBytes = addUint64(precopy_init_size, precopy_dirty_size);
        return shares.add({ name, sumBytes: precopy, stopcopyBytes: stopcopy_size, precopyBytes, place: at.place });
      },
      end: () => judge(migration, shares),
    };
  },
});

/** One line vfio_state_pending_exact. */
interface DeviceLine {
  readonly name: string;
  /** Of all modules up to and with this device. */
  readonly sumBytes: Uint64;
  readonly stopcopyBytes: Uint64;
  readonly precopyBytes: Uint64;
  readonly place: Place;
}

/** How often a device's share was told apart, and what it was. */
interface Device {
  once: number;
  twice: number;
  neither: number;
  finding: Finding | undefined;
}

type Share = 'once' | 'twice' | 'neither';

class Shares {
  readonly devices = new Map<string, Device>();
  precopyBytesSeen = false;
  /** Devices of the query that is going on. */
  readonly #names = new Set<string>();
  #before: DeviceLine | undefined;

  queryEnds(): undefined {
    if (this.#names.size > 0) this.#names.clear();
    this.#before = undefined;
  }

  add(line: DeviceLine): undefined {
    // Devices come in one order: a name that comes again begins another query, whose line is missing.
    if (this.#names.has(line.name) || this.#names.size >= MAX_DEVICES) this.queryEnds();
    const before = this.#before;
    this.#names.add(line.name);
    this.#before = line;
    if (line.precopyBytes === 0) return;
    this.precopyBytesSeen = true;
    const share = before === undefined ? firstShare(line) : laterShare(line, before);
    if (share === undefined) return;
    const device = this.#device(line.name);
    if (device === undefined) return;
    device[share] += 1;
    if (share === 'twice') device.finding ??= findingOf(line, before);
  }

  #device(name: string): Device | undefined {
    const known = this.devices.get(name);
    if (known !== undefined || this.devices.size >= MAX_DEVICES) return known;
    const device: Device = { once: 0, twice: 0, neither: 0, finding: undefined };
    this.devices.set(name, device);
    return device;
  }
}

/** undefined where both shares leave whole pages: nothing tells them apart. */
function firstShare({ sumBytes, stopcopyBytes, precopyBytes }: DeviceLine): Share | undefined {
  const rest = BigInt(sumBytes) - BigInt(stopcopyBytes);
  if (rest < 0n) return 'neither';
  const restOfTwice = rest - BigInt(precopyBytes);
  if (restOfTwice < 0n) return 'once';
  const once = rest % PAGE_BYTES === 0n;
  const twice = restOfTwice % PAGE_BYTES === 0n;
  if (once && twice) return undefined;
  if (once) return 'once';
  return twice ? 'twice' : 'neither';
}

function laterShare({ sumBytes, stopcopyBytes, precopyBytes }: DeviceLine, before: DeviceLine): Share {
  const step = normalise(BigInt.asUintN(64, BigInt(sumBytes) - BigInt(before.sumBytes)));
  if (step === stopcopyBytes) return 'once';
  return step === addUint64(stopcopyBytes, precopyBytes) ? 'twice' : 'neither';
}

function findingOf(line: DeviceLine, before: DeviceLine | undefined): Finding {
  const { name, stopcopyBytes, precopyBytes, place } = line;
  return {
    message: `the exact query counts ${addUint64(stopcopyBytes, precopyBytes)} bytes for VFIO device ${name}: its stop-copy size ${stopcopyBytes} and, once more, the ${precopyBytes} precopy bytes in it`,
    expected: `${stopcopyBytes} bytes, the stop-copy size`,
    actual: `${addUint64(stopcopyBytes, precopyBytes)} bytes`,
    evidence: before === undefined ? [place] : [place, before.place],
  };
}

function judge(migration: Migration, { devices, precopyBytesSeen }: Shares): Judgement {
  const { band, counts } = migration;
  const absent = withoutVfio(migration);
  if (absent !== undefined) return absent;
  if (band === '11.1' || band === 'thread') return notApplicable('this QEMU counts stop-copy bytes apart from precopy');
  if (!migration.saw('vfio_state_pending_exact')) {
    if (band === '7.2' || counts.exact === 0) return notApplicable('no exact query was made');
    return undecidable('the log has no line of a VFIO device in an exact query', ['vfio_state_pending_exact']);
  }
  if (!precopyBytesSeen) return notApplicable('no VFIO device had precopy bytes in an exact query');
  const all = [...devices.values()];
  const guilty = all.find(({ once, twice, neither }) => twice > 1 && once + neither === 0);
  if (guilty?.finding !== undefined) return violated(guilty.finding);
  if (all.length > 0 && all.every(({ twice, neither }) => twice + neither === 0)) {
    return pass('every VFIO device counts with its stop-copy size');
  }
  return undecidable('the sums do not tell what the VFIO devices count for', ['vfio_state_pending_exact']);
}
