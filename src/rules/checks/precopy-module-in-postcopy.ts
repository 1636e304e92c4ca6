/**
 * In postcopy the guest runs on the destination, with the devices that went in
 * the package. Only RAM and the dirty bitmaps go on there; every other module
 * that iterates was completed at the switchover.
 */
import type { EventName } from '../../catalog/catalog.ts';
import type { Migration } from '../../replay/run.ts';
import { defineRule, type Judgement, notApplicable, pass, undecidable, violated } from '../rule.ts';

const POSTCOPY_MODULES: ReadonlySet<string> = new Set(['ram', 'dirty-bitmap']);
const MAX_MODULES = 20;
const SECTION_EVENT_NAMES: readonly EventName[] = ['savevm_state_iterate', 'savevm_section_start'];

export const precopyModuleInPostcopy = defineRule({
  id: 'precopy-module-in-postcopy',
  severity: 'warning',
  title: 'A module that cannot do postcopy iterates in postcopy',
  demands: 'After a postcopy switchover only RAM and the dirty bitmaps are iterated.',
  why: 'The destination gets state of a device that runs there already: it overwrites it, or fails to load.',
  needs: ['savevm_state_iterate', 'savevm_section_start', 'qemu_savevm_send_packaged'],
  qemu: { function: 'qemu_savevm_state_iterate', versions: 'all' },
  limits: 'Iterations only; what is sent at completion is not judged.',
  bugs: [
    { commit: '35ecd943e7', what: 'in postcopy the modules that only do precopy were iterated, too (fixed in 2.5)' },
  ],
  reads: SECTION_EVENT_NAMES,
  begin: (migration) => {
    let iterating = false;
    let iterated = false;
    const accused = new Set<string>();
    return {
      queryMade: () => {
        iterating = false;
        return undefined;
      },
      awaits: () => migration.inPostcopy,
      event: ({ event, at, state, inPostcopy }) => {
        if (!inPostcopy || state?.startsWith('postcopy') === false) return undefined;
        if (event.name === 'savevm_state_iterate') {
          iterating = true;
          return undefined;
        }
        if (event.name !== 'savevm_section_start' || !iterating) return undefined;
        iterated = true;
        const { id, section_id } = event.args;
        if (POSTCOPY_MODULES.has(id) || accused.has(id) || accused.size >= MAX_MODULES) return undefined;
        accused.add(id);
        return violated({
          message: `${id} (section ${section_id}) was iterated after the postcopy switchover`,
          expected: 'sections of ram and dirty-bitmap only',
          actual: `a section of ${id}`,
          evidence: [at.place],
        });
      },
      end: () => judge(migration, iterated),
    };
  },
});

function judge(migration: Migration, iterated: boolean): Judgement {
  if (migration.kind !== 'postcopy') return notApplicable('there was no postcopy');
  if (iterated) return pass('only ram and dirty-bitmap were iterated in postcopy');
  // Few guests have such a module: nobody is asked to switch sections on for it.
  if (!migration.saw('savevm_section_start')) return notApplicable('the log shows no sections');
  if (!migration.saw('savevm_state_iterate')) {
    return undecidable('the log does not show which sections are an iteration', ['savevm_state_iterate']);
  }
  return notApplicable('no iteration in postcopy is shown');
}
