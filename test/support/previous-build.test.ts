import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { previousCommit } from './previous-build.ts';
import { temporaryFolder } from './processes.ts';

const exec = promisify(execFile);

async function folderWith(commits: number | 'no history'): Promise<string> {
  const { path, remove } = await temporaryFolder();
  onTestFinished(remove);
  if (commits === 'no history') return path;
  const git = (...args: readonly string[]) =>
    exec('git', ['-C', path, '-c', 'user.name=a', '-c', 'user.email=a@b', ...args]);
  await git('init', '--quiet');
  for (let commit = 0; commit < commits; commit++) await git('commit', '--quiet', '--allow-empty', '--message', 'a');
  return path;
}

test('the commit before is the one before HEAD, and there is none in a copy without that history', async () => {
  expect(await previousCommit(await folderWith(2))).toBe('HEAD~1');
  expect(await previousCommit(await folderWith(1))).toBe(undefined);
  expect(await previousCommit(await folderWith('no history'))).toBe(undefined);
});

test('one that is named has to be there', async () => {
  const folder = await folderWith(1);
  expect(await previousCommit(folder, 'HEAD')).toBe('HEAD');
  await expect(previousCommit(folder, 'HAED')).rejects.toThrow('git does not find the commit HAED');
  await expect(previousCommit(await folderWith('no history'), 'HEAD')).rejects.toThrow('git does not find');
});

test('a git that fails is no reason to do without', async () => {
  const folder = await folderWith(2);
  await writeFile(join(folder, '.git', 'HEAD'), 'nonsense');
  await expect(previousCommit(folder)).rejects.toThrow('git does not find the commit HEAD~1');
});
