/**
 * Who may import whom. The folders of src are stages, and a stage knows only
 * those before it: the table says which. A folder that is not in the table, an
 * edge that is not in it, and an edge in it that nobody uses any more all fail.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { describe, expect, test } from 'vitest';

const SRC = join(import.meta.dirname, '..', 'src');

/** `types`: only `import type`, so that nothing of the other stage runs. */
type Extent = 'all' | 'types';

const ALLOWED: Readonly<Record<string, Readonly<Record<string, Extent>>>> = {
  base: {},
  catalog: { base: 'all' },
  ingest: { base: 'all', catalog: 'all' },
  replay: { base: 'all', catalog: 'all', ingest: 'all' },
  rules: { base: 'all', catalog: 'all', ingest: 'types', replay: 'types' },
  report: { base: 'all', catalog: 'all', ingest: 'all', replay: 'types', rules: 'types' },
  review: { base: 'all', report: 'all', diff: 'types' },
  store: { base: 'all', ingest: 'types', replay: 'types', report: 'types' },
  diff: { base: 'all', catalog: 'all', report: 'all' },
  analysis: { base: 'all', catalog: 'types', ingest: 'all', replay: 'all', rules: 'all', report: 'all' },
  cli: {
    base: 'all',
    catalog: 'all',
    ingest: 'all',
    replay: 'all',
    rules: 'all',
    report: 'all',
    review: 'all',
    store: 'all',
    diff: 'all',
    analysis: 'all',
    emulator: 'all',
  },
  // The oracle: it must not know how qtrace reads and judges what it writes.
  emulator: { base: 'all', catalog: 'all' },
};

/** Folders of src that hold no stage: the build, and what stands in for packages. */
const NO_STAGES = ['setup', 'shims'];

const MAX_LINES = 400;

interface Import {
  readonly from: string;
  /** A file of src, or the name of a package. */
  readonly to: string;
  readonly extent: Extent;
}

const FILES = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .map((name) => name.replaceAll('\\', '/'))
  .filter((name) => name.endsWith('.ts'))
  .sort();

const TEXTS = new Map(FILES.map((file) => [file, readFileSync(join(SRC, file), 'utf8')]));

