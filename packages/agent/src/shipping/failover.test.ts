import { expect, onTestFinished, test } from 'vitest';
import { createShipper } from './shipper.ts';
import { createFailoverPoster } from './failover.ts';
import { createPoster } from './post.ts';
import { openSpool } from '../spool/spool.ts';
import { systemClock } from '../scrape/clock.ts';
import { makeBatch, recordingLog, startReceiver, temporaryFolder } from '../testing.ts';

/** An agent's shipper between two collectors; time goes on when the test says so. */
async function start(urls: readonly URL[]) {
  const { log } = recordingLog();
  const time = { ms: 0 };
  const switched: number[] = [];
  const spool = await openSpool({ folder: await temporaryFolder(), maxBytes: 64e6, maxAgeMs: Infinity, log });
  const poster = createFailoverPoster(
    urls.map((url) => createPoster(url)),
    { monotonic: () => time.ms, onSwitch: (to) => switched.push(to) },
  );
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
  expect(switched).toEqual([1, 0]);
});

test('a collector that is stopping sends agents on to the next; with one alone they stay', async () => {
  const stopping = await startReceiver(() => 503);
  const other = await startReceiver();
  const two = await start([stopping.url, other.url]);
  await two.ship(4);
  expect(seqsOf(other)).toEqual([0, 1, 2, 3]);
  expect(two.switched).toEqual([1]);
  let refusals = 3;
  const busy = await startReceiver(() => (refusals-- > 0 ? 503 : 204));
  const one = await start([busy.url]);
  await one.ship(1);
  expect(seqsOf(busy)).toEqual([0]);
  expect(one.switched).toEqual([]);
});
