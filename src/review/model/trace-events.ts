/** Declarations of trace events in the series: `name(params) "format"`. */
import { paramsOf } from '../code/functions.ts';
import { type Chunk, type CodeLine, chunksOf } from '../code/image.ts';
import { tokenize } from '../code/tokens.ts';
import type { Series } from '../series.ts';

export interface TraceDeclaration {
  readonly name: string;
  readonly params: readonly { readonly name: string; readonly type: string }[];
  /** Its strings joined, the PRI macros in their places. */
  readonly format: string;
  readonly line: CodeLine;
}

export interface TraceChange {
  readonly name: string;
  readonly patch: number;
  /** `hw/vfio/trace-events` */
  readonly path: string;
  readonly old: TraceDeclaration | undefined;
  readonly new: TraceDeclaration | undefined;
}

/** Events that a patch adds, deletes or changes, patch by patch. */
export function traceChanges(series: Series): readonly TraceChange[] {
  return series.patches.flatMap((patch, number) =>
    patch.files.flatMap((file, index) => {
      if (!/(?:^|\/)trace-events$/.test(file.path)) return [];
      const olds = declarations(chunksOf(file, number, index, 'old'));
      const news = declarations(chunksOf(file, number, index, 'new'));
      const names = new Set([...olds.keys(), ...news.keys()]);
      return [...names].flatMap((name): readonly TraceChange[] => {
        const [old, fresh] = [olds.get(name), news.get(name)];
        return old === undefined && fresh === undefined
          ? []
          : [{ name, patch: number, path: file.path, old, new: fresh }];
      });
    }),
  );
}

/** All of a side that stand on changed lines. */
function declarations(chunks: readonly Chunk[]): ReadonlyMap<string, TraceDeclaration> {
  const found = chunks.flatMap(({ lines }) => lines.filter(({ changed }) => changed).flatMap(declarationOf));
  return new Map(found.map((one) => [one.name, one]));
}

const SHAPE = /^\s*(?:(?:disable|vcpu)\s+)*(?<name>[A-Za-z_]\w*)\((?<params>[^)]*)\)\s*(?<format>.*)$/;

export function declarationOf(line: CodeLine): readonly TraceDeclaration[] {
  const { name, params = '', format = '' } = SHAPE.exec(line.text)?.groups ?? {};
  if (name === undefined) return [];
  const read = (text: string) => tokenize({ hunk: 0, section: '', lines: [{ ...line, text }] }).tokens;
  const strings = read(format).map(({ kind, text }) => (kind === 'string' ? text.replace(/^"|"$/g, '') : `<${text}>`));
  return [{ name, params: paramsOf(read(params)), format: strings.join(''), line }];
}

/** A conversion of the format, its length made plain: `llu` for PRIu64. */
export interface Conversion {
  readonly length: '' | 'h' | 'l' | 'll' | 'z' | 'j';
  readonly letter: string;
  /** The word in front of it: `precopy` of `precopy=%u`. */
  readonly label: string;
}

const CONVERSION =
  /%(?:%|[-+ #0]*(?:\d+|\*)?(?:\.\d+)?(?<length>hh|h|ll|l|z|j|t)?(?:(?<letter>[diouxXcsp])|<(?<macro>\w+)>))/g;

/** Undefined where a macro is not understood. */
export function conversionsOf(format: string): readonly Conversion[] | undefined {
  const found: Conversion[] = [];
  let from = 0;
  for (const match of format.matchAll(CONVERSION)) {
    const { length, letter, macro } = match.groups ?? {};
    const label = /([A-Za-z_]\w*)\W*$/.exec(format.slice(from, match.index))?.[1] ?? '';
    from = match.index + match[0].length;
    if (match[0].endsWith('%')) continue;
    const plain = macro === undefined ? { length: lengthOf(length), letter: letter ?? '' } : ofMacro(macro);
    if (plain === undefined) return undefined;
    found.push({ ...plain, label });
  }
  return found;
}

function lengthOf(text: string | undefined): Conversion['length'] {
  switch (text) {
    case 'l':
    case 'll':
    case 'z':
    case 'j':
      return text;
    case 'h':
    case 'hh':
      return 'h';
    default:
      return '';
  }
}

function ofMacro(name: string): Pick<Conversion, 'length' | 'letter'> | undefined {
  const pri = /^PRI([diouxX])(8|16|32|64|PTR|MAX)$/.exec(name);
  if (pri !== null) return { length: pri[2] === '64' ? 'll' : pri[2] === 'PTR' ? 'l' : '', letter: pri[1] ?? 'u' };
  return /^(?:HWADDR_PRI|RAM_ADDR_FMT)/.test(name) ? { length: 'll', letter: 'x' } : undefined;
}

/** What a conversion must be for a parameter of that type; undefined where the type is not known. */
export function conversionFor(
  type: string,
): { readonly letters: string; readonly lengths: readonly string[] } | undefined {
  const plain = type.replaceAll(/\b(?:const|volatile|struct|enum)\b/g, '').trim();
  if (/\*/.test(plain))
    return /\bchar\b/.test(plain) ? { letters: 'sp', lengths: [''] } : { letters: 'p', lengths: [''] };
  if (/^(?:u?int64_t|hwaddr|ram_addr_t|unsigned long long(?: int)?|long long(?: int)?)$/.test(plain))
    return { letters: 'diouxX', lengths: ['ll', 'l', 'j'] };
  if (/^(?:s?size_t)$/.test(plain)) return { letters: 'diouxX', lengths: ['z', 'l', 'll'] };
  if (/^(?:unsigned )?long(?: int)?$/.test(plain)) return { letters: 'diouxX', lengths: ['l', 'll'] };
  if (/^(?:bool|int|unsigned|unsigned int|u?int(?:8|16|32)_t|unsigned (?:char|short)|short|char)$/.test(plain))
    return { letters: 'diouxXc', lengths: ['', 'h'] };
  return undefined;
}

/** Events that the series adds or changes, as the catalogue declares them: with plain conversions. */
export function declarationsOf(series: Series): readonly string[] {
  return traceChanges(series).flatMap(({ new: fresh }) => {
    if (fresh === undefined) return [];
    const format = fresh.format.replaceAll(
      /<PRI([dioux])(64|32|16|8)>/g,
      (_, letter, bits) => `${bits === '64' ? 'l' : ''}${letter}`,
    );
    const params = fresh.params.map(({ type, name }) => `${type} ${name}`.replaceAll('* ', '*')).join(', ');
    const plain = !/<\w+>|%[-+ #0-9.lhzj]*[oXc]/.test(format);
    return plain ? [`${fresh.name}(${params === '' ? 'void' : params}) "${format}"`] : [];
  });
}
