/** Whole texts, word by word: this is what a developer pastes into a mail. */
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, test } from 'vitest';
import { RENDERERS } from '../../src/report/renderers/registry.ts';
import { textRenderer } from '../../src/report/renderers/text.ts';
import { cleanRun, violatedRun } from './samples.ts';

const PLAIN = { color: false, verbose: false };

describe('text of a run without violations', () => {
  test('plain', () => {
    expect(textRenderer.render(cleanRun(), PLAIN)).toBe(CLEAN);
  });

  test('verbose adds the phases and the reasons of what holds and what does not apply', () => {
    const text = textRenderer.render(cleanRun(), { color: false, verbose: true });
    expect(text).toContain('  phases (s since the first event, lines):\n    setup 0.000000..0.009638 :2-9\n');
    expect(text.slice(text.indexOf('7 duties hold'))).toBe(CLEAN_VERBOSE_END);
  });
});

describe('text of a violated run', () => {
  test('plain', () => {
    expect(textRenderer.render(violatedRun(), PLAIN)).toBe(VIOLATED);
  });

  test('colour adds escape sequences and nothing else', () => {
    const colored = textRenderer.render(violatedRun(), { color: true, verbose: false });
    expect(colored).toContain('\u001b[31m  [1] final-missing: error in migration 0\u001b[39m\n');
    expect(stripVTControlCharacters(colored)).toBe(VIOLATED);
  });
});

test('text is the default format', () => {
  expect(RENDERERS.map((renderer) => renderer.id)).toEqual(['text', 'json', 'html', 'markdown', 'sarif', 'junit']);
});

const CLEAN = `qtrace: no violation found in 1 migration of QEMU 11.1; 7 of 11 duties hold, 4 could not be decided

Inputs
  src.log  qemu-log-iso, source, 93 lines, 93 events, 12421 bytes, sha256 eafbbbd360d5

Not decided (4)
  final-without-bql, handler-takes-bql: no mutex event shows who holds the BQL
    to decide: enable qemu_mutex_lock, qemu_mutex_locked, qemu_mutex_unlock (-d tid -D LOG.%d);
      \`qtrace events --bql\` lists them
  last-sync-not-marked: only a probe shows last_stage
    to decide: add the probe event migration_bitmap_sync_stage to QEMU
  dirty-bytes-not-updated: no sample of query-migrate was given
    to decide: give samples of query-migrate with --qmp FILE

Migration 0: precopy, completed; judged as QEMU 11.1
  queries: 32 estimate, 4 exact, 1 final; 6 syncs; 32 iterations
  downtime 7.481 ms; final total 307200 bytes (300 KiB)
  states (s since the first event, line):
    setup 0.000134 src.log:3 -> active 0.009638 :9 -> device 2.035584 :79 -> completed 2.040677 :89

  Rounds (bytes; s since the first event; lines of src.log)
      time s   estimate     exact   final  dirty pages  threshold  exact us  line
    0.009729  268967936         -       -            -          -         -    10
    0.063720  264245248         -       -            -          -         -    11
    0.119385  258211840         -       -            -    4396327         -    13
    (26 rows omitted)
    1.825342     708608  22949888       -         5430    5253129        44    59
    2.025889    1978368  10391552       -         7484    5253129        81    66
    2.032781          0    290816       -         7555    5253129        84    70
    2.035847          -         -  307200         7559    5253129         -    82

  Downtime 7.481 ms, from and to
    src.log:75: 2026-11-23T01:29:16.681342Z vmstate_downtime_checkpoint src-downtime-start
    src.log:88: 2026-11-23T01:29:16.688823Z vmstate_downtime_checkpoint src-downtime-end

  Checkpoints analysis
        src-downtime-start ->         src-vm-stopped: 2368 (us)
            src-vm-stopped ->     src-iterable-saved:  570 (us)
        src-iterable-saved -> src-non-iterable-saved: 4458 (us)
    src-non-iterable-saved ->       src-downtime-end:   85 (us)
                                            downtime: 7481 (us)

    for the time of each device: enable vmstate_downtime_save

7 duties hold: final-missing, final-repeated, final-not-exact, final-without-sync,
  exact-without-sync, total-not-sum, illegal-state-transition
2 duties do not apply: postcopy-switchover-without-sync, sync-in-postcopy

qtrace 0.1.0, rule set 0123456789ab
`;

const CLEAN_VERBOSE_END = `7 duties hold
  final-missing, final-repeated: one final query in 1 switchover
  final-not-exact: the final query is exact
  final-without-sync: the final query has a sync of its own
  exact-without-sync: all 4 exact queries have a sync of their own
  total-not-sum: total = precopy + stopcopy + postcopy in all 37 queries
  illegal-state-transition: setup, active, device, completed
2 duties do not apply
  postcopy-switchover-without-sync, sync-in-postcopy: no postcopy switchover

qtrace 0.1.0, rule set 0123456789ab
`;

