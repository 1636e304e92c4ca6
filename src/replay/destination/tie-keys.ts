/**
 * Which lines of the two sides are one cause and its effect. A line of the
 * sending side is printed before the bytes are written, a line of the receiving
 * side after they were read, so the order is certain whatever the clocks say.
 * What is printed after it was sent (colo_send_message) is no such pair.
 */
import type { KnownEvent } from '../../catalog/catalog.ts';
import { PAGE } from './moment-log.ts';

export interface TieKey {
  readonly key: string;
  readonly counted: boolean;
}

/** Numbers of the commands as savevm_command_send prints them; loadvm_process_command prints their names. */
const COMMANDS: ReadonlyMap<string, number> = new Map(
  [
    'OPEN_RETURN_PATH',
    'PING',
    'POSTCOPY_ADVISE',
    'POSTCOPY_LISTEN',
    'POSTCOPY_RUN',
    'POSTCOPY_RAM_DISCARD',
    'PACKAGED',
    'ENABLE_COLO',
    'POSTCOPY_RESUME',
    'RECV_BITMAP',
    'SWITCHOVER_START',
  ].map((name, index) => [name, index + 1]),
);
const PING = 2;

const once = (key: string): TieKey => ({ key, counted: false });

/** The package is written before PACKAGED and read after it, and ping 4 may overtake it: each kind is a sequence of its own. */
function command(number: number, length: unknown): TieKey | undefined {
  return number === PING ? undefined : { key: `> command ${number} ${String(length)}`, counted: true };
}

/** What the source prints of a key: `> command 7 4` is `savevm_command_send com=0x7 len=4`. */
export function sourceLineOf(key: string): string {
  const [, kind, first = '', ...rest] = key.split(' ');
  if (kind === 'command') return `savevm_command_send com=0x${Number(first).toString(16)} len=${rest.join(' ')}`;
  if (kind === 'ping') return `savevm_send_ping 0x${Number(first).toString(16)}`;
  return `savevm_section_start ${rest.join(' ')}, section_id ${first}`;
}

export function sectionKey(id: unknown, idstr: string): string {
  return `> section ${String(id)} ${idstr}`;
}

const RAM_BLOCK_SAME = '(null)';

/** Keys of one source's events; it keeps the name of the RAM block that the requests go on with. */
export class SourceKeys {
  #block = '';

  of(event: KnownEvent): TieKey | undefined {
    switch (event.name) {
      case 'savevm_state_header':
        return once('> header');
      case 'savevm_send_ping':
        return once(`> ping ${event.args.val}`);
      case 'source_return_path_thread_pong':
        return once(`< ping ${event.args.val}`);
      case 'savevm_command_send':
        return command(Number(event.args.command), event.args.len);
      case 'savevm_section_start':
        return { key: sectionKey(event.args.section_id, event.args.id), counted: false };
      case 'vmstate_downtime_checkpoint':
        return event.args.checkpoint === 'src-non-iterable-saved' ? once('> saved') : undefined;
      case 'qemu_savevm_send_packaged':
        return once('> package');
      case 'savevm_send_postcopy_resume':
        return once('> resume');
      case 'source_return_path_thread_resume_ack':
        return once('< resume');
      case 'source_return_path_thread_switchover_acked':
        return once('< switchover-ack');
      case 'source_return_path_thread_shut':
        return Number(event.args.val) === 0 ? once('< shut') : undefined;
      case 'migration_socket_outgoing_connected':
        return once('< listening');
      case 'migrate_handle_rp_req_pages': {
        if (event.args.rbname !== RAM_BLOCK_SAME) this.#block = event.args.rbname;
        return once(`${PAGE} ${this.#block} ${event.args.start}`);
      }
      default:
        return undefined;
    }
  }
}

export function destinationKeys(event: KnownEvent): readonly TieKey[] {
  switch (event.name) {
    case 'loadvm_state_setup':
      return [once('> header')];
    case 'loadvm_process_command_ping':
      return [once(`> ping ${event.args.val}`), once(`< ping ${event.args.val}`)];
    case 'loadvm_process_command': {
      const number = COMMANDS.get(event.args.s);
      const key = number === undefined ? undefined : command(number, event.args.len);
      return key === undefined ? [] : [key];
    }
    case 'vmstate_downtime_checkpoint':
      return event.args.checkpoint === 'dst-precopy-loadvm-completed' ? [once('> saved')] : [];
    case 'loadvm_handle_cmd_packaged':
      return [once('> package')];
    case 'loadvm_postcopy_handle_resume':
      return [once('> resume'), once('< resume')];
    case 'loadvm_approve_switchover':
      return [once('< switchover-ack')];
    case 'postcopy_ram_fault_thread_request':
      return [once(`${PAGE} ${event.args.ramblock} ${event.args.offset}`)];
    default:
      return [];
  }
}
