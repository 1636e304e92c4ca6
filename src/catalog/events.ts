/**
 * The catalogue: QEMU's trace events as each version prints them. One line is
 * one format; an event whose text changed has one line per format, newest
 * first. `compileDeclaration` turns a line into its decoder.
 *
 * Sources: docs of section 10 in the project's notes on the migration core,
 * counted logs of QEMU 7.2.22, 10.0.13 and 11.1.3, and the strings of 11.1.3.
 */

/** The pending query, once per round of the migration loop and once at switchover. */
export const QUERY_EVENTS = [
  // 11.1; the switchover-ack counts follow as further key=value pairs.
  'qemu_savevm_query_pending(bool exact, bool final, uint64_t precopy, uint64_t stopcopy, uint64_t postcopy, uint64_t total) "exact=%d, final=%d, precopy=%lu, stopcopy=%lu, postcopy=%lu, total=%lu"',
  // Between May and July 2026: no final query yet.
  'qemu_savevm_query_pending(bool exact, uint64_t precopy, uint64_t stopcopy, uint64_t postcopy, uint64_t total) "exact=%d, precopy=%lu, stopcopy=%lu, postcopy=%lu, total=%lu"',
  // 8.0 to 11.0
  'migrate_pending_estimate(uint64_t size, uint64_t pre, uint64_t post) "estimate pending size %lu (pre = %lu post=%lu)"',
  'migrate_pending_exact(uint64_t size, uint64_t pre, uint64_t post) "exact pending size %lu (pre = %lu post=%lu)"',
  // up to 7.2
  'migrate_pending(uint64_t size, uint64_t max, uint64_t pre, uint64_t compat, uint64_t post) "pending size %lu max %lu (pre = %lu compat=%lu post=%lu)"',
] as const;

export const SYNC_EVENTS = [
  'migration_bitmap_sync_start(void) ""',
  'migration_bitmap_sync_end(uint64_t dirty_pages) "dirty_pages %lu"',
] as const;

/** Trace points a reviewer adds to the QEMU under test. */
export const PROBE_EVENTS = [
  'qemu_savevm_query_pending_bql(bool locked) "locked=%d"',
  'ram_state_pending_sync(bool exact, bool final, bool in_postcopy, bool sync) "exact=%d, final=%d, in_postcopy=%d, sync=%d"',
  'migration_bitmap_sync_stage(bool last_stage, bool bql) "last_stage=%d, bql=%d"',
  'mig_dirty_bytes_total_update(uint64_t old, uint64_t new) "old=%lu, new=%lu"',
] as const;

export const LOCK_EVENTS = [
  'qemu_mutex_lock(void *mutex, const char *file, const int line) "waiting on mutex %p (%s:%d)"',
  'qemu_mutex_locked(void *mutex, const char *file, const int line) "taken mutex %p (%s:%d)"',
  'qemu_mutex_unlock(void *mutex, const char *file, const int line) "released mutex %p (%s:%d)"',
] as const;

