/** Looks events up by name and decodes their arguments; decoders are compiled when first needed. */
import {
  type ArgsOf,
  compileDeclaration,
  type DeclaredFormat,
  type Decoded,
  type Decoder,
  declaredFormat,
  type Field,
  type NameOf,
} from './declaration.ts';
import { type Declaration, EVENT_GROUPS, type EventGroup } from './events.ts';
import { declaredFields } from './field-names.ts';

export type EventName = NameOf<Declaration>;

/** Arguments by event name; an event with several formats has the union of theirs. */
export type EventArgs<N extends EventName> = ArgsOf<Extract<Declaration, `${N}(${string}`>>;

export interface CatalogEntry {
  readonly name: EventName;
  readonly group: EventGroup;
  /** The arguments behind the name, or undefined when no known format fits. */
  decode(rest: string): Decoded | undefined;
  /** The arguments from fields by name. */
  decodeFields(fields: readonly Field[]): Decoded | undefined;
  /** The text breaks off in the middle of a known format. */
  isCutShort(rest: string): boolean;
  /** In the order in which they are tried. */
  formats(): readonly DeclaredFormat[];
}

class Entry implements CatalogEntry {
  readonly name: EventName;
  readonly group: EventGroup;
  readonly #declarations: string[] = [];
  #decoders: readonly Decoder[] | undefined;

  constructor(name: EventName, group: EventGroup) {
    this.name = name;
    this.group = group;
  }

  add(declaration: string): void {
    this.#declarations.push(declaration);
  }

  /** In front of the known ones; false where it has not all their arguments, which the replay reads. */
  learn(declaration: string): boolean {
    const known = parameterNames(this.#declarations[0] ?? '');
    const own = parameterNames(declaration);
    if (this.#declarations.includes(declaration) || known.some((name) => !own.includes(name))) return false;
    this.#declarations.unshift(declaration);
    this.#decoders = undefined;
    return true;
  }

  decode(rest: string): Decoded | undefined {
    for (const decoder of this.#compiled()) {
      const decoded = decoder.decode(rest);
      if (decoded !== undefined) return decoded;
    }
    return undefined;
  }

  decodeFields(fields: readonly Field[]): Decoded | undefined {
    const declared = declaredFields(this.name, fields);
    if (declared === undefined) return undefined;
    const read = this.#compiled().flatMap((decoder) => decoder.decodeFields(declared) ?? []);
    // An event that once had no arguments would take all of them for further ones.
    return read.find(({ extra }) => extra === undefined) ?? read[0];
  }

  isCutShort(rest: string): boolean {
    return this.#compiled().some((decoder) => decoder.isCutShort(rest));
  }

  formats(): readonly DeclaredFormat[] {
    return this.#declarations.map(declaredFormat);
  }

  #compiled(): readonly Decoder[] {
    this.#decoders ??= this.#declarations.map(compileDeclaration);
    return this.#decoders;
  }
}

/**
 * As a key of an object a text becomes the same one in memory as the program's
 * own `'migrate_set_state'`: comparing the two looks at no letter. A piece cut
 * out of a text would be compared letter by letter, for every line of a log.
 */
function nameOf<D extends Declaration>(declaration: D): NameOf<D>;
function nameOf(declaration: string): string {
  const [name = ''] = Object.keys({ [declaration.slice(0, declaration.indexOf('('))]: true });
  return name;
}

function parameterNames(declaration: string): readonly string[] {
  const params = declaration.slice(declaration.indexOf('(') + 1, declaration.indexOf(') "'));
  return params.split(', ').map((param) => param.replace(/^.*[ *]/, ''));
}

function buildCatalog(): ReadonlyMap<string, Entry> {
  const entries = new Map<string, Entry>();
  const addGroup = (group: EventGroup): void => {
    for (const declaration of EVENT_GROUPS[group]) {
      const name = nameOf(declaration);
      const entry = entries.get(name) ?? new Entry(name, group);
      entry.add(declaration);
      entries.set(name, entry);
    }
  };
  addGroup('query');
  addGroup('sync');
  addGroup('probe');
  addGroup('lock');
  addGroup('protocol');
  addGroup('round');
  addGroup('device');
  addGroup('destination');
  return entries;
}

const ENTRIES = buildCatalog();

export const CATALOG: ReadonlyMap<string, CatalogEntry> = ENTRIES;

/**
 * Teaches the catalogue the text that a patched build prints for an event that
 * it knows, for as long as the process lives. Returns whether it took it.
 */
export function learnDeclaration(declaration: string): boolean {
  return ENTRIES.get(declaration.slice(0, declaration.indexOf('(')))?.learn(declaration) ?? false;
}

/** A decoded event, typed by its name: `switch (event.name)` narrows `event.args`. */
export type KnownEvent = { readonly [N in EventName]: { readonly name: N; readonly args: EventArgs<N> } }[EventName];

/**
 * Ties arguments that an entry decoded to the types read off the same declaration. The claim holds because
 * `compileDeclaration` and `ArgsOf` read the same text.
 */
export function isKnownEvent(
  event: { readonly name: EventName; readonly args: object },
  decodedBy: CatalogEntry,
): event is KnownEvent {
  return event.name === decodedBy.name;
}
