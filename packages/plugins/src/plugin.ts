/** The whole contract of a plugin: what it is called, can be set, measures, and how it measures once. */
import type { Labels, MetricKind } from '@tarsier/protocol';
import { describeIssue, TarsierError } from '@tarsier/protocol';
import type { z } from 'zod';
import type { Host } from './host/host.ts';

/** What a metric means. Names end as OpenMetrics says: `_total` for counters, else with the unit. */
export interface MetricSpec {
  readonly kind: MetricKind;
  /** Base unit: `bytes`, `seconds`, `ratio`, or '' for plain counts. */
  readonly unit: string;
  /** One sentence. */
  readonly help: string;
}

/** Where one scrape puts its samples. Only metrics of the plugin's table, or that it declared, are taken. */
export interface ScrapeOutput {
  /**
   * A metric that is known only once it is measured: what an exporter, a program or an application says it is. For
   * plugins that are {@link PluginDefinition.dynamic}. Declaring it again as it was changes nothing.
   *
   * @throws {TarsierError} `plugin/metric` when the name is no metric name, or is declared otherwise already
   */
  declare(name: string, spec: MetricSpec): void;
  /**
   * @param value  NaN and infinities are left out: there is no sample then
   * @throws {TarsierError} `plugin/metric`, `plugin/label`, `plugin/value`, naming the metric
   */
  gauge(name: string, value: number, labels?: Labels): void;
  counter(name: string, value: number, labels?: Labels): void;
  /** A handle to a series, for {@link set}: to keep between scrapes where there are many. */
  series(name: string, labels?: Labels): number;
  set(handle: number, value: number): void;
  /** What this scrape puts out should be seen at once: the agent sends it with this tick, not when a batch is full. */
  hurry(): void;
  /** A series that will not come back, by the labels as they were given: there is room for another. Ends its handle. */
  forget(name: string, labels?: Labels): void;
}

/** A plugin at work on one host. */
export interface PluginInstance {
  /** Measures once. A failure throws; `signal` aborts when it takes too long. */
  scrape(out: ScrapeOutput, signal: AbortSignal): void | Promise<void>;
  /** Gives back what it holds open. */
  close?(): void | Promise<void>;
}

export interface PluginDeps {
  readonly host: Host;
  /** One sentence for the agent's log. */
  readonly warn: (message: string) => void;
}

export interface PluginDefinition<Config extends z.ZodObject> {
  readonly name: string;
  /** What it measures, in a sentence. */
  readonly summary: string;
  /** Least time between scrapes, ms, where measuring is dear or changes are slow; otherwise each tick of the agent. */
  readonly intervalMs?: number;
  /**
   * It waits for something else than this host (a server, a program): ticks do not wait for it. A scrape may take as
   * long as its interval, at least ten seconds, and its samples go out with the first tick after it has ended.
   */
  readonly background?: boolean;
  /** Most series it may have, 1,000 unless said: for what gathers from many sources. */
  readonly maxSeries?: number;
  /** It also puts out metrics that it learns of while it runs: see {@link ScrapeOutput.declare}. */
  readonly dynamic?: boolean;
  /** Every field has a default and a description. */
  readonly config: Config;
  readonly metrics: Readonly<Record<string, MetricSpec>>;
  /**
   * Why there is nothing to measure on this host, in a sentence for its operator; undefined when there is something.
   * Cheap and without traces: it is asked at the start, again every few minutes while it says why, and after a failure.
   * Meanwhile the plugin is left out, which is no failure.
   */
  probe?(context: {
    readonly config: z.infer<Config>;
    readonly host: Host;
  }): string | undefined | Promise<string | undefined>;
  create(context: PluginDeps & { readonly config: z.infer<Config> }): PluginInstance;
}

/** The contract of this file. It grows when a plugin written to it would not work with an older agent. */
export const pluginApiVersion = 1;

export interface Plugin extends Omit<
  PluginDefinition<z.ZodObject>,
  'create' | 'probe' | 'intervalMs' | 'background' | 'maxSeries' | 'dynamic'
> {
  /** {@link pluginApiVersion} of the package that it was made with. */
  readonly apiVersion: number;
  readonly intervalMs: number;
  readonly background: boolean;
  readonly maxSeries: number;
  readonly dynamic: boolean;
  /**
   * Why there is nothing to measure on this host; undefined when there is something. Only of plugins that can tell.
   *
   * @throws {TarsierError} as {@link open} does
   */
  readonly probe: ((config: unknown, host: Host) => Promise<string | undefined>) | undefined;
  /** @throws {TarsierError} `plugin/config`, naming the field, when `config` is not as the schema says */
  checkConfig(config: unknown): void;
  /** @throws as {@link Plugin.checkConfig} does */
  open(config: unknown, deps: PluginDeps): PluginInstance;
}

export const pluginNameRule = 'lower case letters, digits, _ and -, the first a letter';

/** Whether a plugin may be called so: {@link pluginNameRule}. */
export function isPluginName(name: string): boolean {
  return /^[a-z][a-z0-9_-]*$/u.test(name);
}

const eachTick = 0;
export const defaultMaxSeries = 1_000;

export function definePlugin<Config extends z.ZodObject>(definition: PluginDefinition<Config>): Plugin {
  const { name, summary, intervalMs = eachTick, background = false, dynamic = false } = definition;
  const { maxSeries = defaultMaxSeries } = definition;
  const { config: schema, metrics, create, probe } = definition;

  function parse(config: unknown): z.infer<Config> {
    const parsed = schema.safeParse(config ?? {});
    if (parsed.success) return parsed.data;
    const { field, message } = describeIssue(parsed.error, config ?? {}, name, true);
    throw new TarsierError('plugin/config', message, { field });
  }

  return {
    apiVersion: pluginApiVersion,
    name,
    summary,
    intervalMs,
    background,
    maxSeries,
    dynamic,
    config: schema,
    metrics,
    checkConfig: parse,
    probe: probe && (async (config, host) => probe({ config: parse(config), host })),
    open: (config, deps) => create({ ...deps, config: parse(config) }),
  };
}
