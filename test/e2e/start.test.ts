import { execFileSync } from 'node:child_process';
import { readFileSync, utimesSync } from 'node:fs';
import { afterAll, afterEach, expect, test, vi } from 'vitest';
import { eventually, freePort, killAll, run, temporaryFolder } from '../support/processes.ts';
import { createApi, createKey } from '../support/tarsier.ts';

// What start brings is a server of its own, whichever one other tests have.
vi.hoisted(() => delete process.env['TARSIER_TEST_DATABASE_URL']);

const folder = await temporaryFolder();
const data = `${folder.path}/data`;
afterEach(killAll);
afterAll(() => folder.remove());

/** Processes that have our folder in their arguments or environment: collector, agent, PostgreSQL, its supervisor. */
function leftovers(): string[] {
  const lines = execFileSync('ps', ['-eo', 'pid,args'], { encoding: 'utf8' }).split('\n');
  return lines.filter((line) => {
    const pid = Number.parseInt(line, 10);
    return (
      pid > 0 &&
      pid !== process.pid &&
      !line.includes('ps -eo') &&
      (line.includes(folder.path) || environmentOf(pid).includes(folder.path))
    );
  });
}

/** Where the system tells: on Linux. */
function environmentOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8');
  } catch {
    return '';
  }
}

async function start() {
  const port = await freePort();
  const tarsier = run('scripts/start.ts', [], { TARSIER_DATA: data, TARSIER_LISTEN: `127.0.0.1:${port}` });
  const link = await tarsier.lineThat((line) => /^\s+(http\S+)$/u.exec(line)?.[1]);
  const url = new URL(link).origin;
  const api = createApi(url, await createKey(data, 'read'));
  const samples = () => api.samples('cpu_busy_ratio{cpu="all"}', Date.now() - 600_000, Date.now());
  await eventually(async () => ((await samples())[0]?.points.length ?? 0) > 2 || undefined);
  return { tarsier, link, samples };
}

test('start prints one URL; Ctrl-C stops everything, and the next start has the data', async () => {
  const first = await start();
  expect(first.tarsier.stdout.join('\n').match(/https?:\/\//gu)).toHaveLength(1);
  const seen = (await first.samples())[0]?.points.map(([time]) => time) ?? [];
  expect(await first.tarsier.end('SIGINT')).toBe(0);
  expect(first.tarsier.stdout.at(-1)).toBe('stopped; the data is kept');
  // That a busy machine keeps a rule from its cadence is no fault.
  expect(first.tarsier.stderr.filter((line) => !line.includes('can not keep its cadence'))).toEqual([]);
  expect(leftovers()).toEqual([]);

  const second = await start();
  expect(second.link).not.toBe(first.link);
  expect((await second.samples())[0]?.points.map(([time]) => time)).toEqual(expect.arrayContaining(seen));
  expect(await second.tarsier.end('SIGTERM')).toBe(0);
  expect(leftovers()).toEqual([]);
});

test('Ctrl-C while it still starts stops it, and leaves nothing running', async () => {
  const tarsier = run('scripts/start.ts', [], { TARSIER_DATA: data, TARSIER_LISTEN: `127.0.0.1:${await freePort()}` });
  await eventually(async () => (leftovers().some((line) => line.includes('collector/src/main.ts')) ? true : undefined));
  expect(await tarsier.end('SIGINT')).toBe(0);
  expect(tarsier.stdout).toEqual(['stopping …', 'stopped; the data is kept']);
  expect(leftovers()).toEqual([]);
});

test('Ctrl-C ends it while it watches the sources, and while one that changed has it start again', async () => {
  const watching = { TARSIER_DATA: data, TARSIER_LISTEN: `127.0.0.1:${await freePort()}` };
  const idle = run('scripts/start.ts', ['--watch'], watching);
  await idle.lineThat((line) => /all of its states: (http\S+)$/u.exec(line)?.[1]);
  expect(await idle.end('SIGINT')).toBe(0);
  expect(idle.stdout.slice(-2)).toEqual(['stopping …', 'stopped; the data is kept']);

  const changed = run('scripts/start.ts', ['--watch'], watching);
  await changed.lineThat((line) => line.includes('all of its states') || undefined);
  // Its time is a change; what it says stays.
  const source = new URL('../../packages/agent/src/main.ts', import.meta.url);
  const now = new Date();
  await eventually(async () => {
    utimesSync(source, now, now);
    return changed.stdout.some((line) => line.startsWith('a source changed')) || undefined;
  });
  expect(await changed.end('SIGINT')).toBe(0);
  // What runs was stopped for the change, or for Ctrl-C when it came after that.
  expect(['a source changed; starting again …', 'stopping …']).toContain(changed.stdout.at(-2));
  expect(changed.stdout.at(-1)).toBe('stopped; the data is kept');
  expect(leftovers()).toEqual([]);
});

test('nothing is left running when the start process is killed outright', async () => {
  const { tarsier } = await start();
  expect(leftovers().length).toBeGreaterThan(3);
  await tarsier.end('SIGKILL');
  await eventually(async () => (leftovers().length === 0 ? true : undefined), 20_000);
});

test('a second collector on the same folder says who has it, and leaves the first alone', async () => {
  const { tarsier, samples } = await start();
  const second = run('packages/collector/src/main.ts', ['serve'], {
    TARSIER_DATA: data,
    TARSIER_LISTEN: `127.0.0.1:${await freePort()}`,
  });
  expect(await second.exited).toBe(1);
  expect(second.stderr.join('\n')).toMatch(
    /is in use by the collector with process id \d+; stop it, or choose another folder with TARSIER_DATA/u,
  );
  const before = (await samples())[0]?.points.length ?? 0;
  await eventually(async () => ((await samples())[0]?.points.length ?? 0) > before || undefined);
  expect(await tarsier.end('SIGINT')).toBe(0);
});
