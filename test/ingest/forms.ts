/** Lines of the log back end, as other back ends and their tools would have shown the same events. */
import { CATALOG } from '../../src/catalog/catalog.ts';
import { compileDeclaration } from '../../src/catalog/declaration.ts';
import { EVENT_GROUPS } from '../../src/catalog/events.ts';
import { parseLockArgs } from '../../src/ingest/line-kinds.ts';

export interface LogLine {
  /** Seconds since 1970; undefined for a line without a stamp. */
  readonly seconds: number | undefined;
  readonly micros: string;
  readonly thread: number | undefined;
  readonly text: string;
}

export function parseLogLine(line: string): LogLine {
  const tid = /^(\d+)@(\d+)\.(\d{6}):(.*)$/s.exec(line);
  if (tid !== null) {
    return { thread: Number(tid[1]), seconds: Number(tid[2]), micros: tid[3] ?? '', text: tid[4] ?? '' };
  }
  const iso = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{6}))?Z (.*)$/s.exec(line);
  if (iso === null) return { seconds: undefined, micros: '', thread: undefined, text: line };
  const seconds = Date.parse(`${iso[1]}Z`) / 1000;
  return { seconds, micros: iso[2] ?? '000000', thread: undefined, text: iso[3] ?? '' };
}

export type Converter = (line: LogLine) => string;

const NAME = /^[a-z][a-z0-9]*_[a-z0-9_]*(?= |$)/;
/** When the host of the captures was booted. */
const BOOT = 1_795_390_000;

/** What is no event keeps its text: QEMU prints it on stderr, wherever the events go. */
function eventsOnly(show: (line: LogLine, seconds: number, name: string, args: string) => string): Converter {
  return (line) => {
    const name = NAME.exec(line.text)?.[0];
    if (name === undefined || line.seconds === undefined) return line.text;
    return show(line, line.seconds, name, line.text.slice(name.length + 1));
  };
}

export const toFtrace = eventsOnly(({ thread, micros, text }, seconds) => {
  const task = `CPU 0/KVM-${thread ?? 7001}`.padStart(23);
  return `${task}   [00${seconds % 4}] ...1. ${String(seconds - BOOT).padStart(5)}.${micros}: tracing_mark_write: ${text}`;
});

export const toFtraceWithProcess =
  (process: number, thread?: number): Converter =>
  (line) => {
    const own = thread === undefined ? line : { ...line, thread: line.thread ?? thread };
    return toFtrace(own).replace(/^(.{23}) /, `$1 (${String(process).padStart(7)}) `);
  };

export const toTraceCmd = eventsOnly(({ thread, micros, text }, seconds) => {
  const task = `qemu-system-x86-${thread ?? 7001}`.padStart(22);
  return `${task} [001] ${String(seconds - BOOT).padStart(5)}.${micros}: print:                tracing_mark_write: ${text}`;
});

export const toStap =
  (process = 7000): Converter =>
  (line) =>
    eventsOnly(({ micros, text }, seconds) => `${process}@${seconds}${micros}000 ${text}`)(line);

export interface LttngOptions {
  readonly clock: 'time' | 'date' | 'seconds';
  readonly process?: number;
}

export const toLttng =
  ({ clock, process }: LttngOptions): Converter =>
  (line) =>
    eventsOnly(({ thread, micros }, seconds, name, args) => {
      const iso = new Date(seconds * 1000).toISOString();
      const time = { time: iso.slice(11, 19), date: iso.slice(0, 19).replace('T', ' '), seconds: String(seconds) }[
        clock
      ];
      const context = [
        ...(process === undefined ? [] : [`vpid = ${process}`]),
        ...(thread === undefined ? [] : [`vtid = ${thread}`]),
      ];
      const braces = ['{ cpu_id = 1 }', ...(context.length === 0 ? [] : [`{ ${context.join(', ')} }`])];
      const fields = fieldsOf(name, args);
      const payload = fields.length === 0 ? '{ }' : `{ ${fields.join(', ')} }`;
      return `[${time}.${micros}000] (+0.000001000) host qemu:${name}: ${[...braces, payload].join(', ')}`;
    })(line);

/** QEMU's own names, where the catalogue has others. */
const QEMU_NAMES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  migrate_error: { error: 'error_desc' },
  migrate_fd_error: { error: 'error_desc' },
  migrate_transferred: { transferred: 'tranferred', switchover_bw: 'avail_bw', max_size: 'size' },
  migration_block_activation: { active: 'name' },
};

const DECLARATIONS: readonly string[] = Object.values(EVENT_GROUPS).flat();

/** The arguments of an event's text as babeltrace shows them; an event that nobody knows has its text as one. */
export function fieldsOf(name: string, args: string): readonly string[] {
  const lock = CATALOG.get(name)?.group === 'lock' ? parseLockArgs(args) : undefined;
  if (lock !== undefined) {
    const line = lock.site.slice(lock.file.length + 1);
    return [`mutex = ${upperHex(lock.mutex)}`, `file = ${quote(lock.file)}`, `line = ${line}`];
  }
  for (const declaration of DECLARATIONS.filter((one) => one.startsWith(`${name}(`))) {
    const decoded = compileDeclaration(declaration).decode(args);
    if (decoded === undefined) continue;
    const params = /\((.*?)\) "/.exec(declaration)?.[1] ?? 'void';
    const fields = (params === 'void' ? [] : params.split(', ')).map((param) => {
      const own = param.replace(/^.*[ *]/, '');
      const value = decoded.args[own];
      const shown = param.includes('char *') ? quote(String(value)) : param.includes('*') ? pointer(value) : value;
      return `${QEMU_NAMES[name]?.[own] ?? own} = ${shown}`;
    });
    const further = Object.entries(decoded.extra ?? {}).map(([key, value]) => `${key.replaceAll(' ', '_')} = ${value}`);
    return [...fields, ...further];
  }
  return args.trim() === '' ? [] : [`text = ${quote(args)}`];
}

function pointer(value: unknown): string {
  return value === '(nil)' ? '0x0' : upperHex(String(value));
}

function upperHex(text: string): string {
  return `0x${text.slice(2).toUpperCase()}`;
}

function quote(text: string): string {
  return `"${text
    .replaceAll(/[\\"'?]/g, '\\$&')
    .replaceAll('\n', '\\n')
    .replaceAll('\t', '\\t')}"`;
}
