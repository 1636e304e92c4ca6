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
  const { tracer, version } = core;
  const saved = vm.runstate;
  yield* vm.stop('save-vm');
  attempt.setState('setup');
  attempt.isUnlimited = true;
  attempt.ramBytesAtStop = 0;
  writeHeader(attempt);
  tracer.mark('savevm_state_setup');
  for (const module of attempt.modules) if (module.isActive) yield* module.setup();
  while (attempt.ram.dirtyPages > 0) yield* iterateModules(attempt);
  if (version.band === '7.2') tracer.mark('savevm_state_complete_precopy');
  if (version.hasBlockActivation && version.band !== '11.1') {
    announce(attempt, 'savevm_send_switchover_start', 'switchover-start');
  }
  yield* completeModules(attempt, true);
  yield* saveDevices(attempt, saved);
  tracer.mark('savevm_state_cleanup');
  for (const module of attempt.modules) if (module.isActive) module.cleanup();
  vm.stopDirtyLog();
  attempt.setState('completed');
  yield* core.sleep(6_000_000);
  tracer.mark('qemu_file_fclose');
  if (saved === 'running') yield* vm.start();
  else vm.setRunstate(saved);
  attempt.finish();
}
