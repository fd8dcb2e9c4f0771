/** docs/guides/programs.md does what it says: its blocks are run, one after the other, against a collector. */
import { execFile } from 'node:child_process';
import { readFile, writeFile, rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, expect, test } from 'vitest';
import { eventually, freePort, killAll, temporaryFolder } from '../support/processes.ts';
import { createApi, createKey, startCollector } from '../support/tarsier.ts';

const folder = await temporaryFolder();
afterAll(async () => {
  killAll();
  await folder.remove();
});

// Where packages are found by their names.
const program = fileURLToPath(new URL('programs.generated.ts', import.meta.url));

test('every door for programs that the guide tells of opens', async () => {
  const data = `${folder.path}/data`;
  const collector = await startCollector(data, await freePort());
  const guide = await readFile(new URL('../../docs/guides/programs.md', import.meta.url), 'utf8');
  const blocks = Array.from(guide.matchAll(/^```ts\n(.*?)^```/gmsu), ([, code = '']) => code);
  expect(blocks.length).toBeGreaterThan(6);
  await writeFile(program, blocks.join('\n'));
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [program], {
      env: {
        ...process.env,
        TARSIER_URL: collector.url.replace(/\/$/u, ''),
        TARSIER_KEY: await createKey(data, 'operator'),
        TARSIER_INGEST_KEY: collector.ingestKey,
        STATE: `${folder.path}/agent`,
      },
    });
    expect(stdout).toMatch(/^0 hosts\n/u);
    expect(stdout).toContain('tenant acme has id');
    expect(stdout).toMatch(/^(?:waiting|running|succeeded|failed) /mu);
    expect(stdout).toContain('CPU 0 series');
    expect(stdout).toContain('404 http/not-found');
  } finally {
    await rm(program, { force: true });
  }
  // What was collected on demand is there.
  const api = createApi(collector.url, await createKey(data, 'read'));
  await eventually(async () => {
    const { hosts } = (await api.get('/v1/hosts')) as { hosts: { host: string }[] };
    return hosts.some(({ host }) => host === 'my-program') ? true : undefined;
  });
}, 240_000);