const STATEMENT = /^(?:import|export)\s+(?<type>type\s+)?(?:(?<names>[^;'"]*?)\s+from\s+)?'(?<source>[^']+)'/gm;
const CALL = /\bimport\(\s*'(?<source>[^']+)'\s*\)/g;

function importsOf(file: string): readonly Import[] {
  const text = TEXTS.get(file) ?? '';
  const target = (source: string): string =>
    source.startsWith('.') ? posix.normalize(posix.join(posix.dirname(file), source)) : source;
  const statements = [...text.matchAll(STATEMENT)].map(({ groups = {} }): Import => {
    const names = /^\{(.*)\}$/s
      .exec(groups['names'] ?? '')?.[1]
      ?.split(',')
      .map((name) => name.trim());
    const onlyTypes = names?.filter((name) => name !== '').every((name) => name.startsWith('type ')) ?? false;
    const isType = groups['type'] !== undefined || onlyTypes;
    return { from: file, to: target(groups['source'] ?? ''), extent: isType ? 'types' : 'all' };
  });
  const calls = [...text.matchAll(CALL)].map(
    ({ groups = {} }): Import => ({ from: file, to: target(groups['source'] ?? ''), extent: 'all' }),
  );
  return [...statements, ...calls];
}

const IMPORTS = FILES.flatMap(importsOf);
const isOwn = (path: string): boolean => TEXTS.has(path);
/** The data that is built into the program. */
const isScenario = ({ from, to }: Import): boolean =>
  from === 'emulator/shell/scenarios.ts' && /^\.\.\/fixtures\/scenarios\/[\w-]+\.json$/.test(to);
const stageOf = (file: string): string => file.split('/')[0] ?? '';
const show = ({ from, to, extent }: Import): string => `${from} -> ${to}${extent === 'types' ? ' (types)' : ''}`;

/** Imports of src's files between stages. */
const EDGES = IMPORTS.filter(({ from, to }) => isOwn(to) && stageOf(from) !== stageOf(to));

test('the imports are found at all', () => {
  expect(FILES.length).toBeGreaterThan(60);
  expect(EDGES.length).toBeGreaterThan(100);
  expect(IMPORTS.some(({ to }) => to === 'better-sqlite3')).toBe(true);
  expect(IMPORTS.some(({ from, to }) => from === 'cli/main.ts' && to === 'cli/commands/analyze.ts')).toBe(true);
  // Every line that looks like an import was understood.
  for (const [file, text] of TEXTS) {
    const lines = text.match(/^(?:import|\} from|export .* from)\b.*'/gm)?.length ?? 0;
    const statements = importsOf(file).length - [...text.matchAll(CALL)].length;
    expect(statements, file).toBe(lines);
  }
});

test('what is imported by path exists', () => {
  const lost = IMPORTS.filter((one) => /\.ts$|^\.\.?\//.test(one.to) && !isOwn(one.to) && !isScenario(one));
  expect(lost.map(show)).toEqual([]);
});

describe('stages', () => {
  test('each folder is in the table', () => {
    const folders = new Set(FILES.map(stageOf));
    const unknown = [...folders].filter((folder) => !(folder in ALLOWED) && !NO_STAGES.includes(folder));
    expect(unknown).toEqual([]);
  });

  test('no edge but those of the table', () => {
    const forbidden = EDGES.filter(({ from, to, extent }) => {
      const allowed = ALLOWED[stageOf(from)]?.[stageOf(to)];
      return allowed === undefined || (allowed === 'types' && extent === 'all');
    });
    expect(forbidden.map(show)).toEqual([]);
  });

  test('no edge of the table that nobody uses', () => {
    const present = new Set(FILES.map(stageOf));
    const stale = Object.entries(ALLOWED).flatMap(([from, targets]) =>
      Object.entries(targets)
        .filter(() => present.has(from))
        .filter(([to, extent]) => {
          const used = EDGES.filter((edge) => stageOf(edge.from) === from && stageOf(edge.to) === to);
          return !used.some((edge) => edge.extent === extent);
        })
        .map(([to, extent]) => `${from} -> ${to} (${extent})`),
    );
    expect(stale).toEqual([]);
  });

  test('the table has an order: no stage knows one that knows it', () => {
    const reaches = (from: string, to: string, seen = new Set<string>()): boolean =>
      Object.keys(ALLOWED[from] ?? {}).some((next) => {
        if (next === to) return true;
        if (seen.has(next)) return false;
        seen.add(next);
        return reaches(next, to, seen);
      });
    expect(Object.keys(ALLOWED).filter((stage) => reaches(stage, stage))).toEqual([]);
  });

  test('the emulator knows QEMU’s words, and nothing of what the rules hold them to', () => {
    const duties = /^catalog\/(?:profiles|states|transfer)\.ts$/;
    const known = IMPORTS.filter(({ from, to }) => stageOf(from) === 'emulator' && duties.test(to));
    expect(known.map(show)).toEqual([]);
  });

  test('nobody imports cli', () => {
    expect(EDGES.filter(({ to }) => stageOf(to) === 'cli').map(show)).toEqual([]);
  });

  test('renderers see the report, what is handed to them beside it, and nothing else of qtrace', () => {
    const allowed =
      /^(?:report\/renderers\/|base\/)|^report\/(?:report|columns|context-lines|rule-texts|charts\/(?:chart|palette))\.ts$/;
    const seen = IMPORTS.filter(({ from, to }) => from.startsWith('report/renderers/') && isOwn(to));
    expect(seen.length).toBeGreaterThan(20);
    expect(seen.filter(({ to }) => !allowed.test(to)).map(show)).toEqual([]);
  });

  test('renderers of a review see the review and what lays text out', () => {
    const allowed = /^(?:review\/renderers\/|base\/|report\/renderers\/)|^review\/(?:report|series)\.ts$/;
    const seen = IMPORTS.filter(({ from, to }) => from.startsWith('review/renderers/') && isOwn(to));
    expect(seen.length).toBeGreaterThan(10);
    expect(seen.filter(({ to }) => !allowed.test(to)).map(show)).toEqual([]);
  });

  test('a rule knows no other rule', () => {
    const between = IMPORTS.filter(
      ({ from, to }) => from.startsWith('rules/checks/') && to.startsWith('rules/checks/'),
    );
    expect(between.map(show)).toEqual([]);
  });
});

describe('packages and the outer world', () => {
  /** Who may import it; a folder or a file. */
  const PACKAGES: Readonly<Record<string, readonly string[]>> = {
    'better-sqlite3': ['store/database.ts'],
    fzstd: ['ingest/byte-source.ts'],
    picocolors: ['report/renderers/'],
    'parse-diff': ['review/patch/'],
    'postal-mime': ['review/mail/'],
    yargs: ['cli/'],
    'node:crypto': ['ingest/digest.ts', 'report/build-report.ts'],
    'node:fs': ['cli/', 'ingest/', 'store/'],
    'node:path': ['cli/', 'ingest/', 'store/'],
    'node:buffer': ['ingest/trace-reader.ts'],
    'node:events': ['cli/'],
    'node:stream': ['ingest/byte-source.ts'],
    'node:util': ['ingest/byte-source.ts'],
    'node:v8': ['base/memory.ts', 'base/compiler.ts'],
    'node:vm': ['base/memory.ts'],
    'node:zlib': ['cli/mail-inputs.ts', 'ingest/byte-source.ts', 'ingest/group-inputs.ts', 'report/charts/png.ts'],
    'node:module': ['report/charts/canvas.ts'],
    'chart.js': ['report/charts/'],
    'chartjs-node-canvas': ['report/charts/canvas.ts'],
  };

  test('a package is imported where it belongs only', () => {
    const astray = IMPORTS.filter((one) => !isOwn(one.to) && !isScenario(one)).filter(
      ({ from, to }) => !(PACKAGES[to] ?? []).some((place) => from.startsWith(place)),
    );
    expect(astray.map(show)).toEqual([]);
  });

  /** Comments and texts may speak of processes. */
  function codeOf(file: string): string {
    return (TEXTS.get(file) ?? '').replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*$|'(?:[^'\\\n]|\\.)*'/gm, '');
  }

  const using = (pattern: RegExp): readonly string[] => FILES.filter((file) => pattern.test(codeOf(file)));

  test('nobody writes to the console', () => {
    expect(using(/\bconsole\b/)).toEqual([]);
  });

  test('the process is a matter of cli, and of the two files that clean up behind it', () => {
    const allowed = ['base/interrupt.ts', 'store/files.ts'];
    const users = using(/(?<![.\w])process\./);
    expect(users.length).toBeGreaterThan(3);
    expect(users.filter((file) => stageOf(file) !== 'cli' && !allowed.includes(file))).toEqual([]);
  });

  test('nothing exits but by its exit code', () => {
    expect(using(/\bprocess\.exit\(/)).toEqual([]);
  });

  test('a report and an emulated log are made without clock and chance', () => {
    const pure = [
      'base',
      'catalog',
      'ingest',
      'replay',
      'rules',
      'report',
      'review',
      'diff',
      'analysis',
      'store',
      'emulator',
    ];
    const users = using(
      /\bDate\.now\b|\bnew Date\(\)|\bMath\.random\b|\bperformance\.now\b|\brandomUUID\b|\bhostname\b/,
    );
    expect(users.filter((file) => pure.includes(stageOf(file)))).toEqual([]);
  });

  test('SQL stands in the store only', () => {
    const users = FILES.filter((file) =>
      /'(?:SELECT|INSERT|CREATE|PRAGMA) |`\s*(?:SELECT|INSERT|CREATE|PRAGMA) /.test(TEXTS.get(file) ?? ''),
    );
    expect(users.filter((file) => stageOf(file) !== 'store')).toEqual([]);
  });
});

test('no cycle of imports', () => {
  const targets = new Map(
    FILES.map((file) => [
      file,
      importsOf(file)
        .map(({ to }) => to)
        .filter(isOwn),
    ]),
  );
  const done = new Set<string>();
  const cycles: string[] = [];
  const visit = (file: string, path: readonly string[]): void => {
    const at = path.indexOf(file);
    if (at >= 0) cycles.push([...path.slice(at), file].join(' -> '));
    if (at >= 0 || done.has(file)) return;
    for (const target of targets.get(file) ?? []) visit(target, [...path, file]);
    done.add(file);
  };
  for (const file of FILES) visit(file, []);
  expect(cycles).toEqual([]);
});

test('no file that only hands on others (a barrel)', () => {
  const barrels = FILES.filter((file) => {
    const lines = (TEXTS.get(file) ?? '').split('\n').filter((line) => /^\w/.test(line));
    return lines.length > 0 && lines.every((line) => /^export .* from /.test(line));
  });
  expect(barrels).toEqual([]);
});

test(`no file has more than ${MAX_LINES} lines`, () => {
  const long = [...TEXTS].filter(([, text]) => text.trimEnd().split('\n').length > MAX_LINES);
  expect(long.map(([file]) => file)).toEqual([]);
});

test('no path of a developer’s machine', () => {
  const found = FILES.filter((file) => /(?<![\w.])\/(?:work|tmp|root|home)\//.test(TEXTS.get(file) ?? ''));
  expect(found).toEqual([]);
});
