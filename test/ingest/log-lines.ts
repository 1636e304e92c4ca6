/** Lines of the log back end as they stand in files, for properties. */
import fc from 'fast-check';

const ARGUMENTS = [
  'qemu_mutex_lock waiting on mutex 0x56551ace07e0 (migration/migration.c:2864)',
  'qemu_mutex_locked taken mutex 0x56551ace07e0 (migration/migration.c:2864)',
  'qemu_mutex_unlock released mutex 0x56551ace07e0 (system/cpus.c:587)',
  'qemu_mutex_unlock released mutex 0x7fd960000f88 (./include/qemu/lockable.h:56)',
  'qemu_mutex_locked taken mutex 0x1 (a:1)',
  'qemu_mutex_locked taken mutex 0x12 ((x) y:12:3)',
  'qemu_mutex_unlock released mutex 0x56551ace07e0 (system/cpus.c)',
  'qemu_savevm_query_pending exact=1, final=0, precopy=53350400, stopcopy=0, postcopy=0, total=53350400, collected switchover ack pending=0, total switchover ack pending=0',
  'qemu_savevm_query_pending exact=1, final=1, precopy=18446744073709551615, stopcopy=9007199254740993, postcopy=0, total=1',
  'qemu_savevm_query_pending exact=1, precopy=1, stopcopy=0, postcopy=0, total=1',
  'migration_bitmap_sync_start ',
  'migration_bitmap_sync_end dirty_pages 13025',
  'migrate_transferred transferred 1 time_spent 100 bandwidth 2 switchover_bw 3 max_size -4',
  'migrate_transferred transferred 1 time_spent 100 bandwidth 2 max_size 4',
  'migrate_pending_estimate estimate pending size 253952 (pre = 253952 post=0)',
  'savevm_state_iterate ',
  'savevm_section_start ram, section_id 2',
  'savevm_section_end 0000:00:02.0/vga, section_id 2 -> 0',
  'migrate_set_state new state active',
  'migrate_error error=no, this = "text" with anything@1',
  'runstate_set current_run_state 9 (running) new_state 7 (finish-migrate)',
  'ram_save_page pc.ram: offset: 0x1000 host: 0x7f1200001000',
  'some_event_of_another_kind with=arguments Z @ _write: x',
];

const anyPrefix = fc.oneof(
  { weight: 6, arbitrary: fc.nat(59_999_999).map((n) => `2026-11-23T01:10:${seconds(n)}Z `) },
  {
    weight: 2,
    arbitrary: fc.nat(5_999_999).map((n) => `22680@1795396${100 + (n % 100)}.${`${n}`.padStart(6, '0').slice(-6)}:`),
  },
  fc.constantFrom('', '2026-11-23T01:11:00Z ', '2026-02-31T01:10:59.5Z ', '2026-11-23T01:10:60.000000Z ', '1@2.3:'),
);

function seconds(micros: number): string {
  return `${`${Math.floor(micros / 1e6)}`.padStart(2, '0')}.${`${micros % 1e6}`.padStart(6, '0')}`;
}

/** A line as QEMU prints it, or one with some of its bytes changed. */
export const anyLine = fc
  .record({
    prefix: anyPrefix,
    text: fc.constantFrom(...ARGUMENTS),
    changes: fc.oneof(
      { weight: 3, arbitrary: fc.constant([]) },
      fc.array(fc.tuple(fc.nat(200), fc.nat(255)), { maxLength: 2 }),
    ),
    cut: fc.option(fc.nat(150), { freq: 12 }),
    behind: fc.constantFrom('\n', '\n', '\n', '\n', '\n', '\r\n', ' \n', ', x=1\n', ', x y\n', '', '\0\n', '7\n'),
  })
  .map(({ prefix, text, changes, cut, behind }) => {
    const line = Buffer.from(`${prefix}${text}`);
    for (const [at, byte] of changes) line[at % line.length] = byte;
    return Buffer.concat([line.subarray(0, cut ?? line.length), Buffer.from(behind)]);
  });
