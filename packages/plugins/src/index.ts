export type { FileSystemSpace, Host, HostOptions } from './host/host.ts';
export { createHost } from './host/host.ts';
export { makeFolder } from './host/make-folder.ts';
export type { MetricSpec, Plugin, PluginDefinition, PluginDeps, PluginInstance, ScrapeOutput } from './plugin.ts';
export { definePlugin, isPluginName, pluginApiVersion, pluginNameRule } from './plugin.ts';
export type { CollectedSamples, OutputSeries } from './samples/scrape-output.ts';
export { createScrapeOutput } from './samples/scrape-output.ts';
