/**
 * How long a client waits: an hour of 100 hosts x 200 series at 1 s, asked over Prometheus's API, one request after the
 * other on one kept connection. Server on one core, client on the other; each request is of another host or series.
 */
import { execFileSync } from 'node:child_process';
import { Agent, get } from 'node:http';
import { percentile } from '../../test/support/percentile.ts';
import { createHost } from '../fleet.ts';
import { hourMs, load, fleet, lastWholeHour } from '../servers/load.ts';
import type { BenchServers } from '../servers/all.ts';
import { cpuSeconds, loaderCore, type BenchServer } from '../servers/server.ts';

const requests = 200;
const warmUps = 50;
/** A server that has run for a while: what is compiled while it runs is compiled by then. */
const later = 1_000;

interface Question {
  readonly name: string;
  /** The query and its span before the hour's end, ms. */
  readonly ask: (
    host: string,
    metric: string,
  ) => { readonly query: string; readonly spanMs: number; readonly stepS: number };
}

const questions: readonly Question[] = [
  {
    name: '15 min raw of one series',
    ask: (host, metric) => ({ query: `${metric}{host="${host}"}`, spanMs: hourMs / 4, stepS: 1 }),
  },
  {
    name: '1 h of one series to 300 averages',
    ask: (host, metric) => ({ query: `avg_over_time(${metric}{host="${host}"}[12s])`, spanMs: hourMs, stepS: 12 }),
  },
  {
    name: '1 h of 100 hosts to 300 maxima',
    ask: (_, metric) => ({ query: `max(max_over_time(${metric}[12s]))`, spanMs: hourMs, stepS: 12 }),
  },
];

export async function benchLatency(servers: BenchServers, minutes: number, say: (line: string) => void): Promise<void> {
  execFileSync('taskset', ['-cp', String(loaderCore), String(process.pid)]);
  const start = lastWholeHour(Date.now()) + 1000;
  const end = start + minutes * 60_000 - 1000;
  const hosts = Array.from({ length: fleet.hosts }, (_, index) => createHost(index, fleet.width, 0));
  say(
    `| server | query | p50 ms | p95 ms | server CPU ms | ${later} requests later: p50 ms | p95 ms | server CPU ms | points |`,
  );
  say('| --- | --- | --- | --- | --- | --- | --- | --- | --- |');
  for (const [name, begin] of Object.entries(servers)) {
    const server = await begin();
    if (server === undefined) {
      say(`| ${name}: not installed |`);
      continue;
    }
    try {
      await load(server, (minutes * 60_000) / 10_000, start);
      await server.settle();
      for (const question of questions) {
        const asked = Array.from({ length: warmUps + requests + later + requests }, (_, index) => {
          const host = hosts[(index * 37) % hosts.length];
          const series = host?.series[(index * 13) % fleet.width];
          const { query, spanMs, stepS } = question.ask(host?.name ?? '', series?.name ?? '');
          const from = Math.max(start, end - spanMs + stepS * 1000);
          return `query=${encodeURIComponent(query)}&start=${from / 1000}&end=${end / 1000}&step=${stepS}`;
        });
        const agent = new Agent({ keepAlive: true, maxSockets: 1 });
        await ask(server, agent, asked.splice(0, warmUps));
        const first = await ask(server, agent, asked.splice(0, requests));
        await ask(server, agent, asked.splice(0, later));
        const last = await ask(server, agent, asked);
        agent.destroy();
        const told = [first, last].map(({ p50, p95, cpuMs }) =>
          [p50, p95, cpuMs].map((ms) => ms.toFixed(2)).join(' | '),
        );
        say(`| ${server.name} | ${question.name} | ${told.join(' | ')} | ${last.points} |`);
      }
    } finally {
      await server.stop();
    }
  }
}

async function ask(
  server: BenchServer,
  agent: Agent,
  asked: readonly string[],
): Promise<{ readonly p50: number; readonly p95: number; readonly cpuMs: number; readonly points: number }> {
  const latencies: number[] = [];
  let points = 0;
  const before = cpuSeconds(server);
  for (const parameters of asked) {
    const began = performance.now();
    const answer = await fetchText(agent, `${server.api}/api/v1/query_range?${parameters}`, server.headers);
    latencies.push(performance.now() - began);
    points = answer.split('"],[').length;
    if (points < 2) throw new Error(`expected samples, got ${answer.slice(0, 200)}`);
  }
  const after = cpuSeconds(server);
  const cpuMs = ((after.main + after.others - before.main - before.others) * 1000) / asked.length;
  return { p50: percentile(latencies, 0.5), p95: percentile(latencies, 0.95), cpuMs, points };
}

function fetchText(agent: Agent, url: string, headers: Readonly<Record<string, string>>): Promise<string> {
  return new Promise((resolve, reject) => {
    get(url, { agent, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => resolve(Buffer.concat(chunks).toString()));
    }).on('error', reject);
  });
}
