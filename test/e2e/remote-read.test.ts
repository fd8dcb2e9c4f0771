import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { afterAll, afterEach, expect, test } from 'vitest';
import { z } from 'zod';
import { needs } from '../support/debian-program.ts';
import { eventually, freePort, killAll, temporaryFolder } from '../support/processes.ts';
import { createKey, startCollector } from '../support/tarsier.ts';

const folder = await temporaryFolder();
const data = `${folder.path}/data`;
const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  await Promise.all(ends.splice(0).map((end) => end()));
  killAll();
});
afterAll(() => folder.remove());

const matrix = z.object({
  data: z.object({
    result: z.array(
      z.object({ metric: z.record(z.string(), z.string()), values: z.array(z.tuple([z.number(), z.string()])) }),
    ),
  }),
});
const vector = z.object({
  data: z.object({ result: z.array(z.object({ value: z.tuple([z.number(), z.string()]) })) }),
});

/** @returns where it listens */
async function startPrometheus(name: string, config: (port: number) => string): Promise<string> {
  const port = await freePort();
  const file = `${folder.path}/${name}.yml`;
  await writeFile(file, config(port));
  const child = spawn(
    'prometheus',
    [
      `--config.file=${file}`,
      `--storage.tsdb.path=${folder.path}/${name}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--log.level=error',
      // The collector ends before it: what it still had to send it would try to for a minute.
      '--storage.remote.flush-deadline=1s',
    ],
    { stdio: 'ignore' },
  );
  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
  });
  ends.push(async () => {
    child.kill('SIGTERM');
    await exited;
  });
  return `http://127.0.0.1:${port}`;
}

async function ask(url: string, query: string, timeMs: number, key?: string): Promise<unknown> {
  const response = await fetch(`${url}/api/v1/query?${new URLSearchParams({ query, time: String(timeMs / 1000) })}`, {
    headers: key === undefined ? {} : { authorization: `Bearer ${key}` },
  });
  return response.json();
}

/** Raw samples by series; the host is what we add. */
async function samples(url: string, selector: string, timeMs: number): Promise<ReadonlyMap<string, unknown>> {
  const { data } = matrix.parse(await ask(url, selector, timeMs));
  return new Map(
    data.result.map(({ metric, values }) => [
      JSON.stringify(Object.entries(metric).filter(([label]) => label !== 'host')),
      values,
    ]),
  );
}

test('what one Prometheus writes here, another one reads from here and answers alike', async (context) => {
  await needs(context, 'prometheus', 'prometheus');
  const port = await freePort();
  const collector = await startCollector(data, port);
  const { ingestKey: sender } = collector;
  const reader = await createKey(data, 'read');
  const writes = await startPrometheus(
    'writes',
    (own) => `global: { scrape_interval: 1s }
scrape_configs: [{ job_name: self, static_configs: [{ targets: ['127.0.0.1:${own}'], labels: { instance: 'prom-1:9090' } }] }]
remote_write: [{ url: '${collector.url}/api/v1/write', authorization: { credentials: ${sender} } }]
`,
  );
  const rounds = 5;
  const timeMs = await eventually(async () => {
    const at = Date.now();
    const { data } = vector.parse(
      await ask(`${collector.url}/prometheus`, 'count_over_time(up{job="self"}[1h])', at, reader),
    );
    return Number(data.result[0]?.value[1] ?? 0) >= rounds ? at : undefined;
  });
  // It has scraped nothing itself.
  const reads = await startPrometheus(
    'reads',
    () => `remote_read: [{ url: '${collector.url}/prometheus/api/v1/read', authorization: { credentials: ${reader} }, read_recent: true }]
`,
  );
  // What was scraped last may still be on its way here.
  const until = timeMs - 2000;
  const selector = '{job="self",__name__=~"up|go_.*|prometheus_tsdb_.*"}[1h]';
  const [theirs, through] = await eventually(async () => {
    const [theirs, through] = [await samples(writes, selector, until), await samples(reads, selector, until)];
    return theirs.size > 0 && through.size === theirs.size ? [theirs, through] : undefined;
  });
  expect(theirs.size).toBeGreaterThan(100);
  expect(through).toEqual(theirs);
  const sum = 'sum by (job) (rate(prometheus_http_requests_total[1m]) + on (job) group_left () up)';
  expect(vector.parse(await ask(reads, sum, until))).toEqual(vector.parse(await ask(writes, sum, until)));
  expect(await collector.end('SIGTERM')).toBe(0);
});
