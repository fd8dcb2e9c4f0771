/** A worker thread that runs one plugin: entry point, started by isolate.ts. */
import { parentPort, workerData } from 'node:worker_threads';
import { createHost, createScrapeOutput, type MetricSpec } from '@tarsier/plugins';
import { describeError } from '@tarsier/protocol';
import { importFrom, pluginsOf } from './load.ts';
import type { FromWorker, ToWorker, WorkerStart } from './messages.ts';

// Started by isolate.ts alone, which says what it begins with.
const { url, folder, plugin: name, config, maxSeries } = workerData as WorkerStart;
const port = parentPort;
if (port === null) throw new Error('this runs in a worker thread of the agent');

const say = (message: FromWorker, transfer: ArrayBuffer[] = []): void => port.postMessage(message, transfer);
const warn = (message: string): void => say({ kind: 'warning', message });

const plugin = pluginsOf(await importFrom(url, folder)).find((one) => one.name === name);
if (plugin === undefined) throw new Error(`${url} does not export the plugin ${name} any more`);
const host = createHost();
const instance = plugin.open(config, { host, warn });
const samples = createScrapeOutput(plugin, { warn, ...(maxSeries === undefined ? {} : { maxSeries }) });
const declared: [string, MetricSpec][] = [];
const out = {
  ...samples,
  declare(metric: string, spec: MetricSpec) {
    samples.declare(metric, spec);
    declared.push([metric, spec]);
  },
  // Places stay as they are: the agent's thread is told of new ones alone.
  forget() {},
};
let told = 0;

async function scrape(id: number): Promise<void> {
  try {
    samples.begin();
    await instance.scrape(out, AbortSignal.timeout(2 ** 31 - 1));
  } catch (error) {
    say({ kind: 'failed', id, message: describeError(error) });
    return;
  }
  const count = samples.seriesList.length;
  const series = samples.seriesList.slice(told);
  told = count;
  const values = samples.values.slice(0, count);
  const present = samples.present.slice(0, count);
  say({ kind: 'samples', id, declared: declared.splice(0), series, values, present, hurried: samples.hurried }, [
    values.buffer,
    present.buffer,
  ]);
}

port.on('message', (message: ToWorker) => {
  if (message.kind === 'scrape') void scrape(message.id);
  else void Promise.resolve(instance.close?.()).finally(() => port.close());
});
