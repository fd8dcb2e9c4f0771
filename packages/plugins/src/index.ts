export type { FileSystemSpace, Host, HostOptions } from './host.ts';
export { createHost } from './host.ts';
export type { MetricSpec, Plugin, PluginDefinition, PluginDeps, PluginInstance, ScrapeOutput } from './plugin.ts';
export { definePlugin, pluginApiVersion } from './plugin.ts';
export type { CollectedSamples, OutputSeries } from './scrape-output.ts';
export { createScrapeOutput } from './scrape-output.ts';
