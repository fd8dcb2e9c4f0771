/** Whether what a plugin measures is on this host at all: a plugin without a subject is left out, which is no failure. */
import type { Plugin, PluginDeps } from '@tarsier/plugins';
import { describeError, type UnixMs } from '@tarsier/protocol';
import type { Log } from '../log.ts';

export interface Presence {
  /** Whether to scrape at `time`. Looks, beside the tick, when it is time to. */
  at(time: UnixMs): boolean;
  /** Why there is nothing to measure, while that is so. */
  readonly absent: string | undefined;
  /** Looks now: after a failure, when the subject may have gone. */
  look(): Promise<void>;
}

/** How often a plugin that has nothing to measure looks again, ms. */
const lookAgainMs = 5 * 60_000;
/** A look that takes longer tells nothing, ms. */
const longestLookMs = 10_000;

export function createPresence({
  plugin: { name, probe },
  config,
  host,
  log,
}: {
  readonly plugin: Pick<Plugin, 'name' | 'probe'>;
  readonly config: unknown;
  readonly host: PluginDeps['host'];
  readonly log: Log;
}): Presence {
  let state: 'unknown' | 'looking' | 'known' = probe === undefined ? 'known' : 'unknown';
  let absent: string | undefined;
  let lookAgainAt: UnixMs = 0;

  async function look(): Promise<void> {
    if (probe === undefined) return;
    state = 'looking';
    const before = absent;
    try {
      absent = await within(longestLookMs, probe(config, host));
    } catch (error) {
      // Then its scrapes show what is wrong.
      absent = undefined;
      log.debug('a plugin can not tell whether it is of use here', { plugin: name, why: describeError(error) });
    }
    state = 'known';
    if (before === undefined && absent !== undefined)
      log.info('a plugin has nothing to measure', { plugin: name, why: absent });
    if (before !== undefined && absent === undefined) log.info('a plugin has something to measure', { plugin: name });
  }

  return {
    at(time) {
      if (state === 'unknown' || (state === 'known' && absent !== undefined && time >= lookAgainAt)) {
        lookAgainAt = time + lookAgainMs;
        void look();
      }
      return state === 'known' && absent === undefined;
    },
    get absent() {
      return absent;
    },
    look,
  };
}

async function within<T>(ms: number, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
