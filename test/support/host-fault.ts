/** A fault of this host, as a process that makes it until it is ended: `node host-fault.ts cpu|memory|disk|network`. */
import { closeSync, fsyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { availableParallelism, freemem, tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';

/** Ends by itself, should nobody end it, ms. */
const longestMs = 120_000;
const memoryShare = 0.3;
const blockBytes = 8 * 1024 * 1024;
const fileBlocks = 64;
const connections = 500;

function loadCpu(): void {
  for (let core = 0; core < availableParallelism(); core++) {
    const worker = new Worker('for (;;) Math.sqrt(Math.random());', { eval: true });
    worker.unref();
  }
}

function fillMemory(): void {
  const held: Buffer[] = [];
  const fill = (): void => {
    held.push(Buffer.alloc(blockBytes, 1));
    if (held.length * blockBytes < freemem() * memoryShare) setImmediate(fill);
    else setInterval(() => held.length, longestMs);
  };
  fill();
}

function writeToDisk(): void {
  const folder = mkdtempSync(join(tmpdir(), 'tarsier-fault-'));
  const file = openSync(join(folder, 'file'), 'w');
  const block = Buffer.alloc(blockBytes, 7);
  let written = 0;
  const write = (): void => {
    writeSync(file, block, 0, block.length, (written++ % fileBlocks) * blockBytes);
    fsyncSync(file);
    setImmediate(write);
  };
  process.once('SIGTERM', () => {
    closeSync(file);
    rmSync(folder, { recursive: true });
    process.exit(0);
  });
  write();
}

/** Many connections, and one that carries all that it can. */
function floodNetwork(): void {
  const server = createServer((socket) => socket.on('error', () => {}).resume());
  server.listen(0, '127.0.0.1', () => {
    // A server that listens on a port has an address with one.
    const { port } = server.address() as AddressInfo;
    const [first] = Array.from({ length: connections }, () => connect(port, '127.0.0.1').on('error', () => {}));
    const bytes = Buffer.alloc(65_536);
    const write = (): void => {
      while (first?.write(bytes) === true);
      first?.once('drain', write);
    };
    write();
  });
}

const faults: Readonly<Record<string, () => void>> = {
  cpu: loadCpu,
  memory: fillMemory,
  disk: writeToDisk,
  network: floodNetwork,
};

const [, , kind = ''] = process.argv;
const fault = Object.hasOwn(faults, kind) ? faults[kind] : undefined;
if (fault === undefined) throw new Error(`expected ${Object.keys(faults).join(', ')}, got ${JSON.stringify(kind)}`);
setTimeout(() => process.exit(0), longestMs);
// Said first: how soon it is known counts from there, however long it takes until the fault is whole.
process.stdout.write('begun\n', fault);
