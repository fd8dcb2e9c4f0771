/**
 * What comes in at other collectors, for pages that are open here: they are told what is watched, they tell of batches
 * that have some of it, and those are read from the database into the live windows. What came before they were told is
 * read once.
 */
import { describeError, type UnixMs } from '@tarsier/protocol';
import type { HostWindow, LiveWindows } from '../ingest/live-window.ts';
import type { Log } from '../log.ts';
import type { BatchKey, Batches } from '../storage/batches.ts';
import type { SamplesConsumer } from '../stored-samples.ts';
import type { TenantScope } from '../tenant.ts';
import type { WatchedHere } from './live.ts';
import type { Watching } from './onlookers.ts';
import { Subscription } from './subscription.ts';

export interface Elsewhere {
  /** What is watched here may have changed. */
  changed(): void;
  /** Somebody may not know what is watched here, or may have told in vain: says it again, and reads what is missing. */
  unsure(): void;
  /** Says it again before it is forgotten. */
  repeat(): void;
  /** Another collector has stored batches with something of it. */
  told(batches: { readonly from: string; readonly scope: TenantScope; readonly keys: readonly BatchKey[] }): void;
  /** Resolves when nothing is being read. */
  settled(): Promise<void>;
}

export interface ElsewhereDeps {
  /** This collector. */
  readonly self: string;
  readonly watching: () => ReadonlyMap<number, WatchedHere>;
  /** Whether there are other collectors. */
  readonly areThere: () => boolean;
  readonly windows: Pick<LiveWindows, 'fill' | 'hosts'>;
  readonly batches: Pick<Batches, 'keysSince'>;
  /** Decodes batches and hands them on. */
  readonly handOn: (
    scope: TenantScope,
    keys: readonly BatchKey[],
    readers: readonly SamplesConsumer[],
  ) => Promise<void>;
  readonly tell: (watching: Watching) => Promise<void>;
  readonly log: Log;
  readonly now: () => UnixMs;
}

/** Pages subscribe to many charts at once. */
const gatherMs = 20;
/** Live windows hold so much. */
const filledMs = 5 * 60_000;
/** Of a fill; older ones are left out. */
const mostFilled = 2_000;
/** Of those that wait to be read; the oldest give way, so that who looks sees what is new. */
const mostWaiting = 2_000;
/** Batches that are read at once: others have their turn in between. */
const chunk = 64;
/** Characters of selectors that are told; where there are more, all of the tenant is. */
const mostSelectorText = 16_000;
const everything = '{host=~".*"}';

interface OfTenant {
  readonly scope: TenantScope;
  selectors: ReadonlySet<string>;
  /** To be read from the database: all that may be missing. */
  fill: boolean;
  waiting: BatchKey[];
  working: Promise<void> | undefined;
}

export function createElsewhere({
  self,
  watching,
  areThere,
  windows,
  batches,
  handOn,
  tell,
  log,
  now,
}: ElsewhereDeps): Elsewhere {
  const tenants = new Map<number, OfTenant>();
  let timer: NodeJS.Timeout | undefined;

  function say({ scope, selectors }: WatchedHere): void {
    const text = [...selectors].reduce((length, one) => length + one.length, 0);
    const told = text > mostSelectorText ? [everything] : [...selectors];
    tell({ from: self, scope, selectors: told }).catch((error: unknown) => {
      log.warn('other collectors were not told what is watched here', { error: describeError(error) });
    });
  }

  /** @param again  also where nothing has changed */
  function look(again: boolean): void {
    clearTimeout(timer);
    timer = undefined;
    const here = watching();
    for (const [tenantId, { scope }] of tenants) {
      if (here.has(tenantId)) continue;
      tenants.delete(tenantId);
      if (areThere()) say({ scope, selectors: new Set() });
    }
    for (const [tenantId, { scope, selectors }] of here) {
      let one = tenants.get(tenantId);
      const before = one?.selectors ?? new Set<string>();
      if (one === undefined) {
        tenants.set(tenantId, (one = { scope, selectors, fill: false, waiting: [], working: undefined }));
      }
      one.selectors = selectors;
      const isNew = [...selectors].some((selector) => !before.has(selector));
      if (!areThere() || !(again || isNew || selectors.size < before.size)) continue;
      // They tell of what comes from now on; what came before is read after that.
      say(one);
      if (again || isNew) one.fill = true;
      work(one);
    }
  }

  function work(one: OfTenant): void {
    one.working ??= read(one)
      .catch((error: unknown) => {
        // Read once more with what comes next.
        one.fill = true;
        log.warn('what is watched here and came elsewhere could not be read', { error: describeError(error) });
      })
      .finally(() => {
        one.working = undefined;
      });
  }

  async function read(one: OfTenant): Promise<void> {
    while (tenants.get(one.scope.tenantId) === one) {
      if (one.fill) {
        one.fill = false;
        await readChunks(one, await missing(one));
      }
      const some = one.waiting.splice(0, chunk);
      if (some.length === 0) return;
      await handOn(one.scope, some, [windows.fill]);
    }
  }

  async function readChunks({ scope }: OfTenant, keys: readonly BatchKey[]): Promise<void> {
    for (let at = 0; at < keys.length; at += chunk) await handOn(scope, keys.slice(at, at + chunk), [windows.fill]);
  }

  /** Batches that are not in the windows: of hosts of which something is watched, and of those that are not known here. */
  async function missing({ scope, selectors }: OfTenant): Promise<readonly BatchKey[]> {
    const keys = await batches.keysSince(scope, now() - filledMs);
    const subscriptions = Array.from(selectors, (selector) => new Subscription(0, selector, 0));
    const watched = new Map<number, boolean>();
    const known = new Map<string, HostWindow>();
    for (const window of windows.hosts(scope)) {
      const { hostId, hash } = window.schema;
      const isWatched = subscriptions.some((subscription) => subscription.matches(window.schema));
      watched.set(hostId, isWatched || (watched.get(hostId) ?? false));
      known.set(nameOf(hostId, hash), window);
    }
    return keys
      .filter(
        ({ hostId, schemaHash, t0 }) =>
          watched.get(hostId) !== false && known.get(nameOf(hostId, schemaHash))?.has(t0) !== true,
      )
      .slice(-mostFilled);
  }

  return {
    changed() {
      timer ??= setTimeout(() => look(false), gatherMs).unref();
    },
    unsure: () => look(true),
    repeat() {
      if (!areThere()) return;
      for (const one of tenants.values()) {
        say(one);
        work(one);
      }
    },
    told({ from, scope, keys }) {
      const one = tenants.get(scope.tenantId);
      if (from === self || one === undefined) return;
      one.waiting.push(...keys);
      if (one.waiting.length > mostWaiting) one.waiting.splice(0, one.waiting.length - mostWaiting);
      work(one);
    },
    async settled() {
      await Promise.all([...tenants.values()].flatMap(({ working }) => working ?? []));
    },
  };
}

function nameOf(hostId: number, hash: Uint8Array): string {
  return `${hostId}/${Buffer.from(hash).toString('hex')}`;
}