/** States, the switchover and everything else of the source that happens rarely. */
export const PROTOCOL_EVENTS = [
  'migrate_set_state(const char *new_state) "new state %s"',
  'runstate_set(int current_state, const char *current_state_str, int new_state, const char *new_state_str) "current_run_state %d (%s) new_state %d (%s)"',
  'vm_state_notify(int running, int reason, const char *reason_str) "running %d reason %d (%s)"',
  'vm_stop_flush_all(int ret) "ret %d"',
  'global_dirty_changed(unsigned int bitmask) "bitmask 0x%x"',
  'migrate_error(const char *error) "error=%s"',
  'migration_cancel(void) ""',
  'migration_cleanup(void) ""',
  'migration_call_notifiers(int type) "type=%d"',
  'migrate_fd_cancel(void) ""',
  'migrate_fd_cleanup(void) ""',
  'migrate_fd_error(const char *error) "error=%s"',
  'migrate_transferred(uint64_t transferred, uint64_t time_spent, uint64_t bandwidth, uint64_t switchover_bw, int64_t max_size) "transferred %lu time_spent %lu bandwidth %lu switchover_bw %lu max_size %ld"',
  // up to 8.1
  'migrate_transferred(uint64_t transferred, uint64_t time_spent, uint64_t bandwidth, int64_t max_size) "transferred %lu time_spent %lu bandwidth %lu max_size %ld"',
  'migration_thread_low_pending(uint64_t pending) "%lu"',
  'migration_thread_setup_complete(void) ""',
  'migration_thread_after_loop(void) ""',
  'migration_thread_file_err(void) ""',
  'migration_completion_file_err(void) ""',
  'migration_completion_vm_stop(int ret) "ret %d"',
  'migration_completion_postcopy_end(void) ""',
  'migration_completion_postcopy_end_after_complete(void) ""',
  'migration_precopy_complete(void) ""',
  'migration_block_activation(const char *active) "%s"',
  'migration_throttle(void) ""',
  'migration_dirty_limit_guest(int64_t dirtyrate) "guest dirty page rate limit %ld MB/s"',
  'cpu_throttle_set(int new_throttle_pct) "set guest CPU throttled by %d%"',
  'cpu_throttle_dirty_sync(void) ""',
  'dirtylimit_set_vcpu(int cpu_index, uint64_t quota) "CPU[%d] set dirty page rate limit %lu"',
  'vmstate_downtime_checkpoint(const char *checkpoint) "%s"',
  'vmstate_downtime_save(const char *type, const char *idstr, uint32_t instance_id, int64_t downtime) "type=%s idstr=%s instance_id=%d downtime=%ld"',
  'savevm_state_header(void) ""',
  'savevm_state_setup(void) ""',
  'savevm_state_cleanup(void) ""',
  'savevm_state_complete_precopy(void) ""',
  'savevm_state_resume_prepare(void) ""',
  'savevm_section_skip(const char *id, unsigned int section_id) "%s, section_id %u"',
  'savevm_send_ping(uint32_t val) "0x%x"',
  'savevm_send_open_return_path(void) ""',
  'savevm_send_postcopy_listen(void) ""',
  'savevm_send_postcopy_run(void) ""',
  'savevm_send_postcopy_resume(void) ""',
  'savevm_send_switchover_start(void) ""',
  'savevm_send_colo_enable(void) ""',
  'savevm_send_recv_bitmap(const char *name) "%s"',
  'savevm_command_send(uint16_t command, uint16_t len) "com=0x%x len=%d"',
  'ram_save_complete(uint64_t dirty_pages, int done) "dirty=%lu, done=%d"',
  'ram_postcopy_send_discard_bitmap(void) ""',
  'qemu_savevm_send_packaged(void) ""',
  'qemu_savevm_send_postcopy_advise(void) ""',
  'qemu_savevm_send_postcopy_ram_discard(const char *id, uint16_t len) "%s: %u"',
  // up to 10.x, with a stray letter
  'qemu_savevm_send_postcopy_ram_discard(const char *id, uint16_t len) "%s: %ud"',
  'postcopy_discard_send_finish(const char *ramblock, int nwords, int ncmds) "%s mask words sent=%d in %d commands"',
  'postcopy_start(void) ""',
  'postcopy_start_set_run(void) ""',
  'postcopy_pause_continued(void) ""',
  'postcopy_pause_return_path(void) ""',
  'postcopy_pause_return_path_continued(void) ""',
  'postcopy_preempt_enabled(bool value) "%d"',
  'postcopy_preempt_new_channel(void) ""',
  'open_return_path_on_source(void) ""',
  'open_return_path_on_source_continue(void) ""',
  'migration_return_path_end_before(void) ""',
  'migration_return_path_end_after(void) ""',
  'migration_return_path_end_after(int rp_error) "%d"',
  'await_return_path_close_on_source_joining(void) ""',
  'await_return_path_close_on_source_close(void) ""',
  'source_return_path_thread_entry(void) ""',
  'source_return_path_thread_end(void) ""',
  'source_return_path_thread_bad_end(void) ""',
  'source_return_path_thread_pong(uint32_t val) "0x%x"',
  'source_return_path_thread_shut(uint32_t val) "0x%x"',
  'source_return_path_thread_resume_ack(uint32_t v) "%u"',
  'source_return_path_thread_switchover_acked(void) ""',
  'source_return_path_thread_switchover_acked(unsigned int switchover_ack_pending_num) "switchover_ack_pending_num %u"',
  'source_return_path_thread_postcopy_package_loaded(void) ""',
  'qmp_enter_migrate(const char *json) "%s"',
  'qmp_exit_migrate(const char *result, bool succeeded) "%s %d"',
  'qmp_enter_migrate_start_postcopy(const char *json) "%s"',
  'qmp_enter_migrate_continue(const char *json) "%s"',
  'qmp_enter_migrate_cancel(const char *json) "%s"',
  'qmp_enter_migrate_pause(const char *json) "%s"',
  'qmp_enter_migrate_recover(const char *json) "%s"',
  'qmp_enter_migrate_set_parameters(const char *json) "%s"',
  'qmp_enter_migrate_set_capabilities(const char *json) "%s"',
  'qmp_exit_migrate_set_capabilities(const char *result, bool succeeded) "%s %d"',
  'qmp_enter_snapshot_save(const char *json) "%s"',
  'cpr_state_save(const char *mode) "%s mode"',
  'migration_exec_outgoing(const char *cmd) "cmd=%s"',
  'migration_fd_outgoing(int fd) "fd=%d"',
  'migration_file_outgoing(const char *filename) "filename=%s"',
  'migration_socket_outgoing_connected(void) ""',
  'migration_socket_outgoing_connected(const char *hostname) "hostname=%s"',
  'migration_socket_outgoing_error(const char *err) "error=%s"',
  // up to 10.x; before the shorter one, which would take the rest for a part of the type
  'migration_set_outgoing_channel(void *ioc, const char *ioctype, const char *hostname, void *err) "ioc=%p ioctype=%s hostname=%s err=%p"',
  'migration_set_outgoing_channel(void *ioc, const char *ioctype) "ioc=%p ioctype=%s"',
  'migrate_global_state_pre_save(const char *state) "saved state: %s"',
  'qemu_file_fclose(void) ""',
  'ram_write_tracking_ramblock_start(const char *block_id, size_t page_size, void *addr, size_t length) "%s: page_size: %zu addr: %p length: %zu"',
  'ram_write_tracking_ramblock_stop(const char *block_id, size_t page_size, void *addr, size_t length) "%s: page_size: %zu addr: %p length: %zu"',
  'ram_state_resume_prepare(uint64_t v) "%lu"',
  'ram_dirty_bitmap_request(const char *str) "%s"',
  'ram_dirty_bitmap_reload_begin(const char *str) "%s"',
  'ram_dirty_bitmap_reload_complete(const char *str) "%s"',
  'ram_dirty_bitmap_sync_start(void) ""',
  'ram_dirty_bitmap_sync_wait(void) ""',
  'ram_dirty_bitmap_sync_complete(void) ""',
  'send_bitmap_header_enter(void) ""',
  'dirty_bitmap_save_complete_enter(void) ""',
  'dirty_bitmap_save_complete_finish(void) ""',
  "colo_vm_state_change(const char *old, const char *new) \"Change '%s' => '%s'\"",
  'colo_send_message(const char *msg) "Send \'%s\' message"',
  'colo_receive_message(const char *msg) "Receive \'%s\' message"',
  'colo_failover_set_state(const char *new_state) "new state %s"',
] as const;

