/** Hosts that send one sample a second of each of their series to a real collector, and can be made to fail. */
import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Labels } from '@tarsier/protocol';
import { fleetSchema, sampleBatch } from './batch.ts';

export const kindsPerHost = 8;

export interface Fleet {
  /** From its next sample on. */
  fail(host: string, kind: number): void;
  heal(host: string, kind: number): void;
  /** Batches that were stored. */
  readonly shipped: number;
  /** How long the collector took to answer, ms. */
  readonly answeredMs: readonly number[];
  /** Resolves when the last batch is answered. */
  stop(): Promise<void>;
}

/** @param hosts  by name, with labels that all of its series have */
export function startFleet(
  { url, ingestKey }: { readonly url: string; readonly ingestKey: string },
  hosts: ReadonlyMap<string, Labels>,
): Fleet {
  const agent = new Agent({ keepAlive: true });
  const failing = new Map<string, Set<number>>();
  const answeredMs: number[] = [];
  let shipped = 0;
  let running = true;

  /** By hand: `fetch` takes three times the time, which the collector needs. */
  function post(body: Uint8Array): Promise<number | undefined> {
    return new Promise((resolve, reject) => {
      const asked = request(`${url}/v1/ingest`, {
        method: 'POST',
        agent,
        headers: { authorization: `Bearer ${ingestKey}`, 'content-type': 'application/vnd.tarsier.batch' },
      });
      asked.on('response', (response) => {
        response.resume().on('end', () => resolve(response.statusCode));
      });
      asked.on('error', reject).end(body);
    });
  }

  async function ship(host: string, seq: number, schema: Uint8Array): Promise<void> {
    const now = Date.now();
    const bad = failing.get(host);
    const fails = Array.from({ length: kindsPerHost }, (_, kind) => bad?.has(kind) === true);
    const body = sampleBatch({ host, seq, at: now }, schema, fails);
    const status = await post(body);
    if (status !== 204) throw new Error(`ingest answered ${status}`);
    shipped++;
    answeredMs.push(Date.now() - now);
  }

  const agents = Array.from(hosts, async ([host, labels], index) => {
    const schema = fleetSchema(kindsPerHost, labels);
    // Not all at the same moment of the second.
    await sleep((index * 1_000) / hosts.size);
    let seq = 0;
    for (let next = Date.now(); running; next += 1_000) {
      await ship(host, seq++, schema);
      await sleep(Math.max(0, next + 1_000 - Date.now()));
    }
  });
  const done = Promise.all(agents);
  // It is told by `stop`.
  done.catch(() => {});

  return {
    fail(host, kind) {
      failing.set(host, (failing.get(host) ?? new Set()).add(kind));
    },
    heal(host, kind) {
      failing.get(host)?.delete(kind);
    },
    get shipped() {
      return shipped;
    },
    answeredMs,
    async stop() {
      running = false;
      await done;
      agent.destroy();
    },
  };
}
