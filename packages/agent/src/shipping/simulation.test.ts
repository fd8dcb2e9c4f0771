/**
 * An agent's spool and shipper under faults that a seed decides: time and network are the test's, the disk is real.
 * Whatever is lost, doubled, late, cut off or killed, a collector has each sample once, and the account says so.
 * More seeds: `pnpm test:simulation SEEDS`.
 */
import { copyFile, readdir } from 'node:fs/promises';
import { setImmediate as turn } from 'node:timers/promises';
import { decodeEnvelope } from '@tarsier/protocol';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { openSpool } from '../spool/spool.ts';
import { makeBatch, recordingLog, samplesIn, temporaryFolder } from '../testing.ts';
import type { Clock } from '../scrape/clock.ts';
import type { PostAnswer } from './post.ts';
import { createShipper } from './shipper.ts';

const runs = Number(process.env['SEEDS'] ?? 12);
const seed = process.env['SEED'] === undefined ? {} : { seed: Number(process.env['SEED']) };

/** What becomes of one request. */
const fates = ['ok', 'request lost', 'answer lost', 'twice', 'copy later', 503, 429] as const;
type Fate = (typeof fates)[number];

/** Keeps each batch by its name once, as a collector does, and takes no more than two ticks at a time. */
function createCollector() {
  const stored = new Map<string, readonly string[]>();
  const schemas = new Map<string, Uint8Array>();
  return {
    samples: () => [...stored.values()].flat().toSorted(),
    take(body: Uint8Array): number {
      const batch = decodeEnvelope(body);
      if (batch.rows > 2) return 413;
      const hash = Buffer.from(batch.schemaHash).toString('hex');
      const schema = batch.schema ?? schemas.get(hash);
      if (schema === undefined) return 409;
      schemas.set(hash, schema);
      const name = `${batch.epoch}/${batch.seq}`;
      if (!stored.has(name)) stored.set(name, samplesIn(batch, schema));
      return 204;
    },
  };
}

/** Timers go off when the test says so, the earliest first. */
function createVirtualClock() {
  let now = 1_000_000;
  let timers: { readonly at: number; readonly run: () => void }[] = [];
  const clock: Clock = {
    now: () => now,
    monotonic: () => now,
    sinceBoot: () => now,
    after(ms, run) {
      const timer = { at: now + ms, run };
      timers.push(timer);
      return () => (timers = timers.filter((one) => one !== timer));
    },
  };
  return {
    clock,
    waits: () => timers.length > 0,
    next(): void {
      const [first] = timers.toSorted((a, b) => a.at - b.at);
      if (first === undefined) return;
      timers = timers.filter((one) => one !== first);
      now = Math.max(now, first.at);
      first.run();
    },
    clear(): void {
      timers = [];
    },
  };
}

async function simulate(ops: readonly Op[], fate: readonly Fate[]): Promise<void> {
  const collector = createCollector();
  const time = createVirtualClock();
  const { log } = recordingLog();
  const late: Uint8Array[] = [];
  let cutOff = false;
  let healed = false;
  let posts = 0;

  /** Of one life of the agent: what it waits for when it is killed never comes. */
  function post(body: Uint8Array): Promise<PostAnswer> {
    const becomes = healed ? 'ok' : cutOff ? 'request lost' : (fate[posts++ % fate.length] ?? 'ok');
    return new Promise((resolve, reject) => {
      time.clock.after(becomes === 'ok' ? 1 : 40, () => {
        const copy = late.shift();
        if (copy !== undefined) collector.take(copy);
        if (becomes === 'request lost') return reject(new Error('lost'));
        if (typeof becomes === 'number') return resolve({ status: becomes, headers: {}, text: '' });
        const status = collector.take(body);
        if (becomes === 'twice') collector.take(body);
        if (becomes === 'copy later') late.push(body);
        if (becomes === 'answer lost') reject(new Error('lost'));
        else resolve({ status, headers: {}, text: '' });
      });
    });
  }

  let folder = await temporaryFolder();
  async function begin() {
    const spool = await openSpool({ folder, maxBytes: 1e6, maxAgeMs: Infinity, segmentBytes: 600, log });
    const poster = { post, close() {} };
    const shipper = createShipper({
      spool,
      poster,
      key: 'k',
      onFlushInterval() {},
      clock: time.clock,
      log,
      random: () => 0.5,
    });
    shipper.start();
    return { spool, shipper };
  }
  let agent = await begin();
  /** Until it waits for time to pass, or for nothing. */
  async function settle(): Promise<void> {
    while (!time.waits() && agent.spool.stats.waiting > 0) await turn();
  }

  const taken: string[] = [];
  let seq = 0;
  for (const op of ops) {
    if (op === 'cut off') cutOff = !cutOff;
    else if (op === 'time') time.next();
    else if (op === 'kill') {
      const next = await temporaryFolder();
      for (const name of await readdir(folder))
        if (/\.segment$|^sent$/u.test(name)) await copyFile(`${folder}/${name}`, `${next}/${name}`);
      time.clear();
      await agent.spool.close();
      folder = next;
      agent = await begin();
    } else {
      const { bytes, schema, time: last } = makeBatch({ seq: seq++, rows: op, width: 2 });
      await agent.spool.append(bytes, schema, last);
      taken.push(...samplesIn(decodeEnvelope(bytes), schema.bytes));
      agent.shipper.wake();
    }
    await settle();
  }
  healed = true;
  while (agent.spool.stats.waiting > 0) {
    time.next();
    await settle();
  }
  for (const copy of late) collector.take(copy);
  expect(collector.samples()).toEqual(taken.toSorted());
  const { rows } = agent.spool.ledger.changes(0);
  const sum = (of: 'taken' | 'sent'): number => rows.reduce((all, row) => all + row[of], 0);
  expect([sum('taken'), sum('sent')]).toEqual([taken.length, taken.length]);
  expect(rows.flatMap(({ dropped }) => Object.keys(dropped))).toEqual([]);
  const stopped = agent.shipper.stop(0);
  time.next();
  await stopped;
  await agent.spool.close();
}

/** A number: so many ticks are taken. */
type Op = 'time' | 'kill' | 'cut off' | number;

test(
  `under faults of ${runs} seeds each sample is stored once, and the account adds up`,
  { timeout: 60_000 + runs * 5_000 },
  async () => {
    const op = fc.oneof(
      { weight: 6, arbitrary: fc.constant<Op>('time') },
      { weight: 4, arbitrary: fc.integer({ min: 1, max: 6 }) },
      { weight: 1, arbitrary: fc.constant<Op>('kill') },
      { weight: 1, arbitrary: fc.constant<Op>('cut off') },
    );
    const options = { numRuns: runs, ...seed };
    await fc.assert(
      fc.asyncProperty(
        fc.array(op, { minLength: 10, maxLength: 60 }),
        fc.array(fc.constantFrom(...fates), { minLength: 1, maxLength: 30 }),
        simulate,
      ),
      options,
    );
  },
);
