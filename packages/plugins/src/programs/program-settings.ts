/** Settings of programs that are run to learn samples from: by `exec` once in a while, by `execd` all the time. */
import { basename, isAbsolute } from 'node:path';
import { isLabelName } from '@tarsier/protocol';
import { z } from 'zod';
import { accountOf } from './accounts.ts';
import type { Host } from '../host/host.ts';

const variableName = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/u, 'expected a name of an environment variable');

export const programSettings = z.strictObject({
  name: z.string().max(200).default('').describe('What it is called in labels; the name of the program unless set.'),
  command: z
    .array(z.string().refine((word) => !word.includes('\0'), 'expected no zero byte'))
    .min(1)
    .max(200)
    .refine(([program = '']) => program !== '', 'expected a program, and then its arguments')
    .describe('The program and its arguments. No shell reads them.'),
  environment: z.record(variableName, z.string()).default({}).describe('Environment variables that it gets.'),
  pass: z
    .array(variableName)
    .default(['PATH'])
    .describe("Names of variables of the agent's own environment that it gets besides; it gets no others."),
  directory: z
    .string()
    .refine(isAbsolute, 'expected an absolute path')
    .default('/')
    .describe('Folder in which it runs.'),
  user: z.string().default('').describe('Name or number of the user to run as; only root may choose.'),
  group: z.string().default('').describe("Name or number of the group to run as; the user's first one unless set."),
  labels: z
    .record(
      z.string().refine((name) => isLabelName(name) && name !== 'host', 'expected a label name other than host'),
      z.string().max(1024),
    )
    .default({})
    .describe('Labels that all its samples get.'),
});

export type Program = z.infer<typeof programSettings>;

export function programName({ command }: Program): string {
  return basename(command[0] ?? '');
}

export interface Launch {
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly uid?: number;
  readonly gid?: number;
}

/** Numbers with points and English words, whatever the host speaks; and programs are found. */
const usualEnvironment = { LC_ALL: 'C', PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' };

/** @throws {Error} when there is no such user or group */
export async function launchOf(host: Host, program: Program): Promise<Launch> {
  const { environment, pass, directory, user, group } = program;
  const passed: Record<string, string> = {};
  for (const name of pass) {
    const value = host.environment(name);
    if (value !== undefined) passed[name] = value;
  }
  const account = await accountOf(host, user, group);
  return { env: { ...usualEnvironment, ...passed, ...environment }, cwd: directory, ...account };
}
