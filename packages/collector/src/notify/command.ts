import { execFile } from 'node:child_process';
import { join } from 'node:path';
import type { ChannelOf } from '@tarsier/protocol/api';
import { SendError, type Sending } from './sending.ts';

/**
 * Runs a program of the operator's folder with the message as JSON on its input. Nothing of it is in its arguments or
 * goes through a shell.
 *
 * @param folder  undefined: there are no commands
 * @throws {SendError} when it can't be run, does not end in time, or ends with another code than 0
 */
export async function runCommand(
  { command }: ChannelOf<'command'>,
  { id, title, text, link, message }: Sending,
  { folder, timeoutMs }: { readonly folder: string | undefined; readonly timeoutMs: number },
): Promise<void> {
  if (folder === undefined) {
    throw new SendError('TARSIER_COMMANDS: expected the folder of commands that channels may run', { permanent: true });
  }
  await new Promise<void>((resolve, reject) => {
    const child = execFile(
      join(folder, command),
      // Not the collector's environment: that has its secrets.
      {
        timeout: timeoutMs,
        killSignal: 'SIGKILL',
        env: { PATH: '/usr/local/bin:/usr/bin:/bin', TARSIER_NOTIFICATION: id },
      },
      (error, _stdout, stderr) => {
        if (error === null) resolve();
        else
          reject(
            new SendError(`${command} failed: ${(stderr.trim() || error.message).slice(0, 500)}`, { cause: error }),
          );
      },
    );
    // A program need not read it.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(JSON.stringify({ id, title, text, ...(link === undefined ? {} : { link }), ...message }));
  });
}
