/** When all tests are over: no collector has logged a secret that it was given, or has handed out. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loggedFolder, secretsLogged } from '../../packages/collector/src/testing-logged.ts';

export function setup(): () => void {
  // Another project's has begun it.
  if (process.env[loggedFolder] !== undefined) return () => {};
  const folder = mkdtempSync(join(tmpdir(), 'tarsier-logs-'));
  process.env[loggedFolder] = folder;
  return () => {
    const { lines, secrets, found } = secretsLogged(folder);
    rmSync(folder, { recursive: true });
    process.stdout.write(`${lines} lines were logged, and looked through for ${secrets} secrets\n`);
    if (found.length === 0) return;
    process.exitCode = 1;
    throw new Error(`a secret was logged:\n${found.slice(0, 20).join('\n')}`);
  };
}
