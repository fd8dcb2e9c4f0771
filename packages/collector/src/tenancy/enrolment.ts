/** Which host a machine is that wants to be enrolled: one that is known, a new one, or nobody's business. */
import { TarsierError, type UnixMs } from '@tarsier/protocol';
import { identityKinds, type EnrolRequest, type MachineIdentity } from '@tarsier/protocol/api';
import type { EnrolledHost, Enrolments, TokenFault } from '../storage/enrolments.ts';
import type { Storage } from '../storage/storage.ts';
import type { TenantScope } from '../tenant.ts';

export interface Enrolled {
  readonly tenant: TenantScope;
  readonly host: string;
  readonly key: string;
  /** Whether the host was there before. */
  readonly returning: boolean;
}

/**
 * Lets a machine in, once per use of the token.
 *
 * @throws {TarsierError} `enrol/token` for a token that is not good; `enrol/in-use`, `enrol/renamed`,
 *   `enrol/name-taken`, which leave the token as it was
 */
export type Enrol = (token: string, request: EnrolRequest) => Promise<Enrolled>;

export interface EnrolDeps {
  readonly storage: { readonly enrolments: Pick<Enrolments, 'enrol'>; readonly keys: Pick<Storage['keys'], 'find'> };
  /** When samples of hosts came last, by name. */
  readonly hostsSeen: (
    scope: TenantScope,
    hosts: readonly string[],
  ) => Promise<ReadonlyMap<string, { readonly lastSeen: UnixMs }>>;
  readonly now: () => UnixMs;
}

/** A host whose samples are this young is measured now. */
const aliveMs = 60_000;

export function createEnrol({ storage, hostsSeen, now }: EnrolDeps): Enrol {
  return async (token, request) => {
    const { currentKey } = request;
    const proof = currentKey === undefined ? undefined : await storage.keys.find(currentKey);
    let returning = false;
    const result = await storage.enrolments.enrol(token, async (scope, enrolled) => {
      // Other enrolments of the tenant wait meanwhile: of one host it matters.
      const same = enrolled.find((known) => sameMachine(known.identity, request.identity));
      const seen = await hostsSeen(scope, same === undefined ? [] : [same.host]);
      const proven = proof?.tenant.tenantId === scope.tenantId ? proof.host : undefined;
      const choice = chooseHost(
        request,
        enrolled,
        (host) => host !== proven && secondsSince(seen.get(host)?.lastSeen, now()),
      );
      ({ returning } = choice);
      return choice;
    });
    if ('key' in result) return { ...result, returning };
    throw new TarsierError('enrol/token', `token: ${faultText(result)}`, { field: 'token' });
  };
}

/**
 * @param silentFor  seconds since samples of the host came last; false when they need not bother
 */
export function chooseHost(
  { host, named = false, identity, replace = false }: EnrolRequest,
  enrolled: readonly EnrolledHost[],
  silentFor: (host: string) => number | false,
): EnrolledHost & { readonly returning: boolean } {
  const same = enrolled.find((known) => sameMachine(known.identity, identity));
  if (same !== undefined) {
    const silent = silentFor(same.host);
    if (silent !== false && silent < aliveMs / 1000 && !replace) {
      throw refused(
        'enrol/in-use',
        `this machine looks like ${same.host}, whose samples still come (the last ${Math.round(silent)} s ago). If it is ${same.host}: stop its agent, wait a minute and enrol again, or enrol from its state folder. If it is a clone or a container beside it: enrol with --as-new --host NAME`,
      );
    }
    if (named && host !== same.host) {
      throw refused(
        'enrol/renamed',
        `this machine is enrolled as ${same.host} and keeps that name, so that its series go on. Enrol without --host, or with --as-new --host ${host} to begin anew`,
      );
    }
    return { host: same.host, identity: { ...same.identity, ...identity }, returning: true };
  }
  const holder = enrolled.find((known) => known.host === host);
  if (holder !== undefined && !replace) {
    throw refused(
      'enrol/name-taken',
      `another machine is enrolled as ${host}. Choose another name with --host NAME, or enrol with --replace if this machine takes its place: its key then ends, and its series go on`,
    );
  }
  return { host, identity, returning: holder !== undefined };
}

/** The surest thing that both say of themselves decides. */
function sameMachine(a: EnrolledHost['identity'], b: MachineIdentity): boolean {
  const kind = identityKinds.find((one) => a[one] !== undefined && b[one] !== undefined);
  return kind !== undefined && a[kind] === b[kind];
}

function secondsSince(then: UnixMs | undefined, now: UnixMs): number {
  return then === undefined ? Number.POSITIVE_INFINITY : Math.max(0, (now - then) / 1000);
}

function faultText(fault: TokenFault): string {
  switch (fault.kind) {
    case 'unknown':
      return 'it is not known here; is it from this collector, and copied whole?';
    case 'expired':
      return `it expired at ${new Date(fault.at).toISOString()}; make a new one`;
    case 'used':
      return `it was used${fault.by === null ? '' : ` by ${fault.by}`}; make a new one`;
  }
}

function refused(code: string, message: string): TarsierError {
  return new TarsierError(code, message, { field: 'host' });
}
