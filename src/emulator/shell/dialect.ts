/** Which of an event's formats a version prints. */
import type { EventName } from '../../catalog/catalog.ts';
import { type Declaration, EVENT_GROUPS } from '../../catalog/events.ts';
import { ACK_COLLECTED, ACK_TOTAL, type Band } from '../../catalog/vocabulary.ts';
import { EventText } from './printf.ts';

/** Which format, counted as the catalogue lists them: newest first. */
type Choice = Readonly<Record<Band, number>>;

const sinceVersion = (newest: Band, older: number): Choice => ({
  '7.2': newest === '7.2' ? 0 : older,
  '10.0': newest === '11.1' ? older : 0,
  thread: newest === '11.1' ? older : 0,
  '11.1': 0,
});

/** Every event that has several formats. */
export const CHOICES: Readonly<Partial<Record<EventName, Choice>>> = {
  qemu_savevm_query_pending: sinceVersion('7.2', 0),
  migrate_transferred: sinceVersion('10.0', 1),
  qemu_savevm_send_postcopy_ram_discard: sinceVersion('11.1', 1),
  migration_return_path_end_after: sinceVersion('10.0', 1),
  source_return_path_thread_switchover_acked: { '7.2': 0, '10.0': 0, thread: 0, '11.1': 1 },
  migration_socket_outgoing_connected: sinceVersion('11.1', 1),
  // The catalogue has the older one first here.
  migration_set_outgoing_channel: { '7.2': 0, '10.0': 0, thread: 0, '11.1': 1 },
  vfio_state_pending: sinceVersion('7.2', 0),
  vfio_state_pending_estimate: sinceVersion('7.2', 0),
  vfio_state_pending_exact: sinceVersion('7.2', 0),
  vfio_migration_set_state: sinceVersion('10.0', 1),
  vfio_save_iterate: sinceVersion('10.0', 1),
  process_incoming_migration_co_end: { '7.2': 0, '10.0': 0, thread: 1, '11.1': 1 },
};

const DECLARATIONS = declarationsByName();

function declarationsByName(): ReadonlyMap<string, readonly Declaration[]> {
  const known = new Map<string, Declaration[]>();
  for (const declaration of Object.values(EVENT_GROUPS).flat()) {
    const name = declaration.slice(0, declaration.indexOf('('));
    known.set(name, [...(known.get(name) ?? []), declaration]);
  }
  return known;
}

/** The declaration that the version prints the event by. */
export function declarationOf(event: EventName, band: Band): Declaration {
  const declaration = DECLARATIONS.get(event)?.[CHOICES[event]?.[band] ?? 0];
  if (declaration === undefined) throw new Error(`${event} is not in the catalogue`);
  return declaration;
}

/** `EVENT ARGS`, as the version prints it; with room for so many bytes before it. */
export function eventText(event: EventName, band: Band, front = 0): EventText {
  // Two counts that no name in C stands for.
  const extra = event === 'qemu_savevm_query_pending' && band === '11.1' ? [ACK_COLLECTED, ACK_TOTAL] : [];
  return new EventText(declarationOf(event, band), extra, front);
}
