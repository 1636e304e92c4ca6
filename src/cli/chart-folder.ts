/** The folder of `--charts DIR`: made if absent, and nothing in it is replaced that qtrace has not drawn. */
import { existsSync, mkdirSync, readFileSync, renameSync, rmdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { UserError } from '../base/errors.ts';
import { onInterrupt } from '../base/interrupt.ts';
import { plural } from '../base/text.ts';
import { type ChartFile, drawChartFiles, isChartFile } from '../report/charts/draw-charts.ts';
import type { Timeline } from '../report/charts/timeline.ts';
import type { Report } from '../report/report.ts';
import { reasonOf } from './output.ts';

export class ChartFolder {
  readonly #folder: string;
  /** The uppermost folder that was made for it. */
  readonly #made: string | undefined;
  readonly #forget: () => void;
  #temporary: string[] = [];

  /** A place that can't be written costs nothing. @throws UserError */
  constructor(folder: string) {
    if (folder === '') throw new UserError('--charts has an empty value; check the variables of your shell');
    this.#folder = folder;
    if (existsSync(folder) && !statSync(folder).isDirectory()) {
      throw new UserError(`${folder} is no folder; name one for --charts, it is made if absent`);
    }
    this.#made = this.#attempt(() => mkdirSync(folder, { recursive: true }));
    this.#forget = onInterrupt(() => this.abort());
  }

  /** What to tell the user. @throws UserError */
  async write(report: Report, timelines: readonly Timeline[]): Promise<string> {
    const files = await drawChartFiles(report, timelines);
    for (const { name } of files) this.#refuseForeign(name);
    this.#attempt(() => this.#put(files));
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
    if (!existsSync(path) || this.#attempt(() => isChartFile(readFileSync(path)))) return;
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

  #removeEmpty(): void {
    if (this.#made === undefined) return;
    try {
      for (let path = resolve(this.#folder); path.startsWith(this.#made); path = join(path, '..')) rmdirSync(path);
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
