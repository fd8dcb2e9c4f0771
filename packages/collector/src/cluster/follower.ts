/**
 * Reads what other collectors stored of the tenants that this one leads: as soon as it is told, and now and then what
 * it was not told of. Each batch is handed on once.
 */
import { describeError, type UnixMs } from '@tarsier/protocol';
import type { Log } from '../log.ts';
import type { BatchKey } from '../storage/batches.ts';
import type { Storage } from '../storage/storage.ts';
import type { StoredSamples } from '../stored-samples.ts';
import type { TenantScope } from '../tenant.ts';

export interface Follower {
  /** Remembers what came here. */
  seen(stored: StoredSamples): void;
  /** Whether it did, or something newer of the same run of an agent. */
  hasSeen(stored: StoredSamples): boolean;
  /** Others have stored these. */
  told(scope: TenantScope, keys: readonly BatchKey[]): Promise<void>;
  /** Looks for what nobody told of; does nothing, and asks for no tenants, while this collector is alone. */
  sweep(scopes: () => Promise<readonly TenantScope[]>, now: UnixMs): Promise<void>;
  /** Something may have been missed: the next sweep looks, whether there are others or not. */
  mayHaveMissed(): void;
}

export interface FollowerDeps {
  readonly storage: Pick<Storage, 'batches'>;
  /** Decodes batches and hands them on. */
  readonly handOn: (scope: TenantScope, keys: readonly BatchKey[]) => Promise<void>;
  readonly log: Log;
  readonly now: () => UnixMs;
}

/** So long after the last word of another there may still be others. */
const othersMs = 10 * 60_000;
/** What is older was there when the tenant was taken over. */
const sweptMs = 2 * 60_000;
const forgetMs = 60 * 60_000;

export function createFollower({ storage, handOn, log, now }: FollowerDeps): Follower {
  /** The newest batch of each run of an agent. */
  const newest = new Map<string, { readonly seq: number; readonly at: UnixMs }>();
  let othersAt = -Infinity;

  const runOf = ({ tenantId }: TenantScope, { hostId, epoch }: Pick<BatchKey, 'hostId' | 'epoch'>): string =>
    `${tenantId}/${hostId}/${epoch}`;

  const isPassed = (scope: TenantScope, key: Pick<BatchKey, 'hostId' | 'epoch' | 'seq'>): boolean =>
    key.seq <= (newest.get(runOf(scope, key))?.seq ?? -1);

  function isNew(scope: TenantScope, key: BatchKey): boolean {
    if (isPassed(scope, key)) return false;
    newest.set(runOf(scope, key), { seq: key.seq, at: now() });
    return true;
  }

  async function read(scope: TenantScope, keys: readonly BatchKey[]): Promise<void> {
    const some = keys.filter((key) => isNew(scope, key));
    if (some.length === 0) return;
    try {
      await handOn(scope, some);
    } catch (error) {
      // Read again by the next sweep.
      for (const key of some) newest.delete(runOf(scope, key));
      log.warn('what another collector stored could not be read', { error: describeError(error) });
    }
  }

  return {
    seen({ schema: { scope, hostId }, epoch, seq, matrix }) {
      isNew(scope, { hostId, epoch, seq, t0: matrix.times[0] ?? 0 });
    },

    hasSeen: ({ schema: { scope, hostId }, epoch, seq }) => isPassed(scope, { hostId, epoch, seq }),

    async told(scope, keys) {
      othersAt = now();
      await read(scope, keys);
    },

    async sweep(scopes, at) {
      if (at - othersAt > othersMs) return;
      for (const scope of await scopes()) await read(scope, await storage.batches.keysSince(scope, at - sweptMs));
      for (const [run, { at: seenAt }] of newest) if (at - seenAt > forgetMs) newest.delete(run);
    },

    mayHaveMissed() {
      othersAt = now();
    },
  };
}
