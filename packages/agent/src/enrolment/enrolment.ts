/** What enrolment leaves in the state folder: who this host is at the collector, and the key that only it has. */
import { accessSync, chownSync, constants, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { machineIdentitySchema, type MachineIdentity } from '@tarsier/protocol/api';
import { makeFolder } from '@tarsier/plugins';
import { TarsierError } from '@tarsier/protocol';
import { z } from 'zod';
import { differenceBetween } from './identity.ts';

const enrolmentSchema = z.object({
  url: z.string(),
  tenant: z.string(),
  host: z.string(),
  key: z.string(),
  identity: machineIdentitySchema,
  enrolledAt: z.number(),
});
export type Enrolment = z.infer<typeof enrolmentSchema>;

export function enrolmentFile(stateFolder: string): string {
  return join(stateFolder, 'enrolment.json');
}

/**
 * @returns undefined when the host is not enrolled
 * @throws {TarsierError} `enrolment/file` when it is, but the file can't be read
 */
export function readEnrolment(stateFolder: string): Enrolment | undefined {
  const file = enrolmentFile(stateFolder);
  let content: string;
  try {
    content = readFileSync(file, 'utf8');
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && (cause.code === 'ENOENT' || cause.code === 'ENOTDIR'))
      return undefined;
    throw new TarsierError('enrolment/file', `${file} can not be read; only root and the agent's user may`, { cause });
  }
  try {
    return enrolmentSchema.parse(JSON.parse(content));
  } catch (cause) {
    throw new TarsierError(
      'enrolment/file',
      `${file}: expected what tarsier-agent enrol wrote; enrol this host again`,
      {
        cause,
      },
    );
  }
}

/** Before a token is given away, which is good for one key. @throws {TarsierError} `enrolment/file` */
export function requireStateFolder(stateFolder: string): void {
  try {
    makeFolder(stateFolder);
    accessSync(stateFolder, constants.W_OK);
  } catch (cause) {
    throw notWritten(enrolmentFile(stateFolder), cause);
  }
}

function notWritten(file: string, cause: unknown): TarsierError {
  return new TarsierError('enrolment/file', `${file} can not be written`, { cause });
}

/** Readable by the folder's owner alone: the agent's user, also when root enrols. */
export function writeEnrolment(stateFolder: string, enrolment: Enrolment, uid: number | undefined): void {
  const file = enrolmentFile(stateFolder);
  try {
    makeFolder(stateFolder);
    writeFileSync(`${file}.new`, `${JSON.stringify(enrolment, undefined, 2)}\n`, { mode: 0o600 });
    const owner = statSync(stateFolder);
    if (uid === 0) chownSync(`${file}.new`, owner.uid, owner.gid);
    renameSync(`${file}.new`, file);
  } catch (cause) {
    throw notWritten(file, cause);
  }
}

/** @throws {TarsierError} `enrolment/other-machine` when the folder was copied here with its machine's disk */
export function checkMachine({ host, identity }: Enrolment, now: MachineIdentity): void {
  const kind = differenceBetween(identity, now);
  if (kind === undefined) return;
  throw new TarsierError(
    'enrolment/other-machine',
    `this is not the machine that was enrolled as ${host} (another ${kind} identity): enrol a clone with --as-new --host NAME and a token of its own, or, if this machine takes the place of ${host}, with --replace`,
  );
}
