/** Names and small files of a spool's folder. */
import { open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder } from '@tarsier/plugins';
import { TarsierError } from '@tarsier/protocol';

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

/** The same, and it is there after a power cut, too. */
export async function writeWholeDurably(folder: string, name: string, content: string): Promise<void> {
  const file = join(folder, name);
  const written = await open(`${file}.new`, 'w', 0o600);
  try {
    await written.writeFile(content);
    await written.datasync();
  } finally {
    await written.close();
  }
  await rename(`${file}.new`, file);
}

/** The least that any file system gives to a file. */
const blockBytes = 512;

/**
 * Writes over a file where a full disk takes no new one: what has its place already needs no other. A kill leaves the
 * former content or the new one; a power cut in that moment may leave some of both.
 *
 * @throws where the new content needs more room
 */
export async function overwrite(folder: string, name: string, content: string): Promise<void> {
  const file = join(folder, name);
  await rm(`${file}.new`, { force: true });
  const written = await open(file, 'r+');
  try {
    const { size } = await written.stat();
    const bytes = Buffer.from(content);
    if (bytes.byteLength > Math.ceil(size / blockBytes) * blockBytes) throw new Error(`${name} needs more room`);
    // One write, of at least the former length: in between there would be neither.
    const whole = Buffer.concat([bytes, Buffer.alloc(Math.max(0, size - bytes.byteLength), '\n')]);
    await written.write(whole, 0, whole.byteLength, 0);
    await written.datasync();
  } finally {
    await written.close();
  }
}

/** @throws {TarsierError} `spool/folder` */
export function makeSpoolFolder(folder: string): void {
  try {
    makeFolder(folder);
  } catch (cause) {
    throw new TarsierError('spool/folder', `spool: expected a folder that can be made, got ${JSON.stringify(folder)}`, {
      cause,
      field: 'spool',
    });
  }
}

export function isErrno(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code));
}
