/** The plugins at work: opened, swapped one by one when their settings change, and closed. */
import { isDeepStrictEqual } from 'node:util';
import type { Host, Plugin } from '@tarsier/plugins';
import type { AgentConfig } from '../config/config.ts';
import { definitionAdvice } from '../external/definition.ts';
import type { Log } from '../log.ts';
import type { Clock } from './clock.ts';
import { createScraper, type Scraper } from './scrape.ts';

/** What of the settings plugins depend on. */
export type PluginSettings = Pick<AgentConfig, 'plugins' | 'intervalMs' | 'timeoutMs' | 'maxSeries'>;

export interface PluginSet {
  /** Those that are scraped at the next tick. */
  readonly scrapers: readonly Scraper[];
  /**
   * Opens what is new, swaps what is another plugin or set otherwise, closes what is gone. The others keep their instance and all it
   * knows, and are scraped meanwhile. One call at a time.
   *
   * @returns names of the plugins that were opened, swapped or closed
   * @throws {TarsierError} `plugin/config` when one does not open; all are then as before
   */
  apply(plugins: readonly Plugin[], settings: PluginSettings): Promise<readonly string[]>;
  close(): Promise<void>;
}

interface Member {
  readonly scraper: Scraper;
  readonly plugin: Plugin;
  readonly config: unknown;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly maxSeries: number | undefined;
}

export function createPluginSet({
  host,
  clock,
  log,
}: {
  readonly host: Host;
  readonly clock: Clock;
  readonly log: Log;
}): PluginSet {
  let members: readonly Member[] = [];

  function open(wanted: Omit<Member, 'scraper'>, former: Member | undefined): Member {
    const scraper = createScraper({ ...wanted, host, clock, log });
    // A swap is no reason for a counter to fall.
    if (former !== undefined) {
      const { failures, timeouts, restarts, busySeconds } = former.scraper.stats;
      Object.assign(scraper.stats, { failures, timeouts, restarts, busySeconds });
    }
    return { ...wanted, scraper };
  }

  return {
    get scrapers() {
      return members.map(({ scraper }) => scraper);
    },

    async apply(plugins, { plugins: settings, intervalMs, timeoutMs, maxSeries }) {
      const former = members;
      const wanted = plugins.flatMap((plugin) => {
        const config = settings[plugin.name] ?? {};
        return config === false ? [] : [{ plugin, config, intervalMs, timeoutMs, maxSeries: maxSeries[plugin.name] }];
      });
      const memberOf = (plugin: Plugin): Member | undefined =>
        former.find((member) => member.plugin.name === plugin.name);
      const unchanged = wanted.flatMap((one) => {
        const member = memberOf(one.plugin);
        const same = member?.plugin === one.plugin && isDeepStrictEqual(settingsOf(member), one);
        return same ? [member] : [];
      });
      const leaving = former.filter((member) => !unchanged.includes(member));
      const coming = wanted.filter((one) => !unchanged.some(({ plugin }) => plugin === one.plugin));
      if (leaving.length === 0 && coming.length === 0) return [];
      members = unchanged;
      // First closed, then opened: both may want the same port.
      for (const { scraper } of leaving) await scraper.close();
      const opened: Member[] = [];
      try {
        for (const one of coming) opened.push(open(one, memberOf(one.plugin)));
      } catch (error) {
        for (const { scraper } of opened) await scraper.close();
        members = [...unchanged, ...leaving.map((member) => open(settingsOf(member), member))];
        throw error;
      }
      members = [...unchanged, ...opened];
      for (const { plugin } of coming) {
        const why = definitionAdvice(plugin);
        if (why !== undefined) log.warn('a plugin is not defined as it should be', { plugin: plugin.name, why });
      }
      for (const { metric, owner, other } of sharedMetrics(plugins.filter((one) => settings[one.name] !== false))) {
        if (coming.some(({ plugin }) => plugin === other))
          log.warn('a plugin has a metric of another one; where their labels are the same it is one series', {
            plugin: other.name,
            metric,
            other: owner.name,
          });
      }
      return [...new Set([...leaving, ...coming].map(({ plugin }) => plugin.name))];
    },

    async close() {
      for (const { scraper } of members) await scraper.close();
      members = [];
    },
  };
}

/** Metrics that more than one plugin has: whose it is, by their order, and who has it besides. */
function sharedMetrics(plugins: readonly Plugin[]) {
  const owners = new Map<string, Plugin>();
  return plugins.flatMap((other) =>
    Object.keys(other.metrics).flatMap((metric) => {
      const owner = owners.get(metric);
      if (owner === undefined) owners.set(metric, other);
      return owner === undefined ? [] : [{ metric, owner, other }];
    }),
  );
}

function settingsOf({ plugin, config, intervalMs, timeoutMs, maxSeries }: Member): Omit<Member, 'scraper'> {
  return { plugin, config, intervalMs, timeoutMs, maxSeries };
}
