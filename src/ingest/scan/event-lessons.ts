/**
 * Teaches the skimmer which lines of protocol events it may pass over: of a format all whose values are decimal numbers
 * any line, of another one the lines that were seen.
 */
import type { ScannedText } from './format-scanner.ts';
import type { Skimmer } from './skim/skimmer.ts';

/** An input may hold any number of texts. */
const MAX_LINES = 1024;
/** The skimmer looks at no more. */
const MAX_TAILS = 16;
const LINE_END = '\n';

/** Where an event stands in the line at hand. */
export interface SeenEvent {
  readonly name: string;
  readonly at: number;
  /** Behind the line end. */
  readonly end: number;
}

/** The format of an event by which the skimmer knows its lines: the first one that was learnt. */
interface FormatLesson {
  readonly format: ScannedText['format'];
  /** 0: there was no room. */
  readonly number: number;
  readonly tails: Set<string>;
}

/** `T`: what its user wants to know of an event again. */
export class EventLessons<T extends ScannedText> {
  readonly #skimmer: Skimmer;
  readonly #formats = new Map<string, FormatLesson>();
  readonly #names = new Set<string>();
  readonly #lines = new Set<string>();
  readonly #known: (T | undefined)[] = [];

  constructor(skimmer: Skimmer) {
    this.#skimmer = skimmer;
  }

  /** What was learnt under this number. */
  known(text: number): T | undefined {
    return this.#known[text];
  }

  /** Values of the skimmer's records. */
  get values(): Float64Array {
    return this.#skimmer.values;
  }

  /** Whether what was learnt may be passed over. */
  set pass(pass: boolean) {
    this.#skimmer.eventsPass = pass;
  }

  /** Any line of the event in this format, if it ends as this one. */
  learnFormat({ name, at }: SeenEvent, known: T): void {
    const { format, tail } = known;
    const ending = `${tail?.text ?? ''}${LINE_END}`;
    const lesson = this.#formats.get(name) ?? this.#newFormat(name, at, format);
    if (lesson.format !== format || lesson.number === 0) return;
    if (lesson.tails.has(ending) || lesson.tails.size >= MAX_TAILS) return;
    lesson.tails.add(ending);
    this.#remember(this.#skimmer.learnTail(lesson.number, Buffer.from(ending, 'latin1')), known);
  }

  /** Lines that are the same as this one. */
  learnLine({ name, at, end }: SeenEvent, known: T): void {
    const { format, args, tail } = known;
    const line = `${format.print(args)}${tail?.text ?? ''}`;
    if (this.#lines.has(line) || this.#lines.size >= MAX_LINES) return;
    this.#lines.add(line);
    if (!this.#names.has(name)) {
      this.#names.add(name);
      this.#skimmer.learn(at, name.length + 1, name, 'lines');
    }
    this.#remember(this.#skimmer.learn(at, end - at, name, 'line'), known);
  }

  #newFormat(name: string, at: number, format: ScannedText['format']): FormatLesson {
    const number = this.#skimmer.learnFormat(at, name.length + 1, name, format.literals);
    const lesson = { format, number, tails: new Set<string>() };
    this.#formats.set(name, lesson);
    return lesson;
  }

  #remember(text: number, known: T): void {
    if (text > 0) this.#known[text] = known;
  }
}
