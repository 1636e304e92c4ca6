/** What a guest, its user or the channel may do meanwhile. Sections 2, 3, 8 and 9 of the notes on the core. */
import { cancel, failNow, final, save, setup, stop, unwind } from './parts.ts';
import { decide, LEFT, precopy, rounds } from './precopy.ts';
import { asked, estimate, iterate, notify, type Qemu, RAM, runstate } from './qemu.ts';
import { after, join, mainLoop, mig, type Script, unlock } from './script.ts';

/** The user stops the guest and continues it, in the middle of the rounds. */
export const stoppedAndContinued = (qemu: Qemu): Script =>
  precopy(qemu, { rounds: between(qemu, stopped('paused'), after(2e6, continued('paused'))) });

/** The guest stops by itself in the middle of the rounds, and stays so. */
export const stopsByItself =
  (why: string) =>
  (qemu: Qemu): Script =>
    precopy(qemu, { rounds: between(qemu, stopped(why), []), stop: { from: why } });

/** A guest that never ran, that sleeps, or that stopped before: it goes back to that when the migration fails. */
export const neverRan =
  (from: string) =>
  (qemu: Qemu): Script =>
    precopy(qemu, {
      rounds: join(estimate(qemu, { pre: RAM, max: 0 }), iterate(qemu), asked(qemu, {}, 0, {})),
      decided: {},
      stop: { from },
      save: { pages: 0 },
    });

export const failsWhereItStood =
  (from: string) =>
  (qemu: Qemu): Script => {
    const saved = save(qemu, { ret: -5 });
    const upTo = saved.findIndex(({ text }) => text.endsWith('-> -5')) + 1;
    return join(
      setup(qemu),
      estimate(qemu, { pre: RAM, max: 0 }),
      iterate(qemu),
      asked(qemu, {}, 0, {}),
      decide({}),
      stop(qemu, { from }),
      final(qemu, 0, {}),
      saved.slice(0, upTo),
      mig(failNow(qemu)),
      unlock('migration'),
      unwind(qemu, { stopped: true, end: 'failed', to: qemu.queries === 'one' ? 'postmigrate' : from }),
    );
  };

function between(qemu: Qemu, first: Script, second: Script): Script {
  return join(
    estimate(qemu, { pre: RAM, max: 0 }),
    iterate(qemu),
    first,
    estimate(qemu, { pre: 257560576 }),
    iterate(qemu),
    asked(qemu, {}, 13465, { pre: 55152640 }),
    iterate(qemu),
    second,
    estimate(qemu, { pre: 45060096 }),
    iterate(qemu),
    asked(qemu, { pre: 2682880 }, 7710, LEFT),
  );
}

const stopped = (to: string): Script => mainLoop(runstate('running', to), notify(0, to), 'vm_stop_flush_all ret 0');
const continued = (from: string): Script => mainLoop(runstate(from, 'running'), notify(1, 'running'));

/** vm_stop() fails to flush the disks: the migration fails, and the VM runs again. */
export function stopFails(qemu: Qemu): Script {
  const all = stop(qemu).filter(({ text }) => !text.includes('src-vm-stopped') && !text.endsWith(' device'));
  const failing = all.map((line) => ({
    ...line,
    text: line.text.replace(/(vm_stop_flush_all|migration_completion_vm_stop) ret 0/, '$1 ret -5'),
  }));
  return join(
    setup(qemu),
    rounds(qemu),
    decide(LEFT),
    failing,
    mig(failNow(qemu)),
    unlock('migration'),
    unwind(qemu, { stopped: true, end: 'failed' }),
  );
}

/** Section 3: an error in the setup still prints `active` first. */
export function setupFails(qemu: Qemu): Script {
  const begun = setup(qemu).slice(0, -1);
  return join(
    begun,
    qemu.device ? mig('migrate_error error=failed to save SaveStateEntry with id(name): 1(ram): -5') : [],
    mig(failNow(qemu)),
    unwind(qemu, { end: 'failed' }),
  );
}

/** A `migrate` that is refused prints no state. */
export const REFUSED = mainLoop('qmp_enter_migrate {"uri": "unix:/run/vm/mig.sock"}', 'qmp_exit_migrate {} 0');

export const refusedMeanwhile = (qemu: Qemu): Script =>
  join(
    setup(qemu),
    estimate(qemu, { pre: RAM, max: 0 }),
    iterate(qemu),
    REFUSED,
    estimate(qemu, { pre: 257560576 }),
    cancel(qemu),
    unwind(qemu, { end: 'cancelled' }),
  );

/** snapshot-load reads a stream as a destination does, in the process of a source; it sets no state. */
export const loadvm = (): Script =>
  mainLoop(
    runstate('running', 'restore-vm'),
    notify(0, 'restore-vm'),
    'vm_stop_flush_all ret 0',
    'loadvm_state_setup ',
    'qemu_loadvm_state_section 4',
    'qemu_loadvm_state_section_startfull 1(ram) 0 4',
    'qemu_loadvm_state_section_partend 1',
    'loadvm_state_cleanup ',
    runstate('restore-vm', 'running'),
    notify(1, 'running'),
  );

/** A new limit counts from the next migrate_transferred on. */
export const limitChanged = (qemu: Qemu): Script =>
  precopy(qemu, {
    rounds: join(
      estimate(qemu, { pre: RAM, max: 0 }),
      iterate(qemu),
      mainLoop('qmp_enter_migrate_set_parameters {"downtime-limit": 30}'),
      estimate(qemu, { pre: 45060096 }),
      iterate(qemu),
      asked(qemu, { pre: 2682880 }, 7710, LEFT),
    ),
  });
