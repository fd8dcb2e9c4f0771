import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { bundleAgent } from './bundle.ts';

/** Those that are published as JavaScript, each after what it imports. */
export const builtPackages = ['protocol', 'plugins', 'agent', 'create-tarsier-plugin'] as const;

const compiler = fileURLToPath(new URL('../node_modules/typescript/bin/tsc', import.meta.url));

/** `src` to `dist` of each package, and the agent's program. */
export async function buildPackages(): Promise<void> {
  for (const name of builtPackages) {
    const folder = fileURLToPath(new URL(`../packages/${name}/`, import.meta.url));
    await rm(`${folder}dist`, { recursive: true, force: true });
    await compile(name);
  }
  await bundleAgent();
}

/** `packages/web/dist/types`: what its modules, which the page's build made, are to the compiler. After the others. */
export function buildWebTypes(): Promise<void> {
  return compile('web');
}

async function compile(name: string): Promise<void> {
  const project = fileURLToPath(new URL(`../packages/${name}/tsconfig.build.json`, import.meta.url));
  const child = spawn(process.execPath, [compiler, '-p', project], { stdio: 'inherit' });
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`packages/${name}: tsc ended with ${String(code)}; its lines are above`);
}
