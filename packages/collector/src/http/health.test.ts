import { Hono } from 'hono';
import { expect, test } from 'vitest';
import type { AppEnv } from './app-env.ts';
import { createDrain } from './drain.ts';
import { healthRoutes } from './routes/health.ts';

const answers = () => Promise.resolve();

test.each([
  ['that serves', {}, 200, 'ready\n'],
  ['that starts or stops', { ready: () => false }, 503, 'starting or stopping\n'],
  ['whose disk is full, so that nothing is written', { writable: () => false }, 503, 'the database takes nothing\n'],
  [
    'whose database is away',
    { storage: { ping: () => Promise.reject(new Error('gone')) } },
    503,
    'the database does not answer\n',
  ],
  [
    'whose database hangs',
    { storage: { ping: () => new Promise<void>(() => {}) } },
    503,
    'the database does not answer\n',
  ],
])('a collector %s says so to who asks whether it is ready, and that it is alive', async (_, more, status, text) => {
  const app = healthRoutes({ storage: { ping: answers }, ready: () => true, writable: () => true, ...more });
  const answer = await app.request('/readyz');
  expect([answer.status, await answer.text()]).toEqual([status, text]);
  expect((await app.request('/healthz')).status).toBe(200);
});

test('what has begun comes to its end while a collector stops, what is new is refused, and readiness is told', async () => {
  const drain = createDrain();
  const begun = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  const app = new Hono<AppEnv>();
  app.use(drain.middleware);
  app.get('/slow', async (c) => {
    begun.resolve();
    await released.promise;
    return c.text('done');
  });
  app.get('/readyz', (c) => c.text('', drain.isOpen() ? 200 : 503));
  app.onError((error, c) => c.json({ message: error.message }, 503));
  const slow = app.request('/slow');
  await begun.promise;
  const closing = drain.close(60_000);
  expect((await app.request('/readyz')).status).toBe(503);
  const refused = await app.request('/slow');
  expect([refused.status, refused.headers.get('connection')]).toEqual([503, 'close']);
  released.resolve();
  expect(await (await slow).text()).toBe('done');
  expect(await closing).toBe(true);
  // And nobody waits for one that does not end.
  const stuck = createDrain();
  const other = new Hono<AppEnv>().use(stuck.middleware).get('/', () => new Promise<Response>(() => {}));
  void other.request('/');
  expect(await stuck.close(10)).toBe(false);
});
