import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { createHost } from '../host/host.ts';
import { openPlugin } from '../testing.ts';
import { node } from './node.ts';
import { createSlots } from './slots.ts';

const auto = fileURLToPath(new URL('auto.ts', import.meta.url));
/** Each test has applications of its own. */
let app = '';
beforeEach(() => {
  app = `app-${randomUUID()}`;
});

/** An application that was told nothing but to load the reporter; it says so when it runs. */
async function startApp(script: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, ['--import', auto, '-e', `console.log('up'); ${script}`], {
    env: { ...process.env, TARSIER_APP: app },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill());
  if (child.stdout !== null) await once(child.stdout, 'data');
  return child;
}

// Elsewhere than on Linux there are no abstract sockets.
if (process.platform === 'linux') {
  test('processes that load the reporter tell of their runtime, and a restart goes on with the same series', async () => {
    const host = createHost();
    const first = await startApp('setInterval(() => {}, 1000); for (let i = 0; i < 1e6; i++) globalThis.x = { i };');
    const { scrape, warnings } = openPlugin(node, { apps: [app], maxProcesses: 40 }, host);
    const of = (metric: string, labels = '') => `nodejs_${metric}{app="${app}"${labels},process="0"`;
    await expect.poll(async () => (await scrape())[`nodejs_processes{app="${app}"}`], { timeout: 20_000 }).toBe(1);
    const samples = await scrape();
    expect(samples).toMatchObject({
      [`${of('info')},version="${process.versions.node}"}`]: 1,
      [`${of('cpu_seconds_total', ',mode="user"')}}`]: expect.any(Number),
      [`${of('gc_runs_total', ',kind="minor"')}}`]: expect.any(Number),
    });
    expect(samples[`${of('heap_used_bytes')}}`]).toBeGreaterThan(1_000_000);
    expect(samples[`${of('heap_limit_bytes')}}`]).toBeGreaterThan(samples[`${of('heap_used_bytes')}}`] ?? Number.NaN);
    expect(samples[`${of('active_resources')}}`]).toBeGreaterThanOrEqual(1);
    expect(samples[`${of('eventloop_utilization_ratio')}}`]).toBeLessThanOrEqual(1);
    await startApp('setInterval(() => {}, 1000)');
    expect(await scrape()).toMatchObject({
      [`nodejs_processes{app="${app}"}`]: 2,
      [`nodejs_uptime_seconds{app="${app}",process="1"}`]: expect.any(Number),
    });
    first.kill();
    await once(first, 'exit');
    await startApp('setInterval(() => {}, 1000)');
    const after = await scrape();
    expect(after[`nodejs_processes{app="${app}"}`]).toBe(2);
    expect(after).toHaveProperty([`${of('uptime_seconds')}}`]);
    expect(warnings.filter((warning) => !warning.includes('tarsier-node-'))).toEqual([]);
    expect(await node.probe?.({}, host)).toBeUndefined();
  });

  test('an application that blocks its event loop shows by how much', async () => {
    const { scrape } = openPlugin(node, { apps: [app], maxProcesses: 40 });
    const child = await startApp(`process.stdin.on('data', () => {
      const end = Date.now() + 500;
      while (Date.now() < end);
      setTimeout(() => console.log('blocked'), 100);
    })`);
    const longest = async () => {
      child.stdin?.write('block\n');
      if (child.stdout !== null) await once(child.stdout, 'data');
      return (await scrape())[`nodejs_eventloop_delay_seconds{app="${app}",process="0",statistic="max"}`] ?? 0;
    };
    // Not each time: of the interval after a report nothing is known.
    await expect.poll(longest, { timeout: 30_000 }).toBeGreaterThan(0.4);
  });

  test('one that does not answer is counted as silent, and hides no other', async () => {
    const stopped = await startApp('setInterval(() => {}, 1000)');
    await startApp('setInterval(() => {}, 1000)');
    stopped.kill('SIGSTOP');
    const { scrape } = openPlugin(node, { apps: [app], maxProcesses: 40 });
    const samples = await scrape();
    expect(samples['nodejs_processes_silent']).toBeGreaterThanOrEqual(1);
    expect(samples[`nodejs_processes{app="${app}"}`]).toBe(1);
    stopped.kill('SIGKILL');
  });

  test('an application that has done its work ends, watched or not', async () => {
    const child = await startApp('');
    const [code] = child.exitCode === null ? ((await once(child, 'exit')) as [number]) : [child.exitCode];
    expect(code).toBe(0);
  });

  test('a socket that only looks like one is told to the log once, and hides no other', async () => {
    const name = `tarsier-node-0-fake-${process.pid}`;
    const server = createServer((socket) => socket.on('error', () => {}).end('{"app":7}\n'));
    await new Promise<void>((resolve) => server.listen({ path: `\0${name}` }, resolve));
    onTestFinished(() => void server.close());
    await startApp('setInterval(() => {}, 1000)');
    const { scrape, warnings } = openPlugin(node, { apps: [app], maxProcesses: 40 });
    await scrape();
    await expect.poll(async () => (await scrape())[`nodejs_processes{app="${app}"}`], { timeout: 20_000 }).toBe(1);
    expect(warnings.filter((warning) => warning.startsWith(name))).toEqual([
      `${name}: report.app: expected a string, got number 7`,
    ]);
  });
}

test('a process keeps its number, and the next one takes the lowest that is free', () => {
  const slots = createSlots();
  const at = (id: string, startedAt: number) => ({ id, app: 'shop', startedAt });
  expect(slots.place([at('b', 2), at('a', 1)])).toEqual(
    new Map([
      ['a', 0],
      ['b', 1],
    ]),
  );
  expect(slots.place([at('c', 3), at('b', 2)])).toEqual(
    new Map([
      ['b', 1],
      ['c', 0],
    ]),
  );
});

test('where no process loads the reporter that is said', async () => {
  const host = createHost({ procRoot: '/no/such/folder' });
  expect(await node.probe?.({}, host)).toBe('no Node process loads @tarsier/plugins/node-runtime');
});
