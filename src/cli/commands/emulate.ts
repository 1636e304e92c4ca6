/** `qtrace emulate SCENARIO`: the bundled emulator of the migration core. */
import { readFileSync } from 'node:fs';
import type { ArgumentsCamelCase, Argv } from 'yargs';
import { systemCode, UserError } from '../../base/errors.ts';
import { visible } from '../../base/text.ts';
import { BANDS, type Band } from '../../catalog/vocabulary.ts';
import type { EmulatorConfig } from '../../emulator/config.ts';
import { type FaultId, faultNamed } from '../../emulator/faults/registry.ts';
import { emulatorInMarkdown } from '../../emulator/reference/markdown.ts';
import { EVENT_SETS, type EventSet, filterFor } from '../../emulator/shell/event-sets.ts';
import { listing } from '../../emulator/shell/listing.ts';
import { type LogForm, LogWriter } from '../../emulator/shell/log-writer.ts';
import { PREFIXES, prefixOf } from '../../emulator/shell/prefix.ts';
import { configFor, type Scenario } from '../../emulator/shell/scenario.ts';
import { bundledScenario, scenarioFromText } from '../../emulator/shell/scenarios.ts';
import { Simulation, type SimulationResult } from '../../emulator/simulate.ts';
import { defineCommand, showDash } from '../command.ts';
import { bandOf, operands } from '../common-options.ts';
import { EmulatorFiles } from '../emulator-files.ts';
import { note, writeOut } from '../output.ts';

function build<T>(yargs: Argv<T>) {
  return yargs
    .positional('scenario', { type: 'string', describe: 'A name that --list shows, or a JSON file' })
    .option('output', { alias: 'o', type: 'string', requiresArg: true, describe: 'Write the log to this file' })
    .option('seed', { type: 'string', requiresArg: true, default: '1', describe: 'Another number, another run' })
    .option('qemu', { type: 'string', requiresArg: true, choices: BANDS, default: '11.1', describe: 'Version' })
    .option('fault', { type: 'string', array: true, nargs: 1, describe: 'Switch on a fault that --list shows' })
    .option('events', {
      type: 'string',
      array: true,
      nargs: 1,
      describe: `What the log holds, recommended when absent: ${EVENT_SETS.join(', ')}`,
    })
    .option('prefix', {
      type: 'string',
      requiresArg: true,
      choices: PREFIXES,
      describe: "What stands before an event; the version's own when absent",
    })
    .option('split-threads', { type: 'boolean', default: false, describe: 'One log per thread: FILE.TID' })
    .option('qmp-out', { type: 'string', requiresArg: true, describe: 'Write samples of query-migrate to this file' })
    .option('stderr-out', {
      type: 'string',
      requiresArg: true,
      describe: 'Write what QEMU prints on stderr to this file, not into the log',
    })
    .option('set', { type: 'string', array: true, nargs: 1, describe: 'KEY=VALUE, a setting that --list shows' })
    .option('list', { type: 'boolean', default: false, describe: 'Describe scenarios, faults and settings' })
    .option('format', {
      type: 'string',
      requiresArg: true,
      choices: ['text', 'markdown'] as const,
      default: 'text',
      describe: 'Of --list: markdown is the whole reference',
    });
}

type Options = ArgumentsCamelCase<Awaited<ReturnType<ReturnType<typeof build<object>>['parseAsync']>>>;

export const register = defineCommand({
  command: 'emulate [scenario]',
  describe: 'Emulate a migration and write its trace as QEMU does',
  builder: build<object>,
  handler: async (options: Options): Promise<void> => {
    if (options.list) await writeOut(options.format === 'markdown' ? emulatorInMarkdown() : listing());
    else if (options.format !== 'text')
      throw new UserError('--format is of --list; choose the form of a log with --qemu');
    else await runEmulate(options);
  },
});

async function runEmulate(options: Options): Promise<void> {
  const name = scenarioName(options);
  const version = bandOf(options.qemu) ?? '11.1';
  const bundled = bundledScenario(name);
  const config = configOf(bundled ?? scenarioOfFile(name), name, version, options);
  const form: LogForm = {
    version,
    prefix: PREFIXES.find((prefix) => prefix === options.prefix) ?? prefixOf(version),
    shows: filterFor(eventSets(options.events)),
  };
  const files = new EmulatorFiles({
    log: fileNamed('-o', options.output),
    splitThreads: options.splitThreads,
    samples: fileNamed('--qmp-out', options.qmpOut),
    stderr: fileNamed('--stderr-out', options.stderrOut),
    inputs: bundled === undefined ? [name] : [],
  });
  const writer = new LogWriter(form, files);
  tellWhatIsMissing(config, await writeAll(new Simulation(config, writer), files), writer.writtenBytes);
}