const VIOLATED = `qtrace: 2 violations (1 error, 1 warning) in 1 migration of QEMU with the posted patch:
        final-missing, estimate-exact-oscillation
        3 other duties hold, 1 could not be decided
        src.log has holes (1 torn-line): verdicts that rest on what is missing there are withdrawn

Inputs
  src.log     qemu-log-iso, source, 332 lines, 332 events, 29193 bytes, sha256 1e1b76867e3b
    ! torn-line: 1, at line 250: lines broken off or overwritten in the middle
      give every QEMU process its own -D file
  stderr.txt  stderr, source, 4 lines, 0 events, 1 message, 270 bytes, sha256 995acdd8e180

Violations
  [1] final-missing: error in migration 0
      the switchover completed without a final query: nothing counted what the guest had dirtied
      last
      expected: one query with final=1 after src-vm-stopped and before ram_save_complete
      actual:   no query between VM stop (src.log:205) and completed (src.log:326)
      src.log:205: 2026-11-23T01:34:26.980341Z runstate_set current_run_state 9 (running) new_state 7 (finish-migrate)
      src.log:216: 2026-11-23T01:34:26.980767Z ram_save_complete dirty=1794, done=0
      src.log:326: 2026-11-23T01:34:26.991854Z migrate_set_state new state completed

  [2] estimate-exact-oscillation: warning in migration 0, 3 findings
      1. for 21 rounds the estimate was under the threshold and the exact total over it
         expected: estimate and exact total on the same side of the threshold of 8116081
         actual:   estimate 3276800, exact 16777216
         src.log:42: 2026-11-23T01:34:24.640089Z qemu_savevm_query_pending exact=0, final=0, precopy=3276800, stopcopy=0, postcopy=0, total=3276800
         src.log:45: 2026-11-23T01:34:24.640222Z qemu_savevm_query_pending exact=1, final=0, precopy=16777216, stopcopy=0, postcopy=0, total=16777216
      2 more findings omitted

Not decided (1)
  final-not-exact: the switchover has no final query

Migration 0: precopy, completed; judged as the posted patch on its older QEMU
  queries: 28 estimate, 25 exact, 0 final; 26 syncs; 28 iterations
  downtime 11.515 ms; final total -
  states (s since the first event, line):
    setup 0.000000 src.log:4 -> active 0.018627 :19 -> device 2.669094 :210 ->
    completed 2.680390 :326

  Messages of QEMU
    stderr.txt:2: 2026-11-23T01:34:23.836891Z qemu-system-x86_64: warning: host doesn't support requested feature: CPUID[eax=01h].ECX.pni [bit 0]

  Rounds (bytes; s since the first event; lines of src.log)
    polls    time s   estimate     exact  final  dirty pages  threshold  exact us  line
        1  0.018647  134553600         -      -            -          -         -    21
       21  0.328625    3276800  16777216      -         9792    8116081       133    42
    (5 rows omitted)
        1  2.668764    2174976   7348224      -        14179    7517180       104   199

  Downtime 11.515 ms, from and to
    src.log:204: 2026-11-23T01:34:26.980337Z vmstate_downtime_checkpoint src-downtime-start
    src.log:325: 2026-11-23T01:34:26.991852Z vmstate_downtime_checkpoint src-downtime-end

  Checkpoints analysis
        src-downtime-start ->         src-vm-stopped:   217 (us)
            src-vm-stopped ->     src-iterable-saved:  4785 (us)
        src-iterable-saved -> src-non-iterable-saved:  1162 (us)
    src-non-iterable-saved ->       src-downtime-end:  5351 (us)
                                            downtime: 11515 (us)

  Iterable device analysis
    Device SAVE of          ram:0 took 4562 (us)
    Device SAVE of dirty-bitmap:0 took    0 (us)
               total of 2 devices took 4562 (us)

  Non-iterable device analysis
    Device SAVE of 0000:00:01.3/piix4_pm:0 took 295 (us)
    Device SAVE of                   cpu:0 took  78 (us)
    Device SAVE of                  apic:0 took  59 (us)
    Device SAVE of      0000:00:01.1/ide:0 took  44 (us)
    Device SAVE of            cpu_common:0 took  20 (us)
    Device SAVE of           kvm-tpr-opt:0 took  15 (us)
    Device SAVE of           mc146818rtc:0 took  13 (us)
    Device SAVE of                 i8259:0 took  13 (us)
    Device SAVE of                 i8254:0 took  13 (us)
    Device SAVE of                serial:0 took  10 (us)
    (29 omitted)
                       total of 39 devices took 706 (us)

3 duties hold: exact-without-sync, total-not-sum, illegal-state-transition
1 duty does not apply: postcopy-switchover-without-sync

qtrace 0.1.0, rule set 0123456789ab
`;
