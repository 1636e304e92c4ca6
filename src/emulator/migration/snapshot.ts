/** snapshot-save: on the main thread, with the BQL, the VM stopped, without any query. */
import type { Steps } from '../clock/scheduler.ts';
import type { Attempt } from './attempt.ts';
import { announce } from './commands.ts';
import { completeModules, iterateModules, saveDevices } from './sections.ts';
import { writeHeader } from './setup.ts';

const ARGUMENTS = '{"tag": "s1", "devices": ["disk0"], "vmstate": "disk0", "job-id": "save1"}';

export function* snapshotSave(attempt: Attempt): Steps {
  const { core, vm, mainLoop } = attempt;
  core.tracer.event('qmp_enter_snapshot_save', { json: ARGUMENTS });
  mainLoop.post(() => save(attempt), 350_000);
  yield* core.sleep(0);
  attempt.oldRunstate = vm.runstate;
}

function* save(attempt: Attempt): Steps {
  const { core, vm } = attempt;
  const { tracer } = core;
  const saved = vm.runstate;
  yield* vm.stop('save-vm');
  attempt.setState('setup');
  attempt.isUnlimited = true;
  attempt.ramBytesAtStop = 0;
  writeHeader(attempt);
  tracer.mark('savevm_state_setup');
  for (const module of attempt.modules) if (module.isActive) yield* module.setup();
  // An error stops every round at once: without the look at it this would go on for ever, and no time would pass.
  while (attempt.ram.dirtyPages > 0 && attempt.stream.error === undefined) yield* iterateModules(attempt);
  if (attempt.stream.error === undefined) yield* complete(attempt, saved);
  tracer.mark('savevm_state_cleanup');
  for (const module of attempt.modules) if (module.isActive) module.cleanup();
  vm.stopDirtyLog();
  attempt.setState(attempt.stream.error === undefined ? 'completed' : 'failed');
  yield* core.sleep(6_000_000);
  tracer.mark('qemu_file_fclose');
  if (saved === 'running') yield* vm.start();
  else vm.setRunstate(saved);
  attempt.finish();
}

/** What comes behind an error is not saved, and the snapshot fails: qemu_savevm_state(). */
function* complete(attempt: Attempt, savedState: string): Steps {
  const { tracer, version } = attempt.core;
  if (version.band === '7.2') tracer.mark('savevm_state_complete_precopy');
  if (version.hasBlockActivation && version.band !== '11.1') {
    announce(attempt, 'savevm_send_switchover_start', 'switchover-start');
  }
  if (yield* completeModules(attempt, true)) yield* saveDevices(attempt, savedState);
}
