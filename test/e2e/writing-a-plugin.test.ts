import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { eventually, freePort, killAll, temporaryFolder } from '../support/processes.ts';
import { startRegistry } from '../support/registry.ts';
import { createApi, createKey, startCollector } from '../support/tarsier.ts';

const guide = readFileSync(new URL('../../docs/guides/writing-a-plugin.md', import.meta.url), 'utf8');

interface Block {
  readonly language: string;
  /** What the block is the text of. */
  readonly file: string | undefined;
  readonly text: string;
}

/** Shell blocks to run, and blocks that name a file to write; others only explain. */
const blocks: readonly Block[] = [...guide.matchAll(/^```(\w+)(?: (\S+))?\n(.*?)^```$/gmsu)].map(
  ([, language = '', file, text = '']) => ({ language, file, text }),
);

const folder = await temporaryFolder();
afterAll(async () => {
  killAll();
  await folder.remove();
});

test('whoever follows the guide has a plugin whose metric is in the collector', { timeout: 600_000 }, async () => {
  const registry = await startRegistry(join(folder.path, 'packs'));
  const collector = await startCollector(join(folder.path, 'data'), await freePort());
  const api = createApi(collector.url, await createKey(join(folder.path, 'data'), 'read'));
  const environment = {
    ...process.env,
    npm_config_registry: registry.url,
    pnpm_config_registry: registry.url,
    npm_config_cache: join(folder.path, 'npm-cache'),
    XDG_CACHE_HOME: join(folder.path, 'cache'),
    TARSIER_URL: collector.url,
    TARSIER_KEY: collector.ingestKey,
    TARSIER_STATE: join(folder.path, 'state'),
    // A newcomer's shell, not this test's.
    NODE_OPTIONS: '',
    VITEST: '',
  };
  let cwd = folder.path;
  let printed = '';
  for (const { language, file, text } of blocks) {
    if (file !== undefined) {
      mkdirSync(dirname(join(cwd, file)), { recursive: true });
      writeFileSync(join(cwd, file), text);
    } else if (language === 'sh' && text.includes('tarsier-agent run')) {
      const agent = spawn('sh', ['-ec', `exec ${text}`], { cwd, env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
      const told: Buffer[] = [];
      for (const stream of [agent.stdout, agent.stderr]) stream.on('data', (piece: Buffer) => told.push(piece));
      const ended = once(agent, 'close');
      const samples = await eventually(async () => {
        if (agent.exitCode !== null) return [];
        const found = await api.samples('backup_age_seconds', Date.now() - 600_000, Date.now());
        return found.length === 0 ? undefined : found;
      });
      agent.kill('SIGTERM');
      await ended;
      expect(samples, Buffer.concat(told).toString()).toMatchObject([{ metric: { __name__: 'backup_age_seconds' } }]);
      expect(samples[0]?.points[0]?.[1]).toBeGreaterThan(0);
    } else if (language === 'sh') {
      const { output, folder: now } = await shell(text, cwd, environment);
      printed += output;
      cwd = now;
    }
  }
  expect(printed).toContain('backup-age/src/backup-age.ts');
  expect(printed).toContain('backup_age_open_files');
  expect(readFileSync(join(cwd, 'README.md'), 'utf8')).toContain('| `backup_age_seconds` | gauge | seconds |');
  expect(readFileSync(join(cwd, 'dist/backup-age.js'), 'utf8')).toContain('backup_age_seconds');
  await registry.close();
});

/** Runs a block as one pastes it into a shell. @returns what it printed, and where the shell is then */
async function shell(
  script: string,
  cwd: string,
  env: NodeJS.ProcessEnv,
): Promise<{ readonly output: string; readonly folder: string }> {
  const child = spawn('sh', ['-ec', `${script}\npwd >&3`], { cwd, env, stdio: ['ignore', 'pipe', 'pipe', 'pipe'] });
  const [stdout, stderr, place] = [child.stdout, child.stderr, child.stdio[3]].map((stream) => {
    const pieces: Buffer[] = [];
    stream?.on('data', (piece: Buffer) => pieces.push(piece));
    return pieces;
  });
  const [code] = await once(child, 'close');
  const output = Buffer.concat([...(stdout ?? []), ...(stderr ?? [])]).toString();
  expect(code, `${script}\n${output}`).toBe(0);
  return {
    output,
    folder: Buffer.concat(place ?? [])
      .toString()
      .trim(),
  };
}