async function writeAll(simulation: Simulation, files: EmulatorFiles): Promise<SimulationResult> {
  try {
    let result = simulation.advance();
    while (result === undefined) {
      await files.drained();
      result = simulation.advance();
    }
    await files.finish();
    return result;
  } catch (thrown) {
    files.abort();
    throw thrown;
  }
}

function tellWhatIsMissing(
  { faults, logBytes = 0 }: EmulatorConfig,
  { reachedFaults, refusals }: SimulationResult,
  writtenBytes: number,
): void {
  if (writtenBytes < logBytes)
    note(`the run ended before its log had log-size=${logBytes}: it has ${writtenBytes} bytes`);
  for (const refusal of refusals) note(`QEMU refuses to migrate: ${refusal}`);
  for (const fault of faults) {
    if (!reachedFaults.has(fault)) note(`the run never came to the place of the fault ${fault}`);
  }
}

/** @throws UserError when none is named. */
function scenarioName(options: Options): string {
  const named = [options.scenario ?? [], operands(options)].flat().map(showDash);
  const [name, ...others] = named;
  if (name === undefined || name === '') throw new UserError('name a scenario; `qtrace emulate --list` lists them');
  if (others.length > 0) throw new UserError(`name one scenario, not also ${visible(others.join(' '))}`);
  return name;
}

/** @throws UserError when there is no such file, or it can't be read or holds something else. */
function scenarioOfFile(name: string): Scenario {
  return scenarioFromText(readText(name), name);
}

function readText(name: string): string {
  try {
    return readFileSync(name, 'utf8');
  } catch (thrown) {
    const shown = visible(name);
    switch (systemCode(thrown)) {
      case 'ENOENT':
      case 'ENOTDIR':
      case 'ENAMETOOLONG':
        throw new UserError(`no scenario and no file ${shown}; \`qtrace emulate --list\` lists the scenarios`);
      case 'EISDIR':
        throw new UserError(`${shown} is a directory; name a scenario or a JSON file`);
      case 'EACCES':
      case 'EPERM':
        throw new UserError(`${shown} can't be read: permission denied; check its mode`);
      default:
        throw new UserError(`${shown} can't be read; name a scenario or a JSON file`);
    }
  }
}

function configOf(scenario: Scenario, name: string, version: Band, options: Options): EmulatorConfig {
  if (!scenario.versions.includes(version)) {
    const others = scenario.versions.join(', ');
    throw new UserError(`QEMU ${version} has no scenario ${visible(name)}; choose --qemu ${others}`);
  }
  const faults = [...new Set(options.fault ?? [])].map((id) => faultFor(id, version));
  return configFor(scenario, { version, seed: seedOf(options.seed), faults, set: options.set ?? [] });
}

function faultFor(text: string, version: Band): FaultId {
  const fault = faultNamed(text);
  if (fault === undefined) throw new UserError(`unknown fault ${visible(text)}; \`qtrace emulate --list\` lists them`);
  const { id, versions } = fault;
  if (versions.some((band) => band === version)) return id;
  throw new UserError(`QEMU ${version} has no place for the fault ${id}; choose --qemu ${versions.join(', ')}`);
}

function seedOf(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new UserError(`--seed ${visible(text)}: not a whole number; write --seed 2`);
}

function eventSets(given: readonly string[] | undefined): readonly EventSet[] {
  return (given ?? ['recommended'])
    .flatMap((names) => names.split(','))
    .map((name) => {
      const known = EVENT_SETS.find((set) => set === name);
      if (known !== undefined) return known;
      throw new UserError(`unknown set of events ${visible(name)}; use ${EVENT_SETS.join(', ')}`);
    });
}

/** `-` is standard output, for the log only. */
function fileNamed(option: string, path: string | undefined): string | undefined {
  const name = path === undefined ? undefined : showDash(path);
  if (name === '') throw new UserError(`${option} has an empty value; check the variables of your shell`);
  if (name !== '-') return name;
  if (option === '-o') return undefined;
  throw new UserError(`${option} can't be standard output; name a file`);
}
