/** Commands on the stream, each followed by its line of savevm_command_send. */
import type { EventName } from '../../catalog/catalog.ts';
import type { Attempt } from './attempt.ts';
import { answerPing } from './destination.ts';

const COMMANDS = {
  'open-return-path': 0x1,
  ping: 0x2,
  'postcopy-advise': 0x3,
  'postcopy-listen': 0x4,
  'postcopy-run': 0x5,
  'ram-discard': 0x6,
  packaged: 0x7,
  'enable-colo': 0x8,
  'postcopy-resume': 0x9,
  'recv-bitmap': 0xa,
  'switchover-start': 0xb,
} as const;

type CommandName = keyof typeof COMMANDS;

/** Section type, command, length. */
const HEAD_BYTES = 5;

export function sendCommand({ core, stream }: Attempt, name: CommandName, len: number): void {
  core.tracer.event('savevm_command_send', { command: COMMANDS[name], len });
  stream.put(HEAD_BYTES + len);
}

type AnnouncedCommand = Extract<
  EventName,
  | 'savevm_send_open_return_path'
  | 'savevm_send_postcopy_listen'
  | 'savevm_send_postcopy_run'
  | 'savevm_send_postcopy_resume'
  | 'savevm_send_switchover_start'
  | 'qemu_savevm_send_packaged'
>;

/** A command with an event of its own before it. */
export function announce(attempt: Attempt, event: AnnouncedCommand, name: CommandName, len = 0): void {
  attempt.core.tracer.mark(event);
  sendCommand(attempt, name, len);
}

export function ping(attempt: Attempt, value: number): void {
  attempt.core.tracer.event('savevm_send_ping', { val: value });
  sendCommand(attempt, 'ping', 4);
  attempt.stream.flush();
  answerPing(attempt, value);
}

export function checkpoint({ core }: Attempt, name: string): void {
  if (core.version.hasCheckpoints) core.tracer.event('vmstate_downtime_checkpoint', { checkpoint: name });
}
