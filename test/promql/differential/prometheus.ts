/** A real Prometheus with given samples, on a port of its own. */
import { execFile, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { keyOf, type Answer } from './answers.ts';
import type { Asked } from './queries.ts';

export interface Prometheus {
  readonly version: string;
  readonly pid: number;
  ask(asked: Asked): Promise<Answer>;
  stop(): Promise<void>;
}

const readyMs = 30_000;
const point = z.tuple([z.number(), z.string()]);
const metric = z.record(z.string(), z.string());
const response = z.union([
  z.object({ status: z.literal('error'), error: z.string() }),
  z.object({
    status: z.literal('success'),
    data: z.discriminatedUnion('resultType', [
      z.object({ resultType: z.literal('scalar'), result: point }),
      z.object({ resultType: z.literal('string'), result: point }),
      z.object({ resultType: z.literal('vector'), result: z.array(z.object({ metric, value: point })) }),
      z.object({ resultType: z.literal('matrix'), result: z.array(z.object({ metric, values: z.array(point) })) }),
    ]),
  }),
]);

/**
 * Needs `prometheus` and `promtool` (Debian: apt-get install prometheus).
 *
 * @param openMetrics  the samples
 */
export async function startPrometheus(openMetrics: string): Promise<Prometheus> {
  const folder = await mkdtemp(join(tmpdir(), 'tarsier-prometheus-'));
  const input = join(folder, 'samples.txt');
  const config = join(folder, 'prometheus.yml');
  await writeFile(input, openMetrics);
  await writeFile(config, 'global: {}\n');
  const data = join(folder, 'data');
  await promisify(execFile)('promtool', ['tsdb', 'create-blocks-from', 'openmetrics', input, data], {
    maxBuffer: 2 ** 26,
  });
  const { stdout } = await promisify(execFile)('prometheus', ['--version']);
  const [, version = 'unknown'] = /version (\S+)/u.exec(stdout) ?? [];
  const port = await freePort();
  const child = spawn(
    'prometheus',
    [
      `--config.file=${config}`,
      `--storage.tsdb.path=${data}`,
      '--storage.tsdb.retention.time=100y',
      `--web.listen-address=127.0.0.1:${port}`,
      '--log.level=error',
    ],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  );
  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
  });
  const url = `http://127.0.0.1:${port}`;
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    await exited;
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await ready(url);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    version,
    pid: child.pid ?? 0,
    stop,
    async ask({ query, startMs, endMs, stepMs }) {
      const times =
        stepMs === 0
          ? { time: seconds(startMs) }
          : { start: seconds(startMs), end: seconds(endMs), step: seconds(stepMs) };
      const got = await fetch(`${url}/api/v1/${stepMs === 0 ? 'query' : 'query_range'}`, {
        method: 'POST',
        body: new URLSearchParams({ query, ...times }),
      });
      return toAnswer(response.parse(await got.json()));
    },
  };
}

function toAnswer(got: z.infer<typeof response>): Answer {
  if (got.status === 'error') return { error: got.error };
  const at = ([time, value]: z.infer<typeof point>): [number, string] => [Math.round(time * 1000), value];
  switch (got.data.resultType) {
    case 'scalar':
      return { series: { scalar: [at(got.data.result)] } };
    case 'string':
      return { series: { [got.data.result[1]]: [] } };
    case 'vector':
      return { series: Object.fromEntries(got.data.result.map(({ metric, value }) => [keyOf(metric), [at(value)]])) };
    case 'matrix':
      return {
        series: Object.fromEntries(got.data.result.map(({ metric, values }) => [keyOf(metric), values.map(at)])),
      };
  }
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(3);
}

async function ready(url: string): Promise<void> {
  const until = Date.now() + readyMs;
  for (;;) {
    const answer = await fetch(`${url}/-/ready`).catch(() => undefined);
    if (answer?.ok === true) return;
    if (Date.now() > until) throw new Error(`Prometheus was not ready within ${readyMs} ms`);
    await new Promise((resolve) => {
      setTimeout(resolve, 100);
    });
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}
