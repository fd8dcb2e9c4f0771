/**
 * `pnpm test:remote-write [--seconds N] [--kills N]`: a real Prometheus scrapes a real node_exporter each second and
 * writes to a collector, which is killed and started again; afterwards both have the same samples, or it says which
 * differ. Needs Debian's prometheus and prometheus-node-exporter.
 */
import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { seriesSignature } from '@tarsier/protocol';
import { z } from 'zod';
import { eventually, freePort, temporaryFolder } from '../test/support/processes.ts';
import { createKey, startCollector } from '../test/support/tarsier.ts';

const { values: flags } = parseArgs({
  args: process.argv.slice(2).filter((arg) => arg !== '--'),
  options: { seconds: { type: 'string', default: '60' }, kills: { type: 'string', default: '3' } },
});
const [seconds, kills] = [Number(flags.seconds), Number(flags.kills)];
const matrix = z.object({
  data: z.object({
    result: z.array(
      z.object({ metric: z.record(z.string(), z.string()), values: z.array(z.tuple([z.number(), z.string()])) }),
    ),
  }),
});

const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

/** Another program, until the end of this one. @returns ends it */
function start(command: string, args: readonly string[]): () => Promise<void> {
  const child = spawn(command, args, { stdio: 'ignore' });
  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
  });
  child.once('error', (error) => say(`${command}: ${error.message}`));
  return async () => {
    if (child.kill('SIGTERM')) await exited;
  };
}

/** Raw samples of the job, by series and time; the host is what we add. */
async function samplesOf(url: string, endMs: number, key?: string): Promise<ReadonlyMap<string, string>> {
  const query = `{job="node"}[${seconds + 600}s]`;
  const parameters = new URLSearchParams({ query, time: String(endMs / 1000) });
  const response = await fetch(`${url}/api/v1/query?${parameters}`, {
    headers: key === undefined ? {} : { authorization: `Bearer ${key}` },
  });
  const { data } = matrix.parse(await response.json());
  return new Map(
    data.result.flatMap(({ metric, values }) => {
      const series = seriesSignature({ name: '', labels: { ...metric, host: '' } });
      return values.map(([time, value]): [string, string] => [`${series} ${Math.round(time * 1000)}`, value]);
    }),
  );
}

const folder = await temporaryFolder();
const data = `${folder.path}/data`;
const [port, exporterPort, prometheusPort] = [await freePort(), await freePort(), await freePort()];
let collector = await startCollector(data, port);
const keyFile = `${folder.path}/key`;
await writeFile(keyFile, await createKey(data, 'ingest'));
const reader = await createKey(data, 'read');
const config = `${folder.path}/prometheus.yml`;
await writeFile(
  config,
  `global: { scrape_interval: 1s }
scrape_configs:
  - job_name: node
    static_configs: [{ targets: ['127.0.0.1:${exporterPort}'], labels: { instance: 'node-1:9100' } }]
remote_write:
  - url: ${collector.url}/api/v1/write
    authorization: { credentials_file: ${keyFile} }
`,
);
const stopExporter = start('prometheus-node-exporter', [`--web.listen-address=127.0.0.1:${exporterPort}`]);
const stopPrometheus = start('prometheus', [
  `--config.file=${config}`,
  `--storage.tsdb.path=${folder.path}/prometheus`,
  `--web.listen-address=127.0.0.1:${prometheusPort}`,
]);
try {
  for (let kill = 0; kill < kills; kill++) {
    await sleep((seconds * 1000) / (kills + 1));
    await collector.end('SIGKILL');
    collector = await startCollector(data, port);
  }
  await sleep((seconds * 1000) / (kills + 1));
  const endMs = Date.now();
  const theirs = await samplesOf(`http://127.0.0.1:${prometheusPort}`, endMs);
  // It sends from its log for a while yet.
  const missing = async (): Promise<string[]> => {
    const ours = await samplesOf(`${collector.url}/prometheus`, endMs, reader);
    return [...theirs].filter(([sample, value]) => ours.get(sample) !== value).map(([sample]) => sample);
  };
  await eventually(async () => ((await missing()).length === 0 ? true : undefined)).catch(() => undefined);
  const [ours, lost] = [await samplesOf(`${collector.url}/prometheus`, endMs, reader), await missing()];
  const added = [...ours.keys()].filter((sample) => !theirs.has(sample));
  for (const sample of [...lost, ...added].slice(0, 10)) say(`differs: ${sample}`);
  say(
    `${theirs.size} samples in Prometheus, ${ours.size} here after ${kills} kills: ${lost.length} lost, ${added.length} that it has not`,
  );
  if (theirs.size === 0 || lost.length + added.length > 0) process.exitCode = 1;
} finally {
  await stopPrometheus();
  await stopExporter();
  await collector.end('SIGTERM');
  await folder.remove();
}
