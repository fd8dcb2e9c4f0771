/** Many live clients in one process: says when they all have their snap, and what they got between `begin` and `end`. */
import { createInterface } from 'node:readline';
import { decodeLiveFrame } from '@tarsier/protocol/live';

const [url = '', key = '', count = '1000'] = process.argv.slice(2);
const sharedSelectors = 5;
const hosts = 20;
const atOnce = 25;
const clients = Number(count);
let counting = false;
let pushes = 0;
let bytes = 0;
/** Unix ms of when each push of a batch came, by the batch's time. */
const received = new Map<number, number[]>();

/** Gauges of the fleet: the counters' names end differently. */
const gauges = [0, 1, 2, 3, 4, 5, 6, 7];

function selectorOf(client: number): string {
  if (client % 2 === 0) return `bench_${gauges[(client / 2) % sharedSelectors]}`;
  const own = (client - 1) / 2;
  const host = `bench-${String(own % hosts).padStart(4, '0')}`;
  return `{host="${host}",__name__=~"bench_${own}|bench_${own % 37}"}`;
}

function take(data: ArrayBuffer): void {
  if (!counting) return;
  const now = performance.timeOrigin + performance.now();
  const frame = decodeLiveFrame(new Uint8Array(data));
  pushes++;
  bytes += data.byteLength;
  const t0 = frame.groups[0]?.times[0];
  if (t0 === undefined) return;
  const times = received.get(t0);
  if (times === undefined) received.set(t0, [now]);
  else times.push(now);
}

function open(client: number): Promise<WebSocket> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/live`);
    socket.binaryType = 'arraybuffer';
    socket.addEventListener('open', () => {
      socket.send(JSON.stringify({ type: 'hello', token: key }));
      socket.send(
        // Pages number what they show as they come: not all have the same numbers.
        JSON.stringify({ type: 'sub', id: 1 + (client % 3), selector: selectorOf(client), windowMs: 60_000 }),
      );
    });
    socket.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
      if (data instanceof ArrayBuffer) {
        resolve(socket);
        take(data);
      } else if (String(data).includes('"error"')) reject(new Error(String(data)));
    });
    socket.addEventListener('error', () => reject(new Error('a client was cut off')));
  });
}

const sockets: WebSocket[] = [];
while (sockets.length < clients) {
  const some = Array.from({ length: Math.min(atOnce, clients - sockets.length) }, (_, at) => open(sockets.length + at));
  sockets.push(...(await Promise.all(some)));
}
process.stdout.write('ready\n');
for await (const line of createInterface({ input: process.stdin })) {
  counting = line === 'begin';
  if (line !== 'end') continue;
  process.stdout.write(`${JSON.stringify({ pushes, bytes, received: [...received] })}\n`);
  break;
}
for (const socket of sockets) socket.close();
