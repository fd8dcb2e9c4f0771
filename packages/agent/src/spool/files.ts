/** Names and small files of a spool's folder. */
import { readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export const spoolFiles = {
  progress: 'sent',
  epoch: 'epoch',
  refused: 'refused.batch',
  refusal: 'refused.json',
} as const;

/** Numbers of the segments that are there, the oldest first. */
export async function segmentIds(folder: string): Promise<number[]> {
  const names = await readdir(folder);
  return names
    .flatMap((name) => /^(\d+)\.segment$/u.exec(name)?.[1] ?? [])
    .map(Number)
    .toSorted((a, b) => a - b);
}

export function segmentFile(folder: string, id: number): string {
  return join(folder, `${String(id).padStart(10, '0')}.segment`);
}

export async function readText(folder: string, name: string): Promise<string> {
  return readFile(join(folder, name), 'utf8').catch(() => '');
}

/** There is always a whole file, the former one or the new one. */
export async function writeWhole(folder: string, name: string, content: string | Uint8Array): Promise<void> {
  const file = join(folder, name);
  await writeFile(`${file}.new`, content, { mode: 0o600 });
  await rename(`${file}.new`, file);
}
