/** Asks far more than it may, between `begin` and `end`: batches, queries and live subscriptions; says what it was answered. */
import { Agent, request } from 'node:http';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { batchContentType } from '@tarsier/protocol';
import { createHost } from '../fleet.ts';

const [url = '', key = '', rate = '1000'] = process.argv.slice(2);
const agent = new Agent({ keepAlive: true, maxSockets: 50 });
const host = createHost(0, 200, Date.now());
const tickMs = 20;
let answers: Record<string, number> = {};
let flooding = false;

function ask(turn: number): Promise<void> {
  const sends = turn % 2 === 0;
  const body = sends ? host.nextBatch(Date.now()).body : undefined;
  const address = sends ? '/v1/ingest' : `/prometheus/api/v1/query?query=${encodeURIComponent('sum(bench_2)')}`;
  return new Promise((resolve) => {
    const sent = request(
      url + address,
      {
        method: sends ? 'POST' : 'GET',
        agent,
        headers: { authorization: `Bearer ${key}`, ...(sends ? { 'content-type': batchContentType } : {}) },
      },
      (answer) => {
        answer.resume();
        answer.on('end', () => {
          const status = String(answer.statusCode);
          answers[status] = (answers[status] ?? 0) + 1;
          resolve();
        });
      },
    );
    sent.on('error', () => resolve());
    sent.end(body);
  });
}

/** And pages that want in, each with the key that has no room left. */
function connect(): void {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/live`);
  socket.addEventListener('open', () => socket.send(JSON.stringify({ type: 'hello', token: key })));
  socket.addEventListener('message', () => socket.close());
  socket.addEventListener('error', () => undefined);
}

let turn = 0;
async function flood(): Promise<void> {
  for (let next = Date.now(); flooding; next += tickMs) {
    // What the server does not keep up with waits here: it is not asked for more at once than there are connections.
    const due = Array.from({ length: Math.round((Number(rate) * tickMs) / 1_000) }, () => ask(turn++));
    if (turn % 100 === 0) connect();
    await Promise.race([Promise.all(due), sleep(1_000)]);
    await sleep(Math.max(0, next + tickMs - Date.now()));
  }
}

let going = Promise.resolve();
for await (const line of createInterface({ input: process.stdin })) {
  flooding = line === 'begin';
  if (flooding) {
    answers = {};
    going = flood();
  } else {
    await going;
    process.stdout.write(`${JSON.stringify(answers)}\n`);
  }
}
agent.destroy();
process.exitCode = 0;