/** What comes with every round: inside iterations only counted. */
export const ROUND_EVENTS = [
  'savevm_state_iterate(void) ""',
  'savevm_section_start(const char *id, unsigned int section_id) "%s, section_id %u"',
  'savevm_section_end(const char *id, unsigned int section_id, int ret) "%s, section_id %u -> %d"',
  'migration_bitmap_clear_dirty(const char *str, uint64_t start, uint64_t size, uint64_t page) "rb %s start 0x%x size 0x%x page 0x%x"',
  'ram_save_iterate_big_wait(uint64_t milliconds, int iterations) "big wait: %lu milliseconds, %d iterations"',
  'migration_rate_limit_pre(int ms) "%d ms"',
  'migration_rate_limit_post(int urgent) "urgent: %d"',
  'dirty_bitmap_state_pending(uint64_t pending) "pending %lu"',
  'dirty_bitmap_save_pending(uint64_t pending, uint64_t max_size) "pending %lu max: %lu"',
  'dirty_bitmap_save_iterate(int in_postcopy) "in postcopy: %d"',
  'send_bitmap_bits(uint32_t flags, uint64_t start_sector, uint32_t nr_sectors, uint64_t data_size) "flags: 0x%x, start_sector: %lu, nr_sectors: %u, data_size: %lu"',
  'migration_block_save_pending(uint64_t pending) "Enter save live pending  %lu"',
  'multifd_send_sync_main(long packet_num) "packet num %ld"',
  'multifd_send_sync_main_signal(uint8_t id) "channel %u"',
  'multifd_send_sync_main_wait(uint8_t id) "channel %u"',
  'source_return_path_thread_loop_top(void) ""',
  'ram_save_queue_pages(const char *rbname, size_t start, size_t len) "%s: start: 0x%zx len: 0x%zx"',
  'migrate_handle_rp_req_pages(const char *rbname, size_t start, size_t len) "in %s at 0x%zx len 0x%zx"',
] as const;

