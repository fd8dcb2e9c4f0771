/** Programs of other people, against which tests hold ours. They are not of this workspace: a machine may not have them. */
import { execFile } from 'node:child_process';
import { access } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import type { TestContext } from 'vitest';

/** Skips the test, with what to do, where the program is not installed. */
export async function needs(
  { skip }: Pick<TestContext, 'skip'>,
  program: string,
  debianPackage: string,
): Promise<void> {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    const found = await access(join(folder, program)).then(
      () => true,
      () => false,
    );
    if (found) return;
  }
  skip(`needs ${program} (apt-get install ${debianPackage})`);
}

/** Runs it to its end, whatever its exit code. */
export function outcomeOf(
  program: string,
  args: readonly string[],
  cwd?: string,
): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> {
  return new Promise((resolve) => {
    execFile(program, args, { cwd, maxBuffer: 2 ** 26 }, (error, stdout, stderr) => {
      // Without a number it did not run at all, or a signal ended it.
      resolve({ code: error === null ? 0 : typeof error.code === 'number' ? error.code : -1, stdout, stderr });
    });
  });
}
