/** Where the emulator is not QEMU, or says what no capture has shown: sentences. */
export const LIMITS: readonly string[] = [
  'The source only: the destination answers, but has no log of its own.',
  'Not simulated: CPR, block migration, mapped-ram, xbzrle, RDMA, devices that are unplugged for a failover, and the time of multifd’s channels.',
  'The clears of the dirty log come as often as captured mutexes of 11.1 show for a small guest; the many small ones in each sync of older versions are left out, which slots they are of is one machine’s choice, and their own locks and time are left out.',
  'dirty-ring lengthens a sync; the rings’ own events are not printed.',
  'dirty-limit keeps the guest at its quota from one moment to the next, and leaves it there when the migration fails.',
  'VFIO, switchover-ack and CMMA follow QEMU’s text: no capture shows them. That a device which re-initialises in precopy asks for another ack, and that its approval follows its initial data, is inferred from 11.1’s texts.',
  'In 11.1 an estimate reckons with the stop-copy size that a VFIO device told last, in its setup or to an exact query. Where that alone is above the threshold and the device keeps dirtying, no exact query is made any more: inferred, and shown by no capture.',
  'A line takes its time where its event is switched on, as in QEMU: with other `--events` the same seed gives another run.',
  'Texts of errors that `fail-at` brings about are plausible ones, not those of a certain device.',
  'A capability that QEMU refuses when it is set is refused here when the migration begins.',
  'A device’s section is as long as its bytes; QEMU’s description of the machine behind them, about 100 KB, is not counted in `transferred`.',
  'Lines of source files behind locks are those of one build; a build has its own.',
];
