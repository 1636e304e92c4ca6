/**
 * Each vfio_migration_set_device_state is an event for the management, too. The
 * device may be asked for the state that it is in, and QEMU then does nothing:
 * the request (vfio_migration_set_state) is printed all the same and counts for
 * nothing here. RUNNING and STOP are also what a failed request falls back to,
 * so they may come twice.
 */
import type { Place } from '../../ingest/trace-item.ts';
import type { Migration } from '../../replay/run.ts';
import { defineRule, type Judgement, notApplicable, pass, undecidable, violated } from '../rule.ts';
import { withoutVfio } from '../vfio.ts';

const MAX_DEVICES = 256;
/** States that no failed request leads back to. */
const ENTERED_ONCE: ReadonlySet<string> = new Set(['PRE_COPY', 'PRE_COPY_P2P', 'STOP_COPY']);

export const vfioStateRepeated = defineRule({
  id: 'vfio-state-repeated',
  severity: 'info',
  title: 'A VFIO device enters the state that it is in',
  demands: 'A VFIO device that is in a state is not set to it again.',
  why: 'The management gets the event VFIO_MIGRATION twice and takes it for a second transition.',
  needs: ['vfio_migration_set_device_state'],
  qemu: { function: 'vfio_migration_set_state', versions: '9.1 and later' },
  limits: 'RUNNING and STOP are not judged: a failed request may lead back to them.',
  bugs: [
    {
      commit: '64366eddf1',
      what: 'the event of STOP_COPY was sent twice, at VM stop and at completion (fixed in 9.1)',
    },
  ],
  reads: ['vfio_migration_set_device_state', 'vfio_migration_set_state'],
  begin: (migration) => {
    const states = new Map<string, { readonly state: string; readonly place: Place }>();
    let entered = false;
    return {
      event: ({ event, at: { place } }) => {
        if (event.name === 'vfio_migration_set_state') {
          // Asked for another state: what became of that is told by the next line, or it is lost.
          if (states.get(event.args.name)?.state !== event.args.new_state) states.delete(event.args.name);
          return undefined;
        }
        if (event.name !== 'vfio_migration_set_device_state') return undefined;
        const { name, state } = event.args;
        const before = states.get(name);
        if (before !== undefined || states.size < MAX_DEVICES) states.set(name, { state, place });
        entered = true;
        if (before?.state !== state || !ENTERED_ONCE.has(state)) return undefined;
        return violated({
          message: `VFIO device ${name} was set to ${state}, in which it was already`,
          expected: 'another state, or none',
          actual: `${state} again`,
          evidence: [place, before.place],
        });
      },
      end: () => judge(migration, entered),
    };
  },
});

function judge(migration: Migration, entered: boolean): Judgement {
  const absent = withoutVfio(migration);
  if (absent !== undefined) return absent;
  if (entered) return pass('every VFIO device was set to a state once');
  if (migration.saw('vfio_migration_set_device_state')) return notApplicable('no VFIO device changed its state');
  if (migration.band === '7.2') return notApplicable('QEMU before 9.1 sends no event of a VFIO state');
  return undecidable('the log does not show the states of the VFIO devices', ['vfio_migration_set_device_state']);
}
