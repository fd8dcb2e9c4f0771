/** Files anywhere, for plugins that were told where: never through a link that a loop could be made of. */
import { createHash } from 'node:crypto';
import { constants, createReadStream, stat, type Stats } from 'node:fs';
import { open, opendir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

export interface FileFacts {
  /** Of device and inode: stays when it is renamed. */
  readonly id: string;
  readonly bytes: number;
  /** Unix ms. */
  readonly modifiedAt: number;
  readonly isFolder: boolean;
}

export interface Files {
  /** undefined when there is none. @throws when it can't be told */
  stat(path: string): Promise<FileFacts | undefined>;
  /** SHA-256, hexadecimal. */
  checksum(path: string, signal: AbortSignal): Promise<string>;
  /** Names in a folder, and whether each is a folder itself; as they come, so that a huge one can be left early. */
  list(folder: string): AsyncIterable<{ readonly name: string; readonly isFolder: boolean }>;
  /** `*` in the last part of `path` stands for any characters. @returns at most `most`, sorted */
  match(path: string, most: number): Promise<string[]>;
  open(path: string): Promise<OpenFile>;
}

export interface OpenFile {
  facts(): Promise<FileFacts>;
  /** @returns what there is from `position` on, at most `buffer` takes: a view of it */
  read(buffer: Buffer, position: number): Promise<Buffer>;
  close(): Promise<void>;
}

export function createFiles(): Files {
  const files: Files = {
    stat: (path) =>
      // With a callback: that of promises costs twice the CPU, and folders may be large.
      new Promise((resolve, reject) => {
        stat(path, (error: NodeJS.ErrnoException | null, facts: Stats) => {
          if (error === null) resolve(factsOf(facts));
          else if (isMissing(error)) resolve(undefined);
          else reject(error);
        });
      }),
    async checksum(path, signal) {
      const hash = createHash('sha256');
      for await (const piece of createReadStream(path, { signal })) hash.update(piece as Buffer);
      return hash.digest('hex');
    },
    async *list(folder) {
      for await (const entry of await opendir(folder, { bufferSize: 256 }))
        yield { name: entry.name, isFolder: entry.isDirectory() };
    },
    async match(path, most) {
      if (!basename(path).includes('*')) return [path];
      const folder = dirname(path);
      const fits = wildcard(basename(path));
      const found: string[] = [];
      try {
        for await (const { name, isFolder } of files.list(folder))
          if (!isFolder && fits(name)) found.push(join(folder, name));
      } catch (error) {
        if (!isMissing(error)) throw error;
      }
      return found.toSorted().slice(-most);
    },
    async open(path) {
      // A pipe without a writer would never open.
      const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
      return {
        facts: async () => factsOf(await handle.stat()),
        async read(buffer, position) {
          const { bytesRead } = await handle.read(buffer, 0, buffer.length, position);
          return buffer.subarray(0, bytesRead);
        },
        close: () => handle.close(),
      };
    },
  };
  return files;
}

/** Whether a name is one of `*.log`: `*` stands for any characters, all else for itself. */
export function wildcard(pattern: string): (name: string) => boolean {
  const [first = '', ...rest] = pattern.split('*');
  return (name) => {
    if (rest.length === 0) return name === first;
    if (!name.startsWith(first)) return false;
    const last = rest.at(-1) ?? '';
    let at = first.length;
    for (const piece of rest.slice(0, -1)) {
      const found = name.indexOf(piece, at);
      if (found < 0) return false;
      at = found + piece.length;
    }
    return name.length - last.length >= at && name.endsWith(last);
  };
}

function factsOf(facts: Stats): FileFacts {
  return {
    id: `${facts.dev}:${facts.ino}`,
    bytes: facts.size,
    modifiedAt: facts.mtimeMs,
    isFolder: facts.isDirectory(),
  };
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
}
