/**
 * An agent's spool and shipper under faults that a seed decides: time and network are the test's, the disk is real, and
 * slow when the test says so. Whatever is lost, doubled, late, cut off or killed, a collector has each sample once, and
 * the account says so. More seeds: `pnpm test:simulation SEEDS`; test/simulation has collectors, too.
 */
import { copyFile, readdir } from 'node:fs/promises';
import { setImmediate as turn } from 'node:timers/promises';
import { decodeEnvelope } from '@tarsier/protocol';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { openSpool } from '../spool/spool.ts';
import { makeBatch, recordingLog, samplesIn, temporaryFolder, type MadeBatch } from '../testing.ts';
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
  let slow = false;
  let posts = 0;
  /** Calls of the spool that are at the real disk. */
  let busy = 0;

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

  /** Between a call and the disk time passes, in which the agent may be killed: the call never comes to the disk then. */
  function throughDisk<Args extends unknown[], T>(run: (...args: Args) => Promise<T>) {
    return async (...args: Args): Promise<T> => {
      if (slow) await new Promise<void>((resolve) => void time.clock.after(5_000, resolve));
      busy++;
      try {
        return await run(...args);
      } finally {
        busy--;
      }
    };
  }

  let folder = await temporaryFolder();
  async function begin() {
    const spool = await openSpool({ folder, maxBytes: 1e6, maxAgeMs: Infinity, segmentBytes: 600, log });
    const poster = { post, close() {} };
    const shipper = createShipper({
      spool: {
        ...spool,
        peek: throughDisk(spool.peek),
        acknowledge: throughDisk(spool.acknowledge),
        schemaOf: throughDisk(spool.schemaOf),
        noteSplit: throughDisk(spool.noteSplit),
      },
      poster,
      key: 'k',
      onFlushInterval() {},
      clock: time.clock,
      log,
      random: () => 0.5,
    });
    shipper.start();
    return { spool, shipper, unwritten: 0, written: Promise.resolve() };
  }
  let agent = await begin();
  /** Until it waits for time to pass, or for nothing. */
  async function settle(): Promise<void> {
    const { spool } = agent;
    // What a timer has let go on is at the disk, and counted, a turn later.
    do await turn();
    while (busy > 0 || (!time.waits() && (agent.unwritten > 0 || spool.stats.waiting > 0)));
  }

  const taken: string[] = [];
  let seq = 0;
  /** What an agent measured is taken once it is on its disk. */
  function append({ bytes, schema, time: last }: MadeBatch): void {
    const own = agent;
    own.unwritten++;
    own.written = own.written.then(async () => {
      await throughDisk(own.spool.append)(bytes, schema, last);
      taken.push(...samplesIn(decodeEnvelope(bytes), schema.bytes));
      own.unwritten--;
      own.shipper.wake();
    });
  }
  for (const op of ops) {
    if (op === 'cut off') cutOff = !cutOff;
    else if (op === 'slow disk') slow = !slow;
    else if (op === 'time') time.next();
    else if (op === 'kill') {
      const next = await temporaryFolder();
      for (const name of await readdir(folder))
        if (/\.segment$|^sent$/u.test(name)) await copyFile(`${folder}/${name}`, `${next}/${name}`);
      time.clear();
      await agent.spool.close();
      folder = next;
      agent = await begin();
    } else append(makeBatch({ seq: seq++, rows: op, width: 2 }));
    await settle();
  }
  healed = true;
  slow = false;
  while (agent.unwritten > 0 || agent.spool.stats.waiting > 0) {
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
type Op = 'time' | 'kill' | 'cut off' | 'slow disk' | number;

test(
  `under faults of ${runs} seeds each sample is stored once, and the account adds up`,
  { timeout: 60_000 + runs * 5_000 },
  async () => {
    const op = fc.oneof(
      { weight: 6, arbitrary: fc.constant<Op>('time') },
      { weight: 4, arbitrary: fc.integer({ min: 1, max: 6 }) },
      { weight: 1, arbitrary: fc.constant<Op>('kill') },
      { weight: 1, arbitrary: fc.constant<Op>('cut off') },
      { weight: 1, arbitrary: fc.constant<Op>('slow disk') },
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
