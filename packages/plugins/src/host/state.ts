/** What plugins know and need again after a restart: a small file each. */
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder } from './make-folder.ts';

export interface State {
  /** undefined when nothing was kept. */
  read(name: string): Promise<string | undefined>;
  /** Appears whole or not at all. */
  write(name: string, text: string): Promise<void>;
}

export function createState(folder: string | undefined): State {
  if (folder === undefined) return { read: () => Promise.resolve(undefined), write: () => Promise.resolve() };
  return {
    async read(name) {
      try {
        return await readFile(join(folder, `${name}.json`), 'utf8');
      } catch (error) {
        if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
        throw error;
      }
    },
    async write(name, text) {
      makeFolder(folder);
      const file = join(folder, `${name}.json`);
      await writeFile(`${file}.new`, text, { mode: 0o600 });
      await rename(`${file}.new`, file);
    },
  };
}
