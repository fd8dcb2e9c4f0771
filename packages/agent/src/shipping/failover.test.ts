import { expect, onTestFinished, test } from 'vitest';
import { createCollectorList } from './collector-list.ts';
import { createShipper } from './shipper.ts';
import { createFailoverPoster } from './failover.ts';
import { createPoster } from './post.ts';
import { openSpool } from '../spool/spool.ts';
import { systemClock } from '../scrape/clock.ts';
import { makeBatch, recordingLog, startReceiver, temporaryFolder } from '../testing.ts';

/** An agent's shipper between collectors; time goes on when the test says so. */
async function start(urls: readonly URL[], discover = true) {
  const { log } = recordingLog();
  const time = { ms: 0 };
  const switched: string[] = [];
  const spool = await openSpool({ folder: await temporaryFolder(), maxBytes: 64e6, maxAgeMs: Infinity, log });
  const collectors = createCollectorList({
    urls: urls.map(({ origin }) => origin),
    discover,
    monotonic: () => time.ms,
  });
  const poster = createFailoverPoster(collectors, (url) => createPoster(new URL('/v1/ingest', url)), {
    discovers: true,
    onSwitch: (to, left) => switched.push(`${left ? 'left for' : 'rather'} ${to}`),
  });
  const clock = { ...systemClock, after: (_: number, run: () => void) => systemClock.after(5, run) };
  const shipper = createShipper({ spool, poster, key: 'tsr_k', onFlushInterval() {}, clock, log });
  shipper.start();
  onTestFinished(async () => {
    await shipper.stop(0);
    await spool.close();
  });
  let seq = 0;
  return {
    time,
    switched,
    async ship(count: number): Promise<void> {
      for (let index = 0; index < count; index++) {
        const { bytes, schema, time: last } = makeBatch({ seq: seq++ });
        await spool.append(bytes, schema, last);
        shipper.wake();
      }
      await expect.poll(() => spool.stats.waiting, { timeout: 20_000 }).toBe(0);
    },
  };
}
const seqsOf = ({ stored }: Awaited<ReturnType<typeof startReceiver>>): number[] =>
  [...stored.keys()].map((name) => Number(name.split('/')[2])).toSorted((a, b) => a - b);

test('while a collector is away another takes what there is, all of it; the first one is gone back to after a while', async () => {
  let isAway = false;
  const first = await startReceiver(({ seq }, response, request) => {
    void seq;
    if (!isAway) return 204;
    // As one that is killed: the connection breaks, with no answer.
    request.socket.destroy();
    response.destroy();
    return undefined;
  });
  const second = await startReceiver();
  const { ship, switched, time } = await start([first.url, second.url]);
  await ship(3);
  expect([seqsOf(first), seqsOf(second)]).toEqual([[0, 1, 2], []]);
  isAway = true;
  await ship(3);
  expect(seqsOf(second)).toEqual([3, 4, 5]);
  isAway = false;
  await ship(2);
  expect(seqsOf(second)).toEqual([3, 4, 5, 6, 7]);
  time.ms += 5 * 60_000;
  await ship(2);
  expect([seqsOf(first), seqsOf(second)]).toEqual([
    [0, 1, 2, 8, 9],
    [3, 4, 5, 6, 7],
  ]);
  expect(switched).toEqual([`left for ${second.url.origin}/`, `rather ${first.url.origin}/`]);
});

test('a collector that is stopping sends agents on to the next; with one alone they stay', async () => {
  const stopping = await startReceiver(() => 503);
  const other = await startReceiver();
  const two = await start([stopping.url, other.url]);
  await two.ship(4);
  expect(seqsOf(other)).toEqual([0, 1, 2, 3]);
  expect(two.switched).toEqual([`left for ${other.url.origin}/`]);
  let refusals = 3;
  const busy = await startReceiver(() => (refusals-- > 0 ? 503 : 204));
  const one = await start([busy.url]);
  await one.ship(1);
  expect(seqsOf(busy)).toEqual([0]);
  expect(one.switched).toEqual([]);
});

/** A collector that tells of these. */
const telling = (tell: () => string) =>
  startReceiver((_, response) => {
    response.setHeader('tarsier-collectors', tell());
    return 204;
  });

