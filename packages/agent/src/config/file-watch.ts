/** Notices when files change, however: written, replaced by an editor, or swapped by a link as Kubernetes does. */
import { createHash } from 'node:crypto';
import { readFileSync, realpathSync, watch, type FSWatcher } from 'node:fs';
import { dirname } from 'node:path';

export interface FileWatch {
  /** From now on these, whether they are there or not. */
  follow(files: readonly string[]): void;
  close(): void;
}

/** Editors write several times. */
const settleMs = 200;
/** Where the system tells nothing, as on network file systems and of folders that are made later. */
const lookEveryMs = 10_000;

/** @param onChange  called when the content of one of them is another than when it was last looked at */
export function createFileWatch(onChange: () => void): FileWatch {
  const watchers = new Map<string, FSWatcher>();
  let files: readonly string[] = [];
  let seen = '';
  let settling: NodeJS.Timeout | undefined;
  const looking = setInterval(look, lookEveryMs);
  looking.unref();

  function look(): void {
    watchFolders();
    const now = contentOf(files);
    if (now === seen) return;
    seen = now;
    onChange();
  }

  /** Folders, not files: a file that is replaced is another file. The one that a link leads to, too. */
  function watchFolders(): void {
    const wanted = new Set(files.flatMap((file) => [dirname(file), dirname(realPath(file))]));
    for (const [folder, watcher] of watchers) {
      if (wanted.has(folder)) continue;
      watcher.close();
      watchers.delete(folder);
    }
    for (const folder of wanted) {
      if (watchers.has(folder)) continue;
      try {
        const watcher = watch(folder, { persistent: false }, settle);
        watcher.on('error', () => {
          watcher.close();
          watchers.delete(folder);
        });
        watchers.set(folder, watcher);
      } catch {
        // It is not there, or there are no watches left: looked at every now and then all the same.
      }
    }
  }

  function settle(): void {
    clearTimeout(settling);
    settling = setTimeout(look, settleMs);
  }

  return {
    follow(next) {
      files = next;
      seen = contentOf(files);
      watchFolders();
    },
    close() {
      clearInterval(looking);
      clearTimeout(settling);
      for (const watcher of watchers.values()) watcher.close();
      watchers.clear();
    },
  };
}

function contentOf(files: readonly string[]): string {
  const hash = createHash('sha256');
  for (const file of files) {
    try {
      hash.update(`\0there\0`).update(readFileSync(file));
    } catch {
      hash.update('\0none\0');
    }
  }
  return hash.digest('hex');
}

function realPath(file: string): string {
  try {
    return realpathSync(file);
  } catch {
    return file;
  }
}
