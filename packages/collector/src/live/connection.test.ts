import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { expect, onTestFinished, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { storedSeries } from '../detect/testing.ts';
import { createLiveWindows } from '../ingest/live-window.ts';
import { silentLog } from '../log.ts';
import { createRefusalBrake } from '../tenancy/refusal-brake.ts';
import { createLive } from './live.ts';

const tenant = { tenantId: 1, tenant: 'one' };
const metric = { name: 'busy', kind: 'gauge', unit: '', help: '' } as const;

async function startLive(pingMs: number) {
  const windows = createLiveWindows();
  const live = createLive({
    jobs: { find: () => Promise.resolve([]), events: () => Promise.resolve([]) },
    models: { versions: () => Promise.resolve([]) },
    act: () => Promise.reject(new Error('nobody acts here')),
    windows,
    authenticate: () => Promise.resolve({ tenant, scope: 'read', by: 'key', name: 'test' }),
    limiter: { request: () => Promise.resolve(undefined), subscription() {} },
    brake: createRefusalBrake({ holdMs: 0, now: Date.now }),
    log: silentLog,
    pingMs,
  });
  // Only their ways to write an optional property differ.
  const sockets = new WebSocketServer({ noServer: true }) as NonNullable<
    Parameters<typeof serve>[0]['websocket']
  >['server'];
  const app = new Hono().get('/v1/live', live.upgrade);
  const server = await new Promise<ReturnType<typeof serve>>((resolve) => {
    const starting = serve({ fetch: app.fetch, hostname: '127.0.0.1', port: 0, websocket: { server: sockets } }, () =>
      resolve(starting),
    );
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const closed = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
    });
  onTestFinished(async () => {
    live.close();
    await closed();
  });
  async function watch(options: { readonly autoPong?: boolean } = {}): Promise<WebSocket> {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/v1/live`, options);
    onTestFinished(() => socket.terminate());
    await new Promise((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('error', reject);
    });
    socket.send('{"type":"hello"}');
    socket.send('{"type":"sub","id":1,"selector":"busy","windowMs":60000}');
    await expect.poll(() => live.watched(tenant, 'a')).toBe(true);
    return socket;
  }
  windows.consume(storedSeries([1], { t0: Date.now(), metric }));
  return { live, watch, closed };
}

test('a page whose machine is gone is not watched for any longer, one that is there stays', async () => {
  const { live, watch } = await startLive(200);
  const gone = await watch({ autoPong: false });
  const code = await new Promise((resolve) => {
    gone.once('close', resolve);
  });
  expect(code).toBe(1006);
  await expect.poll(() => live.watched(tenant, 'a')).toBe(false);
  const there = await watch();
  let pings = 0;
  there.on('ping', () => pings++);
  await expect.poll(() => pings).toBeGreaterThan(1);
  expect(live.watched(tenant, 'a')).toBe(true);
});

test('a collector that stops says so, and does not wait for pages that do not answer', async () => {
  const { live, watch, closed } = await startLive(60_000);
  const [polite, deaf] = [await watch(), await watch()];
  // No more is read from it: the goodbye stays unanswered.
  deaf.pause();
  const goodbye = new Promise((resolve) => {
    polite.once('close', resolve);
  });
  live.close();
  expect(await goodbye).toBe(1001);
  await closed();
}, 5_000);
