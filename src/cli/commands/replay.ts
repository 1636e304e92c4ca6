/** `qtrace replay TRACE...`: the query sequence step by step. */
import { once } from 'node:events';
import type { ArgumentsCamelCase, Argv } from 'yargs';
import { planInputs, replayInputs } from '../../analysis/replay-inputs.ts';
import { UserError } from '../../base/errors.ts';
import { parseRate } from '../../base/rate.ts';
import { SequenceTeller } from '../../report/sequence.ts';
import { type Question, WhatIf } from '../../report/what-if.ts';
import { defineCommand } from '../command.ts';
import { bandOf, inputOptions, namedSamples, namedTraces } from '../common-options.ts';
import { EXIT } from '../exit-codes.ts';
import { writeOut } from '../output.ts';
import { Progress } from '../progress.ts';

/** Lines are handed on in pieces of about this many characters. */
const PIECE_CHARACTERS = 65_536;

function build<T>(yargs: Argv<T>) {
  return inputOptions(yargs)
    .positional('trace', { type: 'string', array: true, describe: 'Logs, `-` for standard input' })
    .option('downtime-limit', {
      type: 'string',
      requiresArg: true,
      describe: 'What if the downtime limit had been this (milliseconds)?',
    })
    .option('bandwidth', {
      type: 'string',
      requiresArg: true,
      describe: 'What if the bandwidth had been this (bytes per second: 100M, 1.25G, 10Gbit)?',
    })
    .option('quiet', { type: 'boolean', default: false, describe: 'Show no progress' });
}

type Options = ArgumentsCamelCase<Awaited<ReturnType<ReturnType<typeof build<object>>['parseAsync']>>>;

export const register = defineCommand({
  command: 'replay [trace..]',
  describe: 'Tell the query sequence step by step',
  builder: build<object>,
  handler: async (options: Options): Promise<void> => {
    process.exitCode = await runReplay(options);
  },
});

async function runReplay(options: Options): Promise<number> {
  const traces = namedTraces(options);
  const qmp = namedSamples(options.qmp, traces);
  const plan = planInputs(traces, qmp);
  const question = questionOf(options);
  const progress = new Progress(options.quiet || process.stdout.isTTY === true);
  let piece = '';
  // `progress` waits for a slow reader of a pipe; a reader that left ends the program by EPIPE.
  const write = (line: string): void => {
    piece += `${line}\n`;
    if (piece.length < PIECE_CHARACTERS) return;
    process.stdout.write(piece);
    piece = '';
  };
  try {
    await replayInputs(
      {
        paths: plan.files,
        qmp,
        band: bandOf(options.qemu),
        fullDigest: false,
        sinks: [
          new SequenceTeller(write, plan.nameOf),
          ...(question === undefined ? [] : [new WhatIf(question, write, plan.nameOf)]),
        ],
        progress: (read, inAll) => {
          progress.update(read, inAll);
          return drained();
        },
      },
      plan,
    );
  } finally {
    progress.end();
  }
  await writeOut(piece);
  return EXIT.clean;
}

/** @throws UserError for what is no number of milliseconds or no rate. */
function questionOf(options: Options): Question | undefined {
  const { 'downtime-limit': limit, bandwidth } = options;
  if (limit === undefined && bandwidth === undefined) return undefined;
  return {
    downtimeLimitMs: limit === undefined ? undefined : parseMilliseconds(limit),
    bandwidthBytesPerMs: bandwidth === undefined ? undefined : parseRate(bandwidth) / 1000,
  };
}

function parseMilliseconds(text: string): number {
  const match = /^(\d{1,9}(?:\.\d+)?)(?:ms)?$/.exec(text.trim());
  const value = Number(match?.[1]);
  if (value > 0) return value;
  throw new UserError(`--downtime-limit ${text}: not a number of milliseconds; write 300, or 0.5`);
}

async function drained(): Promise<void> {
  if (process.stdout.writableNeedDrain) await once(process.stdout, 'drain');
}
