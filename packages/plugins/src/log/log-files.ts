/** The files that one path stands for, through rotation: by rename, by copying and emptying, by date in the name. */
import { basename, dirname, join } from 'node:path';
import type { Host } from '../host/host.ts';
import { createChunkBuffer, openTail, type Encoding, type Growth, type Position, type Tail } from './tail.ts';

export interface LogFilesOptions {
  readonly path: string;
  readonly encoding: Encoding;
  /** Of files that are there when nothing is known of them yet; what comes later is read from its beginning. */
  readonly from: 'end' | 'beginning';
  /** Of each look, all files together. */
  readonly budgetBytes: number;
  /** Where they were left before the start. */
  readonly positions: readonly Position[];
}

export interface LogFiles {
  read(onLine: (line: string) => void, signal: AbortSignal): Promise<Growth & { readonly files: number }>;
  positions(): Position[];
  close(): Promise<void>;
}

const mostFiles = 20;
/** In the folder, after a start. */
const mostSearched = 200;
/** Looks in which a file that has no name of ours any more gave nothing: its writer has opened the new one. */
const looksAfterRotation = 3;

interface OpenLog {
  readonly tail: Tail;
  /** Looks without a name and without growth. */
  idle: number;
}

export function createLogFiles(
  host: Host,
  { path, encoding, from, budgetBytes, positions }: LogFilesOptions,
): LogFiles {
  const open = new Map<string, OpenLog>();
  const buffer = createChunkBuffer();
  const known = new Map(positions.map((position) => [position.id, position]));
  let first = true;

  async function openNew(path: string): Promise<string | undefined> {
    const facts = await host.files.stat(path);
    if (facts === undefined || facts.isFolder) return undefined;
    if (open.has(facts.id)) return facts.id;
    const file = await host.files.open(path);
    try {
      // It may be another one by now.
      const { id } = await file.facts();
      if (open.has(id)) {
        await file.close();
        return id;
      }
      // With positions from before the start, a file that is not among them came meanwhile.
      const begin = known.get(id) ?? (first && known.size === 0 ? from : 'beginning');
      open.set(id, { tail: await openTail(file, encoding, begin, buffer), idle: 0 });
      return id;
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** Those that were rotated away since the last start, with what came to them before. */
  async function openLeft(): Promise<void> {
    const [beginning = ''] = basename(path).split('*');
    for (const one of await host.files.match(join(dirname(path), `${beginning}*`), mostSearched)) {
      const facts = await host.files.stat(one);
      if (facts !== undefined && known.has(facts.id)) await openNew(one);
    }
  }

  return {
    async read(onLine, signal) {
      const ids = new Set<string | undefined>();
      for (const one of await host.files.match(path, mostFiles)) ids.add(await openNew(one));
      if (first && known.size > 0) await openLeft();
      first = false;
      let [bytes, skippedBytes] = [0, 0];
      for (const [id, log] of open) {
        log.idle = ids.has(id) ? 0 : log.idle + 1;
        const last = log.idle > looksAfterRotation;
        const grown = await log.tail.read(Math.max(0, budgetBytes - bytes), last, onLine, signal);
        bytes += grown.bytes;
        skippedBytes += grown.skippedBytes;
        if (last) {
          open.delete(id);
          await log.tail.close();
        } else if (grown.bytes > 0 && log.idle > 0) {
          log.idle = 1;
        }
      }
      ids.delete(undefined);
      return { bytes, skippedBytes, files: ids.size };
    },
    positions: () => [...open.values()].map(({ tail }) => tail.position()),
    async close() {
      for (const { tail } of open.values()) await tail.close();
      open.clear();
    },
  };
}
