/** The WebAssembly module, as the build left it: beside the program, or in `dist` where the sources run themselves. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

// What Node.js has and its types, without those of a browser, lack.
declare global {
  namespace WebAssembly {
    class Module {
      constructor(bytes: Uint8Array);
    }
    class Instance {
      constructor(module: Module);
      readonly exports: object;
    }
  }
}

const PLACES = ['skim.wasm', '../../../../dist/skim.wasm'];

interface SkimModule {
  readonly memory: { readonly buffer: ArrayBuffer };
  /** See assembly/skim.ts. */
  skim(start: number, filled: number): number;
  bucketOf(at: number, length: number): number;
}

let compiled: WebAssembly.Module | undefined;

/** An instance with a memory of its own; undefined where there is no module, or no WebAssembly that can run it. */
export function instantiate(): SkimModule | undefined {
  try {
    compiled ??= new WebAssembly.Module(read());
    const { exports } = new WebAssembly.Instance(compiled);
    return isSkimModule(exports) ? exports : undefined;
  } catch {
    return undefined;
  }
}

function read(): Uint8Array {
  for (const place of PLACES) {
    try {
      return readFileSync(join(import.meta.dirname, place));
    } catch {
      // The other place, then.
    }
  }
  throw new Error('no such module');
}

function isSkimModule(exports: object): exports is SkimModule {
  return 'memory' in exports && 'skim' in exports && 'bucketOf' in exports;
}
