import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { TarsierError } from '@tarsier/protocol';

/** Who PostgreSQL runs as. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

/**
 * PostgreSQL refuses to run as root: then it runs as `nobody`, who exists everywhere, so that no user is made.
 *
 * @returns undefined when this process is not root, and PostgreSQL simply runs as the same user
 * @throws {TarsierError} `storage/no-account` when there is no `nobody`
 */
export function accountForPostgres(): Account | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((entry) => entry.startsWith('nobody:'));
  const [, , uid, gid] = line?.split(':') ?? [];
  if (uid === undefined || gid === undefined) {
    throw new TarsierError(
      'storage/no-account',
      'PostgreSQL does not run as root, and /etc/passwd has no user nobody; start as another user, or set DATABASE_URL',
    );
  }
  return { uid: Number(uid), gid: Number(gid) };
}

/** Asked of the kernel by trying: permissions, ACLs and mount options all count. */
export function canRun(account: Account, program: string): boolean {
  return spawnSync(program, ['--version'], { ...account, cwd: '/', stdio: 'ignore' }).status === 0;
}

/** Whether `account` may enter `folder`, all its parents included. */
export function canEnter(account: Account, folder: string): boolean {
  return spawnSync('/bin/sh', ['-c', 'cd "$1"', 'sh', folder], { ...account, cwd: '/', stdio: 'ignore' }).status === 0;
}
