/** One growing file: its whole lines since the last look, whatever becomes of it meanwhile. */
import { createHash } from 'node:crypto';
import type { OpenFile } from '../host/files.ts';

export type Encoding = 'utf8' | 'latin1' | 'utf16le';

/** How far a file was read: enough to find the place again, and to know the file by. */
export interface Position {
  /** Of device and inode. */
  readonly id: string;
  /** Of the first byte that was not read. */
  readonly offset: number;
  /** The beginning of the file, hashed: inodes are used again, and a file that was emptied may grow as long as before. */
  readonly head: string;
  readonly headBytes: number;
}

export interface Growth {
  readonly bytes: number;
  /** Passed by because there was too much. */
  readonly skippedBytes: number;
}

export interface Tail {
  /**
   * Hands each line that came whole to `onLine`, without its end.
   *
   * @param budgetBytes  where more has come, the oldest of it is passed by
   * @param last         whether nothing more will come: what there is of the last line is one, too
   */
  read(budgetBytes: number, last: boolean, onLine: (line: string) => void, signal: AbortSignal): Promise<Growth>;
  position(): Position;
  close(): Promise<void>;
}

const chunkBytes = 64 * 1024;
const headBytes = 256;

/** For {@link openTail}: one serves many files, since a chunk is done with before the next is read. */
export function createChunkBuffer(): Buffer {
  return Buffer.allocUnsafe(chunkBytes);
}

/** @param from  where to begin: behind what is there, at its first byte, or where it was left if it is the same file */
export async function openTail(
  file: OpenFile,
  encoding: Encoding,
  from: 'end' | 'beginning' | Position,
  buffer: Buffer,
): Promise<Tail> {
  const { id, bytes } = await file.facts();
  let head = await headOf(Math.min(headBytes, bytes));
  const end = encoding === 'utf16le' ? '\n\0' : '\n';
  let offset = await startingPoint();
  /** Within a line whose beginning is not known, or was too long. */
  let inside = from === 'end' && offset > 0 && (await textAt(offset - end.length, end.length)) !== end;

  async function startingPoint(): Promise<number> {
    if (from === 'end') return whole(bytes);
    if (from === 'beginning') return 0;
    const same = from.id === id && from.offset <= bytes && (await headOf(from.headBytes)).hash === from.head;
    return same ? from.offset : 0;
  }

  /** Of two bytes each, a character is not begun in its middle. */
  function whole(position: number): number {
    return encoding === 'utf16le' ? position - (position % 2) : position;
  }

  async function headOf(length: number): Promise<{ readonly hash: string; readonly length: number }> {
    const read = await file.read(Buffer.allocUnsafe(length), 0);
    return { hash: createHash('sha256').update(read).digest('base64'), length: read.length };
  }

  async function textAt(position: number, length: number): Promise<string> {
    return (await file.read(Buffer.allocUnsafe(length), position)).toString('latin1');
  }

  function endOfLastLine(chunk: Buffer): number {
    let at = chunk.lastIndexOf(end, undefined, 'latin1');
    while (end.length === 2 && at >= 0 && at % 2 === 1) at = at === 0 ? -1 : chunk.lastIndexOf(end, at - 1, 'latin1');
    return at < 0 ? -1 : at + end.length;
  }

  return {
    async read(budgetBytes, last, onLine, signal) {
      const { bytes } = await file.facts();
      if (bytes < offset || (await headOf(head.length)).hash !== head.hash) {
        // Emptied, as by logrotate's copytruncate.
        offset = 0;
        inside = false;
        head = await headOf(Math.min(headBytes, bytes));
      } else if (head.length < headBytes && bytes > head.length) {
        head = await headOf(Math.min(headBytes, bytes));
      }
      const began = offset;
      const skippedBytes = Math.max(0, whole(bytes - offset - budgetBytes));
      if (skippedBytes > 0) {
        offset += skippedBytes;
        inside = true;
      }
      // Up to where it ended at first: a writer may be quicker than any reader.
      while (offset < bytes) {
        signal.throwIfAborted();
        const chunk = await file.read(buffer, offset);
        if (chunk.length === 0) break;
        const full = chunk.length === buffer.length;
        const ended = endOfLastLine(chunk);
        if (ended < 0 && !full && !(last && offset + chunk.length >= bytes)) break;
        const taken = ended < 0 ? chunk.length : ended;
        const lines = chunk.toString(encoding, 0, taken).split('\n');
        // Behind the last line end there is nothing; without one it is the beginning of a line.
        if (ended >= 0) lines.pop();
        const [first, ...rest] = inside ? lines.slice(1) : lines;
        inside = ended < 0;
        offset += taken;
        if (first === undefined) continue;
        onLine(withoutReturn(first.startsWith('\uFEFF') ? first.slice(1) : first));
        for (const line of rest) onLine(withoutReturn(line));
      }
      return { bytes: offset - began - skippedBytes, skippedBytes };
    },
    position: () => ({ id, offset, head: head.hash, headBytes: head.length }),
    close: () => file.close(),
  };
}

function withoutReturn(line: string): string {
  return line.endsWith('\r') ? line.slice(0, -1) : line;
}
