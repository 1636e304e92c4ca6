/** Asks the skimmer for the lines that nobody wants one by one, where it is likely that there are some. */
import type { Stamp } from '../formats/format.ts';
import type { PrefixScanner } from './prefix-scanner.ts';
import { MICROS_PER_SECOND, NS_PER_MICRO, type RunOptions, type RunPrefix, ScannedRun } from './scanned-run.ts';
import type { SkimForm } from './skim/skimmer.ts';

/** Behind lines that it could not pass, it is asked again after as many others at most. */
const MAX_PAUSE = 16;
/** What the names of all mutex events begin with. */
const MUTEX_EVENT = Buffer.from('qemu_mut').readDoubleLE(0);
/** The module counts no further. */
const MAX_MICROS = 2_000_000_000;

interface RunScannerOptions extends RunOptions {
  /** Of the last line that was read, by whomever. */
  readonly stamp: Stamp;
}

export class RunScanner {
  readonly #options: RunScannerOptions;
  readonly #prefix: PrefixScanner;
  readonly #run: ScannedRun;
  readonly #learnt = new Set<string>();
  #pause = 0;
  #left = 0;
  #last: RunPrefix | undefined;

  constructor(options: RunScannerOptions, prefix: PrefixScanner) {
    this.#options = options;
    this.#prefix = prefix;
    this.#run = new ScannedRun(options);
  }

  /** Lines of this event are only counted; the name stands at this offset, with a space behind it. */
  learnName(name: string, at: number): void {
    if (this.#learnt.has(name)) return;
    const text = this.#options.skimmer.learn(at, name.length + 1, name, 'name');
    if (text > 0) this.#learnt.add(name);
  }

  /** The next lines, if they have this form; undefined where the next one is to be read by itself. */
  next(form: SkimForm, lastNs: number | undefined): ScannedRun | undefined {
    if (this.#left > 0 && !this.#mayBeLock()) {
      this.#left -= 1;
      return undefined;
    }
    const run = this.#skimmed(form, lastNs);
    this.#pause = run === undefined ? Math.min(2 * this.#pause + 1, MAX_PAUSE) : 0;
    this.#left = this.#pause;
    return run;
  }

  /** The next line is that of a mutex event, if its prefix is as long as the one before. */
  #mayBeLock(): boolean {
    const { ahead, view } = this.#options.lines;
    return view.getFloat64(ahead + this.#prefix.bytes, true) === MUTEX_EVENT;
  }

  #skimmed(form: SkimForm, lastNs: number | undefined): ScannedRun | undefined {
    const prefix = this.#commonPrefix(form);
    if (prefix === undefined) return undefined;
    const { skimmer, clock, lines, stamp } = this.#options;
    const lastMicros = lastNs === undefined ? 0 : (lastNs - clock.toNs(prefix.baseSeconds, 0)) / NS_PER_MICRO;
    if (lastMicros > MAX_MICROS) return undefined;
    const end = skimmer.skim(form, prefix.baseSeconds, Math.max(0, Math.ceil(lastMicros)), lines.ahead, lines.filled);
    const { passed, lastStart, lastMicros: micros } = skimmer;
    if (passed === 0) return undefined;
    lines.passAll(passed, lastStart, end - 1);
    stamp.seconds = prefix.baseSeconds + Math.floor(micros / MICROS_PER_SECOND);
    stamp.nanos = (micros % MICROS_PER_SECOND) * NS_PER_MICRO;
    stamp.thread = form === 'tid' ? skimmer.lastThread : undefined;
    return this.#run.fill(prefix);
  }

  /** Of the lines that can be passed now. */
  #commonPrefix(form: SkimForm): RunPrefix | undefined {
    const baseSeconds = form === 'iso' ? this.#prefix.minuteSeconds : this.#options.stamp.seconds;
    if (baseSeconds === undefined) return undefined;
    const minute = form === 'iso' ? this.#prefix.minuteText : undefined;
    const last = this.#last;
    if (last?.form === form && last.baseSeconds === baseSeconds && last.minute === minute) return last;
    this.#last = { form, minute, baseSeconds };
    return this.#last;
  }
}
