/** Issuers that people may sign in at, as whoever runs the collector sets them: a tenant's owner could make them up. */
import { readFile } from 'node:fs/promises';
import { expectationOf, TarsierError } from '@tarsier/protocol';
import { roleSchema } from '@tarsier/protocol/api';
import { parse } from 'yaml';
import { z } from 'zod';

const isLocal = (url: URL): boolean => ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname);

const providerSchema = z
  .strictObject({
    id: z.string().regex(/^[a-z0-9-]{1,40}$/u, 'expected lower-case letters, digits and dashes'),
    /** On the button. */
    name: z.string().min(1).max(60),
    issuer: z
      .url('expected https://…')
      .refine((text) => URL.canParse(text) && (new URL(text).protocol === 'https:' || isLocal(new URL(text))), {
        message: 'expected https://…; http only of this machine',
      }),
    clientId: z.string().min(1),
    /** Absent for a public client: PKCE alone. */
    clientSecret: z.string().min(1).optional(),
    scopes: z.array(z.string().min(1)).default(['openid', 'email', 'profile']),
    /** The only tenant that it signs in to; absent: those that its people belong to. */
    tenant: z.string().min(1).optional(),
    /** Name of a claim that says which tenant. */
    tenantClaim: z.string().min(1).optional(),
    /** Name of a claim with a role or group, or a list of them. */
    roleClaim: z.string().min(1).optional(),
    /** What its values mean here; the first one listed here that somebody has counts. */
    roles: z.record(z.string(), roleSchema).default({}),
    /** Domains of e-mail addresses whose people need no invitation. */
    allowedDomains: z.array(z.string().min(1).toLowerCase()).default([]),
    /** Of those who need none. */
    defaultRole: roleSchema.exclude(['owner']).default('viewer'),
    /** For issuers that check addresses but have no `email_verified`. */
    trustEmail: z.boolean().default(false),
  })
  .refine(
    ({ allowedDomains, tenant, tenantClaim }) => allowedDomains.length === 0 || (tenant ?? tenantClaim) !== undefined,
    {
      path: ['allowedDomains'],
      message: 'expected tenant or tenantClaim as well: which tenant would they belong to?',
    },
  );
export type OidcProvider = z.output<typeof providerSchema>;

const fileSchema = z.strictObject({
  providers: z.array(providerSchema).refine((all) => new Set(all.map(({ id }) => id)).size === all.length, {
    message: 'expected each id once',
  }),
});

/** @param text  YAML or JSON. @throws {TarsierError} `config/oidc`, naming file and field */
export function parseOidcProviders(text: string, file: string): readonly OidcProvider[] {
  let given: unknown;
  try {
    given = parse(text);
  } catch (cause) {
    throw new TarsierError('config/oidc', `${file}: expected YAML`, { cause });
  }
  const parsed = fileSchema.safeParse(given);
  if (parsed.success) return parsed.data.providers;
  const problems = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${expectationOf(issue)}`);
  throw new TarsierError('config/oidc', `${file}: ${problems.join('; ')}`);
}

/** @throws {TarsierError} `config/oidc` */
export async function readOidcProviders(file: string | undefined): Promise<readonly OidcProvider[]> {
  if (file === undefined) return [];
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new TarsierError('config/oidc', `TARSIER_OIDC: expected a file that can be read, got ${file}`, { cause });
  });
  return parseOidcProviders(text, file);
}