/** What devices and the accelerator print during a migration. VFIO's format strings begin with a blank of their own. */
export const DEVICE_EVENTS = [
  // 11.1: one for both kinds of query
  'vfio_state_pending(const char *name, uint64_t stopcopy_size, uint64_t precopy_init_size, uint64_t precopy_dirty_size, bool request_switchover_ack, bool exact, bool final) " (%s) stopcopy size %lu, precopy initial size %lu, precopy dirty size %lu, request switchover ack %d, exact %d, final %d"',
  // snapshots of May to July 2026
  'vfio_state_pending(const char *name, bool exact, uint64_t stopcopy_size, uint64_t precopy_init_size, uint64_t precopy_dirty_size) " (%s) exact %d stopcopy size %lu precopy initial size %lu precopy dirty size %lu"',
  // 8.1 to 11.0; precopy and postcopy are the sums over all modules so far
  'vfio_state_pending_estimate(const char *name, uint64_t precopy, uint64_t postcopy, uint64_t precopy_init_size, uint64_t precopy_dirty_size) " (%s) precopy %lu postcopy %lu precopy initial size %lu precopy dirty size %lu"',
  'vfio_state_pending_exact(const char *name, uint64_t precopy, uint64_t postcopy, uint64_t stopcopy_size, uint64_t precopy_init_size, uint64_t precopy_dirty_size) " (%s) precopy %lu postcopy %lu stopcopy size %lu precopy initial size %lu precopy dirty size %lu"',
  // the same up to 9.0, in hexadecimal
  'vfio_state_pending_estimate(const char *name, uint64_t precopy, uint64_t postcopy, uint64_t precopy_init_size, uint64_t precopy_dirty_size) " (%s) precopy 0x%x postcopy 0x%x precopy initial size 0x%x precopy dirty size 0x%x"',
  'vfio_state_pending_exact(const char *name, uint64_t precopy, uint64_t postcopy, uint64_t stopcopy_size, uint64_t precopy_init_size, uint64_t precopy_dirty_size) " (%s) precopy 0x%x postcopy 0x%x stopcopy size 0x%x precopy initial size 0x%x precopy dirty size 0x%x"',
  'vfio_migration_set_device_state(const char *name, const char *state) " (%s) state %s"',
  'vfio_migration_set_state(const char *name, const char *new_state, const char *recover_state) " (%s) new state %s, recover state %s"',
  // up to 9.0
  'vfio_migration_set_state(const char *name, const char *new_state) " (%s) state %s"',
  'vfio_vmstate_change(const char *name, int running, const char *reason, const char *dev_state) " (%s) running %d reason %s device state %s"',
  'vfio_vmstate_change_prepare(const char *name, int running, const char *reason, const char *dev_state) " (%s) running %d reason %s device state %s"',
  'vfio_save_iterate(const char *name, uint64_t precopy_init_size, uint64_t precopy_dirty_size) " (%s) precopy initial size %lu precopy dirty size %lu"',
  'vfio_save_iterate(const char *name, uint64_t precopy_init_size, uint64_t precopy_dirty_size) " (%s) precopy initial size 0x%x precopy dirty size 0x%x"',
  'vfio_save_complete_precopy(const char *name, int ret) " (%s) ret %d"',
  'kvm_clear_dirty_log(uint32_t slot, uint64_t start, uint32_t size) "slot#%d start 0x%x size 0x%x"',
] as const;

