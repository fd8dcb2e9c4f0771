import { afterAll, expect, test } from 'vitest';
import { testBatch } from '../ingest/testing.ts';
import { connectTo } from '../live/testing.ts';
import { startTestServer } from './testing.ts';

const server = await startTestServer();
afterAll(() => server.close());

/** How long it takes is measured by `pnpm bench fairness`. */
test('who asks for 50 times what it may is refused with the limit’s name, and the other one for nothing', async () => {
  // One, and another one after ten seconds.
  const limit = 0.1;
  const flooding = 50;
  const loud = await server.storage.tenants.ensure('loud');
  await server.storage.limits.set(loud, { name: 'requests', key: '', value: limit });
  const keys = {
    loud: await server.key('loud', 'admin'),
    calm: await server.key('calm', 'admin'),
  };
  const query = (key: string) =>
    fetch(`${server.url}/prometheus/api/v1/query?query=cpu_busy_ratio`, {
      headers: { authorization: `Bearer ${key}` },
    });
  const endMs = Math.floor(Date.now() / 1_000) * 1_000 - 60_000;
  const watcher = await connectTo(server.url);
  watcher.say({ type: 'hello', token: keys.calm });
  watcher.say({ type: 'sub', id: 1, selector: 'cpu_busy_ratio', windowMs: 60_000 });
  await watcher.until(() => watcher.frames.length === 1);

  const refused: { status: number; json: unknown }[] = [];
  const calm: number[] = [];
  for (let round = 0; round < 5; round++) {
    // Over both doors.
    const flood = Array.from({ length: flooding }, (_, index) =>
      index % 2 === 0 ? query(keys.loud) : server.ingest(keys.loud, testBatch({ seq: round * 100 + index })),
    );
    const own = [query(keys.calm), server.ingest(keys.calm, testBatch({ seq: round, endMs: endMs + round * 10_000 }))];
    for (const answer of await Promise.all(flood)) {
      if (answer.status === 429) refused.push({ status: 429, json: await answer.json() });
      else await answer.text();
    }
    for (const { status } of await Promise.all(own)) calm.push(status);
  }
  expect(refused.length).toBeGreaterThan(200);
  const codes = refused.map(({ json }) => (json as { limit?: string; error?: string }).limit ?? 'prometheus');
  expect(new Set(codes)).toEqual(new Set(['requests', 'prometheus']));
  expect(calm.every((status) => status === 200 || status === 204)).toBe(true);
  // And all of its samples were seen.
  await watcher.until(() => watcher.frames.length === 6);

  // Refused in front of the app, and still each in its door's words, with an id of its own.
  const ids = refused.flatMap(({ json }) => (json as { requestId?: string }).requestId ?? []);
  expect(new Set(ids).size).toBe(ids.length);

  // In case that there is room again.
  await (await query(keys.loud)).text();
  const loudWatcher = await connectTo(server.url);
  loudWatcher.say({ type: 'hello', token: keys.loud });
  expect(await loudWatcher.said('error')).toMatchObject([{ error: { code: 'limit/requests' } }]);
});
