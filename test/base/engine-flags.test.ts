/** An engine that does not know a setting says so on standard error, in every run. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

test.each(['memory.ts', 'compiler.ts'])('this Node.js knows the settings that base/%s makes', (file) => {
  const text = readFileSync(join(import.meta.dirname, '../../src/base', file), 'utf8');
  const flags = [...text.matchAll(/setFlagsFromString\('--(?:no-)?([a-z-]+)/g)].map(([, name]) => `--${name}`);
  expect(flags.length).toBeGreaterThan(0);
  const { stdout } = spawnSync(process.execPath, ['--v8-options'], { encoding: 'utf8' });
  for (const flag of flags) expect(stdout).toContain(`  ${flag} `);
});
