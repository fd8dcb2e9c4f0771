/** What every plugin has to keep to, as a test of it: for the plugins here and for those of others. */
import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { describeError, isMetricName, TarsierError } from '@tarsier/protocol';
import { createHost } from './host/host.ts';
import { isPluginName, pluginNameRule, type Plugin } from './plugin.ts';
import { withTables } from './readme.ts';
import { createScrapeOutput } from './samples/scrape-output.ts';

export interface ContractOptions {
  /** The plugin's README: its tables have to say what the code does. */
  readonly readme?: URL;
  /** Writes the README's tables anew instead of comparing them. */
  readonly updateReadme?: boolean;
  /** Settings with which it is tried on this host; the defaults unless given. */
  readonly config?: unknown;
  /** More is too many; as the plugin says unless given. */
  readonly maxSeries?: number;
}

/** The last three are those of a histogram. */
const counterEnd = /_(?:total|bucket|count|sum)$/u;
const scrapes = 3;
const betweenMs = 50;
const scrapeMs = 10_000;

/**
 * Tries a plugin on this very host.
 *
 * @returns what is wrong, a sentence each; none when it keeps to the contract
 */
export async function checkContract(plugin: Plugin, options: ContractOptions = {}): Promise<string[]> {
  return [
    ...namesOf(plugin),
    ...settingsOf(plugin),
    ...(options.readme === undefined ? [] : readmeOf(plugin, options.readme, options.updateReadme ?? false)),
    ...(await scrapesOf(plugin, options)),
  ];
}

function namesOf({ name: plugin, summary, metrics }: Plugin): string[] {
  const problems: string[] = [];
  if (!isPluginName(plugin)) problems.push(`name: expected ${pluginNameRule}, got ${plugin}`);
  if (!/^[A-Z].*\.$/u.test(summary)) problems.push(`summary: expected a sentence, got ${JSON.stringify(summary)}`);
  for (const [name, { kind, unit, help }] of Object.entries(metrics)) {
    if (!isMetricName(name)) problems.push(`${name}: expected a metric name`);
    if (counterEnd.test(name) !== (kind === 'counter'))
      problems.push(`${name}: expected counters, and they alone, to end in _total; it is a ${kind}`);
    if (unit !== '' && !name.replace(counterEnd, '').endsWith(`_${unit}`))
      problems.push(`${name}: expected the name to end in its unit, _${unit}`);
    if (!/^[A-Z].*\.$/u.test(help))
      problems.push(`${name}: expected help to be a sentence, got ${JSON.stringify(help)}`);
  }
  return problems;
}

function settingsOf(plugin: Plugin): string[] {
  const problems: string[] = [];
  try {
    plugin.checkConfig({});
  } catch (error) {
    problems.push(`config: expected every option to have a default, got ${describeError(error)}`);
  }
  for (const [option, schema] of Object.entries(plugin.config.shape)) {
    if ((schema.description ?? '') === '') problems.push(`config.${option}: expected a description`);
    try {
      // Nothing that a settings file could hold.
      plugin.checkConfig({ [option]: () => {} });
    } catch (error) {
      if (!(error instanceof TarsierError) || error.field?.startsWith(`${plugin.name}.${option}`) !== true)
        problems.push(
          `config.${option}: expected a wrong value to be refused by its name, got ${describeError(error)}`,
        );
    }
  }
  return problems;
}

function readmeOf(plugin: Plugin, file: URL, update: boolean): string[] {
  const readme = readFileSync(file, 'utf8');
  const expected = withTables(readme, plugin);
  if (expected === undefined)
    return ['README: expected the lines <!-- generated: begin --> and <!-- generated: end --> for its tables'];
  if (update) writeFileSync(file, expected);
  else if (readme !== expected)
    return ['README: expected its tables to say what the code does; run the tests with UPDATE_README=1'];
  return [];
}

/** Where there is nothing to measure on this host, that is all it has to say. */
async function scrapesOf(
  plugin: Plugin,
  { config = {}, maxSeries = plugin.maxSeries }: ContractOptions,
): Promise<string[]> {
  const host = createHost();
  try {
    const nothing = await plugin.probe?.(config, host);
    // The agent logs it behind a colon: "a plugin has nothing to measure: …".
    if (nothing !== undefined)
      return /^[^A-Z\n][^\n]+[^.]$/u.test(nothing)
        ? []
        : [`probe: expected a reason without capital and full stop, got ${JSON.stringify(nothing)}`];
    const instance = plugin.open(config, { host, warn() {} });
    const out = createScrapeOutput(plugin, { maxSeries });
    const problems = new Set<string>();
    for (let scrape = 0; scrape < scrapes; scrape++) {
      out.begin();
      await instance.scrape(out, AbortSignal.timeout(scrapeMs));
      for (const [handle, { name }] of out.seriesList.entries()) {
        if (out.present[handle] !== 1 || out.metricOf(name)?.unit !== 'ratio') continue;
        const value = out.values[handle] ?? Number.NaN;
        if (value < 0 || value > 1) problems.add(`${name}: expected a ratio from 0 to 1, got ${value}`);
      }
      await sleep(betweenMs);
    }
    await instance.close?.();
    if (out.seriesList.length === 0)
      problems.add('scrape: expected samples on this host, or a probe that says why not');
    if (out.dropped > 0) problems.add(`scrape: expected at most ${maxSeries} series, got ${out.dropped} more`);
    return [...problems];
  } catch (error) {
    return [`scrape: ${describeError(error)}`];
  } finally {
    host.close();
  }
}
