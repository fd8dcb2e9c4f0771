/** The commit before this one, as sources that run: what an upgrade comes from, and may have to go back to. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, readdir, readFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { onTestFinished, type TestContext } from 'vitest';
import { temporaryFolder } from './processes.ts';
import type { Build } from './tarsier.ts';

const exec = promisify(execFile);
const root = fileURLToPath(new URL('../../', import.meta.url));
const needed = ['packages', 'patches', 'package.json', 'pnpm-lock.yaml', 'pnpm-workspace.yaml'];

/**
 * Goes with its test, which it skips where git does not have that commit: in a copy without history, or a shallow clone.
 *
 * @param named  another commit; it has to be there
 */
export async function previousBuild(
  { skip }: Pick<TestContext, 'skip'>,
  named = process.env['TARSIER_PREVIOUS'],
): Promise<Build> {
  const revision = await previousCommit(root, named);
  if (revision === undefined) return skip("needs the commit before this one in git's history (git fetch --unshallow)");
  const { path, remove } = await temporaryFolder();
  onTestFinished(remove);
  const [folder, archive] = [join(path, 'build'), join(path, 'build.tar')];
  await mkdir(folder);
  await exec('git', ['-C', root, 'archive', '--output', archive, revision, ...needed]);
  await exec('tar', ['-xf', archive, '-C', folder]);
  await install(folder);
  return {
    collector: join(folder, 'packages/collector/src/main.ts'),
    agent: join(folder, 'packages/agent/src/main.ts'),
  };
}

/**
 * @returns undefined where nobody named one, and the history in the folder does not go as far as the one before HEAD
 * @throws when git does not find it for another reason
 */
export async function previousCommit(folder: string, named?: string): Promise<string | undefined> {
  if (named === undefined && !existsSync(join(folder, '.git'))) return undefined;
  const revision = named ?? 'HEAD~1';
  try {
    await exec('git', ['-C', folder, 'rev-parse', '--verify', '--quiet', `${revision}^{commit}`]);
    return revision;
  } catch (cause) {
    // So git says, when it is asked quietly, that all is well but for that commit.
    const missing = cause instanceof Error && 'code' in cause && cause.code === 1;
    if (missing && named === undefined) return undefined;
    throw new Error(`git does not find the commit ${revision}`, { cause });
  }
}

/** With what is installed here, where that is the same. */
async function install(folder: string): Promise<void> {
  const [there, here] = await Promise.all([folder, root].map((at) => readFile(join(at, 'pnpm-lock.yaml'), 'utf8')));
  if (there !== here) {
    await exec('npx', ['-y', 'pnpm@12', 'install', '--frozen-lockfile', '--prefer-offline'], { cwd: folder });
    return;
  }
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
  // Links from one package to the next are relative: those of the copy lead to the copy.
  for (const name of await readdir(join(folder, 'packages'))) {
    const modules = join('packages', name, 'node_modules');
    await cp(join(root, modules), join(folder, modules), { recursive: true, verbatimSymlinks: true });
  }
}
