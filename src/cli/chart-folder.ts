/** The folder of `--charts DIR`: made if absent, and nothing in it is replaced that qtrace has not drawn. */
import {
  accessSync,
  constants,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { UserError } from '../base/errors.ts';
import { onInterrupt } from '../base/interrupt.ts';
import { plural } from '../base/text.ts';
import { type ChartFile, drawChartFiles, isChartFile, isChartName } from '../report/charts/draw-charts.ts';
import type { Timeline } from '../report/charts/timeline.ts';
import type { Report } from '../report/report.ts';
import { reasonOf } from './output.ts';

export class ChartFolder {
  readonly #folder: string;
  /** Folders that were made for it, the uppermost first. */
  readonly #made: string[] = [];
  readonly #forget: () => void;
  #temporary: string[] = [];

  /** A place that can't be written costs nothing. @throws UserError */
  constructor(folder: string) {
    if (folder === '') throw new UserError('--charts has an empty value; check the variables of your shell');
    this.#folder = folder;
    this.#forget = onInterrupt(() => this.abort());
    try {
      const there = this.#attempt(() => kindOf(folder));
      if (there === 'other') throw new UserError(`${folder} is no folder; name one for --charts, it is made if absent`);
      this.#attempt(() => {
        this.#make(resolve(folder));
        accessSync(folder, constants.W_OK);
      });
    } catch (thrown) {
      this.abort();
      throw thrown;
    }
  }

  /** What to tell the user. @throws UserError */
  async write(report: Report, timelines: readonly Timeline[]): Promise<string> {
    const files = await drawChartFiles(report, timelines);
    for (const { name } of files) this.#refuseForeign(name);
    this.#attempt(() => {
      this.#put(files);
      this.#removeStale(new Set(files.map(({ name }) => name)));
    });
    this.#forget();
    if (files.length === 0) return `no charts: the inputs show nothing that could be drawn`;
    const charts = new Set(files.map(({ name }) => name.replace(/\.\w+$/, ''))).size;
    return `wrote ${plural(charts, 'chart')} as PNG and SVG to ${this.#folder}`;
  }

  /** Leaves nothing behind. */
  abort(): void {
    this.#forget();
    for (const path of this.#temporary) rmSync(path, { force: true });
    this.#temporary = [];
    this.#removeEmpty();
  }

  #refuseForeign(name: string): void {
    const path = join(this.#folder, name);
    if (!existsSync(path) || this.#attempt(() => this.#isOwn(name))) return;
    throw new UserError(`${path} is no chart of qtrace and is not replaced; name another folder, or move it away`);
  }

  /** All of them first, then each in its place: a reader never sees half of one. */
  #put(files: readonly ChartFile[]): void {
    for (const { name, bytes } of files) {
      const path = join(this.#folder, `.${name}.${process.pid}`);
      this.#temporary.push(path);
      writeFileSync(path, bytes);
    }
    for (const { name } of files) renameSync(join(this.#folder, `.${name}.${process.pid}`), join(this.#folder, name));
    this.#temporary = [];
  }

  #isOwn(name: string): boolean {
    const path = join(this.#folder, name);
    return statSync(path).isFile() && isChartFile(readFileSync(path));
  }

  /** Charts of an earlier run that this one has not: beside the new ones they would pass for its own. */
  #removeStale(names: ReadonlySet<string>): void {
    for (const name of readdirSync(this.#folder)) {
      if (!names.has(name) && isChartName(name) && this.#isOwn(name)) rmSync(join(this.#folder, name));
    }
  }

  /** One by one: where that is not possible at all, `recursive` of Node.js 20 tries for ever. */
  #make(folder: string): void {
    if (existsSync(folder)) return;
    this.#make(dirname(folder));
    mkdirSync(folder);
    this.#made.push(folder);
  }

  #removeEmpty(): void {
    try {
      for (let path = this.#made.pop(); path !== undefined; path = this.#made.pop()) rmdirSync(path);
    } catch {
      // Somebody else has put something into it.
    }
  }

  #attempt<T>(action: () => T): T {
    try {
      return action();
    } catch (thrown) {
      throw new UserError(`--charts ${this.#folder} can't be written: ${reasonOf(thrown)}`);
    }
  }
}

/** A link that leads nowhere is something else, too. */
function kindOf(path: string): 'folder' | 'other' | 'nothing' {
  if (lstatSync(path, { throwIfNoEntry: false }) === undefined) return 'nothing';
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true ? 'folder' : 'other';
}
