/** Asks so many times a second, from a line with that number to `end`: batches, queries and live subscriptions; says what it was answered. */
import { Agent, request } from 'node:http';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { batchContentType } from '@tarsier/protocol';
import { createHost } from '../fleet.ts';

const [url = '', key = '', sockets = ''] = process.argv.slice(2);
const maxSockets = Number(sockets);
const agent = new Agent({ keepAlive: true, maxSockets, maxFreeSockets: maxSockets });
/** Each batch is a new one, of one row, and so costs what it costs wherever it is let in. */
const host = createHost(0, 200, Date.now(), { rows: 1 });
const tickMs = 20;
/** Looks back for less than a stretch lasts: one of a later round is not to read more than one of the first. */
const query = `/prometheus/api/v1/query?query=${encodeURIComponent('sum(bench_2)')}&lookback_delta=5s`;
/** With its schema, until that is known. */
const first = host.nextBatch(Date.now()).body;
let isKnown = false;
let answers: Record<string, number> = {};
let rate = 0;

function ask(turn: number): Promise<void> {
  const sends = turn % 2 === 0;
  const address = sends ? '/v1/ingest' : query;
  return new Promise((resolve) => {
    const count = (outcome: string): void => {
      answers[outcome] = (answers[outcome] ?? 0) + 1;
      isKnown ||= outcome === '204';
      resolve();
    };
    const sent = request(
      url + address,
      {
        method: sends ? 'POST' : 'GET',
        agent,
        headers: { authorization: `Bearer ${key}`, ...(sends ? { 'content-type': batchContentType } : {}) },
      },
      (answer) => {
        answer.resume();
        answer.on('end', () => count(String(answer.statusCode)));
      },
    );
    sent.on('error', (error) => count('code' in error ? String(error.code) : 'failed'));
    sent.end(sends ? (isKnown ? host.nextBatch(Date.now()).body : first) : undefined);
  });
}

/** And pages that want in, each with the key that has no room left. */
function connect(): void {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/live`);
  socket.addEventListener('open', () => socket.send(JSON.stringify({ type: 'hello', token: key })));
  socket.addEventListener('message', () => socket.close());
  socket.addEventListener('error', () => undefined);
}

/** Asks on while its answers are held back, as long as it has a socket that waits for none. */
async function flood(): Promise<void> {
  const waiting = new Set<Promise<void>>();
  let owed = 0;
  let turn = 0;
  for (let last = performance.now(); rate > 0; await sleep(tickMs)) {
    owed = Math.min(owed + ((performance.now() - last) / 1_000) * rate, rate);
    last = performance.now();
    for (; owed >= 1 && waiting.size < maxSockets; owed--) {
      const asked = ask(turn++);
      waiting.add(asked);
      void asked.then(() => waiting.delete(asked));
      if (turn % 100 === 0) connect();
    }
  }
  await Promise.all(waiting);
}

let going = Promise.resolve();
for await (const line of createInterface({ input: process.stdin })) {
  rate = line === 'end' ? 0 : Number(line);
  if (rate > 0) {
    answers = {};
    going = flood();
  } else {
    await going;
    process.stdout.write(`${JSON.stringify(answers)}\n`);
  }
}
agent.destroy();
process.exitCode = 0;
