/** `qtrace events`: the file to pass to QEMU's -trace events=. */
import type { ArgumentsCamelCase, Argv } from 'yargs';
import { eventsFile } from '../../catalog/recording.ts';
import { BANDS } from '../../catalog/vocabulary.ts';
import { defineCommand } from '../command.ts';
import { bandOf } from '../common-options.ts';
import { writeOut } from '../output.ts';

interface Options {
  readonly qemu: string | undefined;
  readonly bql: boolean;
  readonly 'both-sides': boolean;
  readonly devices: boolean;
}

export const register = defineCommand({
  command: 'events',
  describe: "Print the events file for QEMU's -trace events=",
  builder: (yargs: Argv) =>
    yargs
      .option('qemu', {
        type: 'string',
        requiresArg: true,
        choices: BANDS,
        describe: 'For this version only; for every one when absent',
      })
      .option('bql', {
        type: 'boolean',
        default: false,
        describe: 'With the mutex events, to prove who holds the BQL',
      })
      .option('both-sides', {
        type: 'boolean',
        default: false,
        describe: "With what ties the source's log to the destination's",
      })
      .option('devices', {
        type: 'boolean',
        default: false,
        describe: 'With the time of each device, VFIO and the dirty log',
      }),
  handler: async ({ qemu, bql, 'both-sides': bothSides, devices }: ArgumentsCamelCase<Options>): Promise<void> => {
    await writeOut(eventsFile(qemu === undefined ? undefined : bandOf(qemu), { bql, bothSides, devices }));
  },
});
