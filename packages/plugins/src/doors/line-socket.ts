/** A unix stream socket that takes lines. Whoever writes never gets an answer. */
import { createServer, type Socket } from 'node:net';
import { parseAddress } from './address.ts';
import { createListener } from './listener.ts';

export interface LineSocket {
  listening(): Promise<void>;
  close(): Promise<void>;
}

export interface LineSocketOptions {
  readonly path: string;
  /** Whole lines, without the last newline. */
  readonly onLines: (text: string) => void;
  /** A line that is longer than there may be, or a frame that is: the connection is closed. */
  readonly onTooLong: () => void;
}

const maxLineBytes = 65_536;
const maxConnections = 100;
const newline = 0x0a;
const frameHeaderBytes = 4;

/**
 * Lines end with a newline, or come in frames as DogStatsD's clients send them: the length in four bytes, little-endian,
 * then lines. A length below 65,536 has two zero bytes in it, which no line has: so each connection shows what it sends.
 */
export function createLineSocket({ path, onLines, onTooLong }: LineSocketOptions): LineSocket {
  const address = parseAddress(path);
  if (address?.kind !== 'unix') throw new Error(`${path}: expected the path of a unix socket`);
  const sockets = new Set<Socket>();

  function serve(socket: Socket): void {
    sockets.add(socket);
    let waiting: Buffer = Buffer.alloc(0);
    let framed: boolean | undefined;
    socket.on('data', (piece: Buffer) => {
      waiting = waiting.length === 0 ? piece : Buffer.concat([waiting, piece]);
      if (framed === undefined) {
        if (waiting.length < frameHeaderBytes) return;
        framed = waiting[2] === 0 && waiting[3] === 0;
      }
      waiting = framed ? takeFrames(waiting) : takeLines(waiting);
      if (waiting.length <= maxLineBytes + frameHeaderBytes) return;
      onTooLong();
      socket.destroy();
    });
    socket.on('end', () => {
      if (framed !== true && waiting.length > 0) onLines(waiting.toString());
      socket.end();
    });
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
  }

  function takeLines(bytes: Buffer): Buffer {
    const end = bytes.lastIndexOf(newline);
    if (end < 0) return bytes;
    onLines(bytes.toString('utf8', 0, end));
    return bytes.subarray(end + 1);
  }

  function takeFrames(bytes: Buffer): Buffer {
    let at = 0;
    while (bytes.length - at >= frameHeaderBytes) {
      const length = bytes.readUInt32LE(at);
      // Never fits: what waits is told to be too long.
      if (length > maxLineBytes) return Buffer.alloc(maxLineBytes + frameHeaderBytes + 1);
      if (bytes.length - at - frameHeaderBytes < length) break;
      at += frameHeaderBytes + length;
      onLines(bytes.toString('utf8', at - length, at));
    }
    return bytes.subarray(at);
  }

  const listener = createListener(address, () => {
    const server = createServer({ allowHalfOpen: true }, serve);
    server.maxConnections = maxConnections;
    return server;
  });
  return {
    listening: listener.listening,
    async close() {
      for (const socket of sockets) socket.destroy();
      await listener.close();
    },
  };
}
