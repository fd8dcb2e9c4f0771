/** `pnpm test:simulation [SEEDS] [SEED]`: agents under so many (500) made-up runs of faults, from one seed on. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const [seeds = '500', seed] = process.argv.slice(2).filter((arg) => arg !== '--');
const vitest = fileURLToPath(new URL('../node_modules/vitest/vitest.mjs', import.meta.url));
const file = 'packages/agent/src/shipping/simulation.test.ts';
const child = spawn(process.execPath, [vitest, 'run', '--project', 'unit', file], {
  stdio: 'inherit',
  env: { ...process.env, SEEDS: seeds, ...(seed === undefined ? {} : { SEED: seed }) },
});
const [code] = await once(child, 'exit');
process.exitCode = code === 0 ? 0 : 1;
