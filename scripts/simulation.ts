/** `pnpm test:simulation [SEEDS] [SEED]`: so many (100) made-up lives of agents and collectors, from one seed on. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const [seeds = '100', seed] = process.argv.slice(2).filter((arg) => arg !== '--');
const vitest = fileURLToPath(new URL('../node_modules/vitest/vitest.mjs', import.meta.url));
const files = ['packages/agent/src/shipping/simulation.test.ts', 'test/simulation/simulation.test.ts'];
const child = spawn(process.execPath, [vitest, 'run', '--project', 'unit', '--project', 'e2e', ...files], {
  stdio: 'inherit',
  env: { ...process.env, SEEDS: seeds, ...(seed === undefined ? {} : { SEED: seed }) },
});
const [code] = await once(child, 'exit');
process.exitCode = code === 0 ? 0 : 1;