test('a collector that the operator named tells of others; the first of them is preferred, and asked for anew after a while', async () => {
  let list = '';
  const named = await telling(() => list);
  const [owner, other] = [await telling(() => elsewhere.url.origin), await startReceiver()];
  const elsewhere = await startReceiver();
  const { ship, time, switched } = await start([named.url]);
  list = `${owner.url.origin} ${named.url.origin} ${other.url.origin}`;
  await ship(3);
  // What one says that was told of does not count.
  expect([named, owner, elsewhere].map(seqsOf)).toEqual([[0], [1, 2], []]);
  list = `${other.url.origin}/ ${owner.url.origin}`;
  time.ms += 5 * 60_000;
  await ship(3);
  expect([named, owner, other].map(seqsOf)).toEqual([
    [0, 3],
    [1, 2],
    [4, 5],
  ]);
  // And nobody any more.
  list = '';
  time.ms += 5 * 60_000;
  await ship(2);
  expect(seqsOf(named)).toEqual([0, 3, 6, 7]);
  expect(switched.every((one) => one.startsWith('rather'))).toBe(true);
});

test('one that was told of and does not answer is left for the others, and tried less and less', async () => {
  const gone = await startReceiver((_, response, request) => {
    request.socket.destroy();
    response.destroy();
    return undefined;
  });
  const named = await telling(() => gone.url.origin);
  const { ship, time, switched } = await start([named.url]);
  await ship(3);
  expect(seqsOf(named)).toEqual([0, 1, 2]);
  for (let turn = 0; turn < 14; turn++) {
    time.ms += 5 * 60_000;
    await ship(2);
  }
  expect(seqsOf(named)).toHaveLength(31);
  // After 5, 15 and 35 minutes, and not once every five.
  expect(switched.filter((one) => one === `left for ${named.url.origin}/`)).toHaveLength(4);
});

test.each([200, 301, 401, 403, 404, 500])(
  'one that was told of and answers %i is no collector of this installation: it is left, and tried less and less',
  async (status) => {
    const wrong = await startReceiver(() => status);
    const named = await telling(() => wrong.url.origin);
    const { ship, time, switched } = await start([named.url]);
    await ship(2);
    for (let turn = 0; turn < 14; turn++) {
      time.ms += 5 * 60_000;
      await ship(2);
    }
    expect(seqsOf(named)).toHaveLength(30);
    expect(switched.filter((one) => one === `left for ${named.url.origin}/`)).toHaveLength(4);
  },
);

test('one that was told of and refuses a batch as a collector does is not left', async () => {
  const told = await startReceiver(({ seq }, response) => {
    if (seq !== 1) return 204;
    const problem = { code: 'batch/host', detail: 'host: too long', retryable: false };
    response.writeHead(400, { 'content-type': 'application/problem+json' }).end(JSON.stringify(problem));
    return undefined;
  });
  const named = await telling(() => told.url.origin);
  const { ship } = await start([named.url]);
  await ship(4);
  expect([seqsOf(named), seqsOf(told)]).toEqual([[0], [2, 3]]);
});

test('while those that the operator named are away, what they told last is gone on with', async () => {
  let isAway = false;
  const named = await startReceiver((_, response, request) => {
    response.setHeader('tarsier-collectors', other.url.origin);
    if (!isAway) return 204;
    request.socket.destroy();
    response.destroy();
    return undefined;
  });
  const other = await startReceiver();
  const { ship, time } = await start([named.url]);
  await ship(2);
  isAway = true;
  for (let turn = 0; turn < 3; turn++) {
    time.ms += 5 * 60_000;
    await ship(1);
  }
  expect([seqsOf(named), seqsOf(other)]).toEqual([[0], [1, 2, 3, 4]]);
});

test('an agent that was told not to goes nowhere else', async () => {
  const other = await startReceiver();
  const named = await telling(() => other.url.origin);
  const { ship } = await start([named.url], false);
  await ship(3);
  expect([seqsOf(named), seqsOf(other)]).toEqual([[0, 1, 2], []]);
});

test.each([
  [
    'http://127.0.0.1:9 https://c.example:7077/',
    'http://a.example',
    ['http://127.0.0.1:9/', 'https://c.example:7077/'],
  ],
  ['http://c.example https://c.example', 'https://a.example', ['https://c.example/']],
  [
    'https://user@c.example https://:secret@c.example https://c.example/v1 https://c.example/?a https://c.example/#a',
    'https://a.example',
    [],
  ],
  [
    'c.example //c.example file:///etc ftp://c.example ws://c.example javascript:alert(1) https://',
    'http://a.example',
    [],
  ],
  [`https://${'c'.repeat(300)}.example`, 'https://a.example', []],
  [
    Array.from({ length: 40 }, (_, at) => `https://c${at}.example`).join(' '),
    'https://a.example',
    Array.from({ length: 16 }, (_, at) => `https://c${at}.example/`),
  ],
])('of %s, told by %s, an agent takes %j', (told, named, taken) => {
  const list = createCollectorList({ urls: [named], discover: true, monotonic: () => 0 });
  list.told(`${named}/`, told);
  expect(list.known().filter((url) => url !== `${named}/`)).toEqual(taken);
});
