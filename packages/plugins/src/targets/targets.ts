/** Several servers, files or names that one plugin watches: side by side, in bounded time, and none hides the others. */
import { describeError, TarsierError } from '@tarsier/protocol';
import { z } from 'zod';
import { CheckFailure, failureReason } from '../host/check-failure.ts';
import type { ScrapeOutput } from '../plugin.ts';

/** A plugin has no more, and fewer where each has many series: a thousand are all that a plugin may have. */
export const maxTargets = 100;

export const targetName = z
  .string()
  .max(200)
  .default('')
  .describe('What it is called in labels; its address unless set.');

/** Why a plugin has nothing to measure that only knows what it was told. */
export function noTargets(targets: readonly unknown[]): string | undefined {
  return targets.length === 0 ? 'no targets are set' : undefined;
}

export interface NamedTarget {
  readonly name: string;
}

export interface TargetsOptions {
  /** Of each target. */
  readonly timeoutMs: number;
  /** Gauge that is 1 for a target that could be measured, 0 for one that could not; by `name`. */
  readonly up?: string;
  /** Counter of failures since the plugin was opened, by `name` and `reason`, each from its first time on. */
  readonly failures?: string;
  readonly warn: (message: string) => void;
}

export interface Targets<T extends NamedTarget> {
  /**
   * Measures all. One that fails is told to the log once, until it has worked again.
   *
   * @param measure  throws what is wrong: the reason is that of a {@link CheckFailure}
   */
  each(
    targets: readonly T[],
    scrape: { readonly out: ScrapeOutput; readonly signal: AbortSignal },
    measure: (target: T, signal: AbortSignal) => Promise<void>,
  ): Promise<void>;
}

/** Time that all targets together may take, ms: the agent waits ten seconds for a plugin. */
const allMs = 9_000;
const leastSideBySide = 8;

export function createTargets<T extends NamedTarget>({ timeoutMs, up, failures, warn }: TargetsOptions): Targets<T> {
  const failing = new Set<string>();
  const counts = new Map<string, { readonly name: string; readonly reason: string; count: number }>();

  /** @returns why the target could not be measured; undefined when it could */
  async function one(
    target: T,
    scrape: AbortSignal,
    measure: (target: T, signal: AbortSignal) => Promise<void>,
  ): Promise<string | undefined> {
    const abort = new AbortController();
    const timer = setTimeout(
      () => abort.abort(new CheckFailure('timeout', `no answer within ${timeoutMs} ms`)),
      timeoutMs,
    );
    try {
      await measure(target, AbortSignal.any([scrape, abort.signal]));
      failing.delete(target.name);
      return undefined;
    } catch (error) {
      if (!failing.has(target.name)) warn(`${target.name}: ${describeError(error)}`);
      failing.add(target.name);
      return failureReason(error);
    } finally {
      clearTimeout(timer);
    }
  }

  function count(name: string, reason: string): void {
    const key = `${name}\0${reason}`;
    const known = counts.get(key);
    if (known === undefined) counts.set(key, { name, reason, count: 1 });
    else known.count++;
  }

  return {
    async each(targets, { out, signal }, measure) {
      const names = new Set(targets.map(({ name }) => name));
      for (const name of failing) if (!names.has(name)) failing.delete(name);
      const waiting = targets.values();
      const sideBySide = Math.max(leastSideBySide, Math.ceil((targets.length * timeoutMs) / allMs));
      await Promise.all(
        Array.from({ length: Math.min(sideBySide, targets.length) }, async () => {
          for (const target of waiting) {
            const failure = await one(target, signal, measure);
            if (up !== undefined) out.gauge(up, failure === undefined ? 1 : 0, { name: target.name });
            if (failure !== undefined) count(target.name, failure);
          }
        }),
      );
      if (failures === undefined) return;
      for (const { name, reason, count } of counts.values()) out.counter(failures, count, { name, reason });
    },
  };
}

/**
 * Gives each target its name.
 *
 * @throws {TarsierError} `plugin/config` when two have the same: their samples would be one series
 */
export function named<T extends { readonly name: string }>(
  plugin: string,
  targets: readonly T[],
  addressOf: (target: T) => string,
  setting = 'targets',
): T[] {
  const places = new Map<string, number>();
  return targets.map((target, index) => {
    const name = target.name === '' ? addressOf(target) : target.name;
    const taken = places.get(name);
    const field = `${plugin}.${setting}.${index}.name`;
    if (taken !== undefined)
      throw new TarsierError(
        'plugin/config',
        `${field}: ${JSON.stringify(name)} is what ${setting}.${taken} is called`,
        { field },
      );
    places.set(name, index);
    return { ...target, name };
  });
}

/** A URL as it may be shown: without user, password, query and fragment, any of which may hold a secret. */
export function shownUrl(url: string): string {
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname === '/' ? '' : pathname}`;
}
