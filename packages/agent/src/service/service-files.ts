/** What makes a service of a unit: the file, and the link that has it start with the host. */
import { existsSync, mkdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describeError, TarsierError } from '@tarsier/protocol';
import { unitName } from './systemd-unit.ts';

/** @param root  `/`, or the folder of an image */
export function unitFile(root: string): string {
  return join(root, 'etc', 'systemd', 'system', unitName);
}

/** Also in place of a former one. @throws {TarsierError} `service/write` */
export function writeService(root: string, unit: string): void {
  const file = unitFile(root);
  try {
    mkdirSync(dirname(wantedBy(file)), { recursive: true });
    writeFileSync(file, unit, { mode: 0o644 });
    rmSync(wantedBy(file), { force: true });
    symlinkSync(`../${unitName}`, wantedBy(file));
  } catch (cause) {
    throw new TarsierError('service/write', `${file} can not be written: ${describeError(cause)}`, { cause });
  }
}

/** @throws {TarsierError} `service/none` when there is nothing to remove */
export function removeService(root: string): void {
  const file = unitFile(root);
  if (!existsSync(file)) throw new TarsierError('service/none', `there is no service: ${file} is not there`);
  rmSync(wantedBy(file), { force: true });
  rmSync(file);
}

/** What keeps others than its owner from a file: itself or the outermost such folder; undefined when nothing does. */
export function closedToOthers(file: string): string | undefined {
  const folders: string[] = [];
  for (let path = dirname(file); ; path = dirname(path)) {
    folders.unshift(path);
    if (path === dirname(path)) break;
  }
  const folder = folders.find((path) => (statSync(path).mode & 0o001) === 0);
  return folder ?? ((statSync(file).mode & 0o004) === 0 ? file : undefined);
}

function wantedBy(file: string): string {
  return join(dirname(file), 'multi-user.target.wants', unitName);
}
