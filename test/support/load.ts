import { createServer, connect, type AddressInfo, type Socket } from 'node:net';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';

const connections = 300;

/**
 * Keeps every core busy, and many connections open, until it is stopped or 60 s have passed. The connections are what
 * no neighbour on a busy machine does by chance.
 */
export async function loadMachine(): Promise<{ stop(): Promise<void> }> {
  const code = 'const until = Date.now() + 60_000; while (Date.now() < until) Math.sqrt(Math.random());';
  const workers = Array.from({ length: availableParallelism() }, () => new Worker(code, { eval: true }));
  const accepted: Socket[] = [];
  const server = createServer((socket) => accepted.push(socket));
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  // A server that listens on a port has an address with one.
  const { port } = server.address() as AddressInfo;
  const opened = Array.from({ length: connections }, () => connect(port, '127.0.0.1').on('error', () => {}));
  return {
    async stop() {
      for (const socket of [...opened, ...accepted]) socket.destroy();
      server.close();
      await Promise.all(workers.map((worker) => worker.terminate()));
    },
  };
}
