/**
 * A million series of one tenant on one collector: how long they take to be known at a start, the memory that they
 * take, and how long a selector takes to find its series among them.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { encodeSchema, type SeriesSchema } from '@tarsier/protocol';
import { schemaHash } from '@tarsier/protocol/zstd';
import { silentLog } from '../../packages/collector/src/log.ts';
import { parseSelector } from '../../packages/collector/src/query/language/parse.ts';
import { compileTests } from '../../packages/collector/src/query/selector.ts';
import { openEmbedded } from '../../packages/collector/src/storage/embedded/embedded.ts';
import { storageOnDatabase } from '../../packages/collector/src/storage/storage.ts';
import { benchFolder } from '../servers/server.ts';

const [hostCount = 1_000, perHost = 1_000] = process.argv.slice(3).map(Number);
const rounds = 21;
const selectors = [
  'metric_17{host="host-0042"}',
  'metric_17',
  'metric_17{device="d3"}',
  'metric_17{host=~"host-00.."}',
  'metric_17{host!~"host-0.*"}',
  'metric_17{device!="d3",mode!=""}',
  '{host="host-0042"}',
  '{host="host-0042",device=~"d[0-4]"}',
  '{__name__=~"metric_1.",host=~"host-000."}',
  '{__name__=~"metric_.*7",device="d3",mode!~"user|system"}',
  '{device!~".*",host="host-0042"}',
  '{host=~".*-nowhere"}',
];

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;
const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** Ten series of each metric. */
function schemaOf(series: number): SeriesSchema {
  const metrics = Array.from({ length: series / 10 }, (_, metric) => `metric_${metric}`);
  return {
    metrics: metrics.map((name) => ({ name, kind: 'gauge', unit: '', help: '' })),
    series: Array.from({ length: series }, (_, at) => ({
      metric: Math.floor(at / 10),
      labels: {
        device: `d${at % 10}`,
        ...(at % 3 === 0 ? {} : { mode: ['user', 'system', 'idle'][at % 7] ?? 'other' }),
      },
    })),
  };
}

const folder = benchFolder();
const embedded = await openEmbedded({ dataFolder: folder.path, use: 'own', log: silentLog });
const connection = { ...embedded.connection, database: 'postgres' };
try {
  const writing = await storageOnDatabase(connection, Date.now, hostCount * perHost);
  const scope = await writing.tenants.ensure('bench');
  const schema = encodeSchema(schemaOf(perHost));
  const begun = performance.now();
  for (let host = 0; host < hostCount; host++) {
    await writing.series.register(scope, `host-${String(host).padStart(4, '0')}`, schemaHash(schema), schema);
  }
  const million = (hostCount * perHost) / 1e6;
  say(`${million} million series, registered in ${((performance.now() - begun) / 1000).toFixed(1)} s`);
  await writing.close();

  const storage = await storageOnDatabase(connection, Date.now);
  const match = (selector: string) => storage.series.match(scope, compileTests(parseSelector(selector)));
  collectGarbage();
  const before = process.memoryUsage();
  const [cpuBefore, began] = [process.cpuUsage(), performance.now()];
  await match('none');
  const seconds = (performance.now() - began) / 1000;
  const { user, system } = process.cpuUsage(cpuBefore);
  collectGarbage();
  const after = process.memoryUsage();
  const held = after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers;
  say(
    `read at the first look in ${seconds.toFixed(1)} s (${((user + system) / 1e6).toFixed(1)} s CPU of this process), ` +
      `${(held / 2 ** 20).toFixed(0)} MiB held, ${(held / (hostCount * perHost)).toFixed(0)} bytes a series`,
  );
  say('| selector | series found | p50 ms | most ms |');
  say('| --- | --- | --- | --- |');
  for (const selector of selectors) {
    const took: number[] = [];
    let found = 0;
    for (let round = 0; round < rounds; round++) {
      const from = performance.now();
      found = (await match(selector)).length;
      took.push(performance.now() - from);
    }
    took.sort((a, b) => a - b);
    say(`| \`${selector}\` | ${found} | ${(took[rounds >> 1] ?? 0).toFixed(2)} | ${(took.at(-1) ?? 0).toFixed(2)} |`);
  }
  await storage.close();
} finally {
  await embedded.close();
  folder.remove();
}