/** Events that only a destination prints: they tell the two sides of a migration apart. */
export const DESTINATION_EVENTS = [
  'loadvm_state_setup(void) ""',
  'loadvm_state_cleanup(void) ""',
  'loadvm_process_command(const char *s, uint16_t len) "com=%s len=%d"',
  'loadvm_process_command_ping(uint32_t val) "0x%x"',
  'loadvm_approve_switchover(unsigned int switchover_ack_pending_num) "Switchover ack pending num=%u"',
  'loadvm_handle_cmd_packaged(unsigned int length) "%u"',
  'loadvm_handle_cmd_packaged_main(int ret) "%d"',
  'loadvm_handle_cmd_packaged_received(int ret) "%d"',
  'loadvm_postcopy_handle_advise(void) ""',
  'loadvm_postcopy_handle_listen(const char *str) "%s"',
  'loadvm_postcopy_handle_run(void) ""',
  'loadvm_postcopy_handle_resume(void) ""',
  'loadvm_postcopy_ram_handle_discard(void) ""',
  'loadvm_postcopy_ram_handle_discard_end(void) ""',
  'qemu_loadvm_state_section(unsigned int section_type) "%d"',
  'qemu_loadvm_state_section_command(int ret) "%d"',
  'qemu_loadvm_state_section_partend(uint32_t section_id) "%u"',
  'qemu_loadvm_state_section_startfull(uint32_t section_id, const char *idstr, uint32_t instance_id, uint32_t version_id) "%u(%s) %u %u"',
  'qemu_loadvm_state_post_main(int ret) "%d"',
  'vmstate_downtime_load(const char *type, const char *idstr, uint32_t instance_id, int64_t downtime) "type=%s idstr=%s instance_id=%d downtime=%ld"',
  // up to 10.0; before the shorter one, which would take the state for a pair of a newer QEMU
  'process_incoming_migration_co_end(int ret, int ps) "ret=%d postcopy-state=%d"',
  'process_incoming_migration_co_end(int ret) "ret=%d"',
  'process_incoming_migration_co_postcopy_end_main(void) ""',
  'migration_set_incoming_channel(void *ioc, const char *ioctype) "ioc=%p ioctype=%s"',
  'migration_socket_incoming_accepted(void) ""',
  'migration_exec_incoming(const char *cmd) "cmd=%s"',
  'migration_fd_incoming(int fd) "fd=%d"',
  'migration_file_incoming(const char *filename) "filename=%s"',
  'ram_load_start(void) ""',
  'ram_load_complete(int ret, uint64_t seq_iter) "exit_code %d seq iteration %lu"',
  'postcopy_ram_listen_thread_start(void) ""',
  'postcopy_ram_fault_thread_request(uint64_t hostaddr, const char *ramblock, size_t offset, uint32_t pid) "Request for HVA=0x%x rb=%s offset=0x%zx pid=%u"',
  'postcopy_ram_listen_thread_exit(void) ""',
  'migrate_global_state_post_load(const char *state) "loaded state: %s"',
] as const;

/** Every declaration above, with the group it stands in. */
export const EVENT_GROUPS = {
  query: QUERY_EVENTS,
  sync: SYNC_EVENTS,
  probe: PROBE_EVENTS,
  lock: LOCK_EVENTS,
  protocol: PROTOCOL_EVENTS,
  round: ROUND_EVENTS,
  device: DEVICE_EVENTS,
  destination: DESTINATION_EVENTS,
} as const;

export type EventGroup = keyof typeof EVENT_GROUPS;

export type Declaration = (typeof EVENT_GROUPS)[EventGroup][number];
