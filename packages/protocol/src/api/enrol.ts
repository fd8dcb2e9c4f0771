import { z } from 'zod';
import { maxHostLength } from '../batch.ts';
import type { UnixMs } from '../sample.ts';
import { defineOperations, unixMs } from './operation.ts';

/**
 * What a machine says of itself, surest first. `assigned`: a random one that a machine was given to be told apart from
 * its clones; `dmi`: of its board, or of the virtual machine; `cloud`: its number at the cloud provider; `machine`: of
 * its installed system.
 */
export const identityKinds = ['assigned', 'dmi', 'cloud', 'machine'] as const;
export type IdentityKind = (typeof identityKinds)[number];

/** Hashes by kind: what they are of stays on the host. */
export const machineIdentitySchema = z
  .partialRecord(z.enum(identityKinds), z.string().regex(/^[0-9a-f]{64}$/u, 'expected a SHA-256 hash in hexadecimal'))
  .refine((identity) => Object.keys(identity).length > 0, 'expected at least one');
export type MachineIdentity = z.infer<typeof machineIdentitySchema>;

/** `POST /v1/enrol`, with the token as bearer. */
export const enrolRequest = z.strictObject({
  host: z.string().min(1).max(maxHostLength),
  /** Whether the name was chosen, and not just the one that the machine has. */
  named: z.boolean().default(false),
  identity: machineIdentitySchema,
  /** The key that the machine has: proof that it is the host, although samples still come. */
  currentKey: z.string().min(1).max(200).optional(),
  /** Take the name although another machine has it. */
  replace: z.boolean().default(false),
});
export type EnrolRequest = z.input<typeof enrolRequest>;

/** Its answer, 201. */
export const enrolResponse = z.object({
  tenant: z.string(),
  /** The name that the key ships for. */
  host: z.string(),
  /** Shown only here. */
  key: z.string(),
  /** Whether the host was there before; its series go on. */
  returning: z.boolean(),
});

/** `POST /v1/enrol-tokens`. */
export const enrolTokenRequest = z.strictObject({
  /** What it is for. */
  name: z.string().max(200).default(''),
  /** How many hosts it lets in. */
  uses: z.number().int().min(1).max(100_000).default(1),
  expiresInMs: z
    .number()
    .int()
    .min(60_000)
    .max(30 * 86_400_000)
    .default(3_600_000),
});

/** Its answer, 201: the token is shown only here. */
export interface EnrolTokenResponse {
  readonly token: string;
  readonly expiresAt: UnixMs;
}
export const enrolOperations = defineOperations({
  'POST /v1/enrol-tokens': {
    summary: 'Makes a token that lets hosts in',
    tag: 'hosts',
    scope: 'write',
    body: enrolTokenRequest,
    status: 201,
    answer: z.object({ token: z.string(), expiresAt: unixMs }),
    secret: true,
  },
  'POST /v1/enrol': {
    summary: "Turns a one-time token into a host's own key",
    description: 'The token (`tsr_enrol_…`) is the bearer of the request.',
    tag: 'hosts',
    scope: 'public',
    body: enrolRequest,
    status: 201,
    answer: enrolResponse,
    refusals: [409],
    secret: true,
  },
});
