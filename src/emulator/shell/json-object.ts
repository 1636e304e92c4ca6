/** Reads an object of a JSON file key by key; what is wrong is told with the file and the place in it. */
import { UserError } from '../../base/errors.ts';
import { visible } from '../../base/text.ts';
import type { ValueKind } from './values.ts';

export class JsonObject {
  readonly #values: ReadonlyMap<string, unknown>;
  readonly #file: string;
  /** `runs[0].commands[1].`, empty for the whole file. */
  readonly #path: string;
  readonly #read = new Set<string>();

  private constructor(value: object, file: string, path: string) {
    this.#values = new Map(Object.entries(value));
    this.#file = file;
    this.#path = path;
  }

  /** @throws UserError when the text is no JSON, or no object. */
  static parse(text: string, file: string): JsonObject {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      throw new UserError(`${visible(file)} is no JSON; check its commas, quotes and braces`);
    }
    return JsonObject.of(value, file);
  }

  /** @throws UserError */
  static of(value: unknown, file: string): JsonObject {
    if (isObject(value)) return new JsonObject(value, file, '');
    throw new UserError(`${visible(file)} holds no JSON object; write {"title": ..., "set": {...}, "runs": [...]}`);
  }

  text(key: string): string {
    const value = this.#take(key);
    if (typeof value === 'string' && value !== '') return value;
    return this.fail(key, 'write a text');
  }

  /** Any of the values that --set takes; undefined when the key is absent. */
  value<T>(key: string, { form, example, read }: ValueKind<T>): T | undefined {
    const value = this.#take(key);
    if (value === undefined) return undefined;
    const found = isScalar(value) ? read(String(value)) : undefined;
    return found ?? this.fail(key, `write ${form === example ? form : `${form}, such as ${example}`}`);
  }

  required<T>(key: string, kind: ValueKind<T>): T {
    const value = this.value(key, kind);
    return value ?? this.fail(key, `write ${kind.form}`);
  }

  texts(key: string): readonly string[] {
    return this.#list(key).map((value) =>
      typeof value === 'string' ? value : this.fail(key, 'write a list of texts'),
    );
  }

  /** Each with its own place in the file; none when the key is absent. */
  objects(key: string): readonly JsonObject[] {
    return this.#list(key).map((value, index) => this.#inner(value, `${key}[${index}]`));
  }

  object(key: string): JsonObject | undefined {
    const value = this.#take(key);
    return value === undefined ? undefined : this.#inner(value, key);
  }

  /** Every key with its value as --set would have it. */
  settings(): readonly (readonly [string, string])[] {
    return [...this.#values.keys()].map((key) => {
      const value = this.#take(key);
      return isScalar(value) ? [key, String(value)] : this.fail(key, 'write a text, a number, true or false');
    });
  }

  /** The value, when no key is left over. @throws UserError */
  ended<T>(value: T): T {
    this.end();
    return value;
  }

  /** To be called when all keys that mean something have been read. @throws UserError for any other. */
  end(): void {
    const unknown = [...this.#values.keys()].find((key) => !this.#read.has(key));
    if (unknown === undefined) return;
    const known = [...this.#read].join(', ');
    throw new UserError(`${visible(this.#file)}: unknown key ${visible(this.#path + unknown)}; there are ${known}`);
  }

  /** @throws UserError that names the key, what it holds and what to do. */
  fail(key: string, advice: string): never {
    const place = `${visible(this.#file)}: ${visible(this.#path + key)}`;
    const value = this.#values.get(key);
    if (value === undefined) throw new UserError(`${place} is missing; ${advice}`);
    const shown = JSON.stringify(value);
    throw new UserError(`${place} is ${visible(shown.length > 60 ? `${shown.slice(0, 60)}...` : shown)}; ${advice}`);
  }

  #list(key: string): readonly unknown[] {
    const value = this.#take(key);
    if (value === undefined) return [];
    return Array.isArray(value) ? value : this.fail(key, 'write a list');
  }

  #inner(value: unknown, name: string): JsonObject {
    if (isObject(value)) return new JsonObject(value, this.#file, `${this.#path}${name}.`);
    throw new UserError(`${visible(this.#file)}: ${visible(this.#path + name)} is no object; write {...} there`);
  }

  #take(key: string): unknown {
    this.#read.add(key);
    return this.#values.get(key);
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isScalar(value: unknown): value is string | number | boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}
