import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { matrixResponse, operations } from '@tarsier/protocol/api';
import { z } from 'zod';
import { noteSecret } from '../../packages/collector/src/testing-logged.ts';
import { databaseEnvironment, ensureDatabase } from './database.ts';
import { run, type RunningProcess } from './processes.ts';

/** The programs' sources, in this workspace unless the path is absolute. */
export interface Build {
  readonly collector: string;
  readonly agent: string;
}

export const thisBuild: Build = { collector: 'packages/collector/src/main.ts', agent: 'packages/agent/src/main.ts' };
const { collector: collectorMain, agent: agentMain } = thisBuild;
const readySchema = z.object({ ready: z.object({ url: z.string(), signIn: z.string(), ingestKey: z.string() }) });

const ledgerSchema = z.array(operations['GET /v1/hosts/{host}/ledger'].answer);

export interface RunningCollector extends RunningProcess {
  readonly url: string;
  readonly signIn: string;
  readonly ingestKey: string;
}

/** Starts a collector and waits until it serves. */
export async function startCollector(
  dataFolder: string,
  port: number,
  environment: Readonly<Record<string, string>> = {},
  nodeFlags: readonly string[] = [],
  build: Build = thisBuild,
): Promise<RunningCollector> {
  await ensureDatabase(dataFolder);
  const settings = {
    TARSIER_DATA: dataFolder,
    ...databaseEnvironment(dataFolder),
    TARSIER_LISTEN: `127.0.0.1:${port}`,
    // Where the receivers of tests listen.
    TARSIER_EGRESS_ALLOW: '127.0.0.1',
    ...environment,
  };
  const collector = run(build.collector, ['serve', '--ready-json'], settings, nodeFlags);
  const ready = await collector.lineThat((line) => readySchema.safeParse(JSON.parse(line)).data?.ready);
  noteSecret(ready.ingestKey);
  noteSecret(new URL(ready.signIn).searchParams.get('code') ?? '');
  return { ...collector, ...ready };
}

export function startAgent(
  url: string,
  key: string,
  state: string,
  environment: Readonly<Record<string, string>> = {},
): RunningProcess {
  return run(agentMain, ['run'], { TARSIER_URL: url, TARSIER_KEY: key, TARSIER_STATE: state, ...environment });
}

/** A process beside the collector that only runs jobs. */
export function startWorker(dataFolder: string): RunningProcess {
  return run(collectorMain, ['worker'], { TARSIER_DATA: dataFolder, ...databaseEnvironment(dataFolder) });
}

/** As an operator makes a key: with the command, while the collector runs. */
export async function createKey(
  dataFolder: string,
  scope: string,
  environment: Readonly<Record<string, string>> = {},
  tenant = 'default',
): Promise<string> {
  const args = ['key', 'create', '--tenant', tenant, '--scope', scope];
  const stdout = await collectorCommand(dataFolder, args, environment);
  if (!/^tsr_\S+\n$/u.test(stdout)) throw new Error(`key create printed ${JSON.stringify(stdout)}`);
  noteSecret(stdout.trim());
  return stdout.trim();
}

export interface LedgerSums {
  readonly state: string;
  readonly taken: number;
  readonly sent: number;
  readonly stored: number;
  readonly dropped: number;
  readonly crashes: number;
}

/** What `tarsier-collector ledger` says of a host. @throws when the command fails: the figures do not add up */
export async function readLedger(
  dataFolder: string,
  host: string,
  environment: Readonly<Record<string, string>> = {},
  tenant = 'default',
): Promise<LedgerSums> {
  const args = ['ledger', '--tenant', tenant, '--host', host, '--json'];
  const stdout = await collectorCommand(dataFolder, args, environment);
  const [ledger] = ledgerSchema.parse(JSON.parse(stdout));
  const sums = { taken: 0, sent: 0, stored: 0, dropped: 0, crashes: 0 };
  for (const { dropped, ...hour } of ledger?.hours ?? []) {
    for (const name of ['taken', 'sent', 'stored', 'crashes'] as const) sums[name] += hour[name];
    for (const samples of Object.values(dropped)) sums.dropped += samples;
  }
  return { state: ledger?.state ?? 'none', ...sums };
}

/** @returns what it printed. @throws when it fails */
export async function collectorCommand(
  dataFolder: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<string> {
  const file = join(fileURLToPath(new URL('../../', import.meta.url)), collectorMain);
  const { stdout } = await promisify(execFile)(process.execPath, [file, ...args], {
    env: { ...process.env, TARSIER_DATA: dataFolder, ...databaseEnvironment(dataFolder), ...environment },
  });
  return stdout;
}

export interface Api {
  get(path: string): Promise<unknown>;
  post(path: string, body: unknown): Promise<unknown>;
  put(path: string, body: unknown): Promise<unknown>;
  /** Samples of a host, in Prometheus's text format. */
  importText(host: string, text: string): Promise<void>;
  /** Raw samples, or one per step, by series: [Unix ms, value]. */
  samples(
    selector: string,
    startMs: number,
    endMs: number,
  ): Promise<{ metric: Record<string, string>; points: [number, number][] }[]>;
}

export function createApi(url: string, key: string): Api {
  async function call(path: string, init: RequestInit = {}): Promise<unknown> {
    const response = await fetch(new URL(path, url), {
      ...init,
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return response.json();
  }
  return {
    get: call,
    post: (path, body) => call(path, { method: 'POST', body: JSON.stringify(body) }),
    put: (path, body) => call(path, { method: 'PUT', body: JSON.stringify(body) }),
    async importText(host, text) {
      const response = await fetch(new URL(`/v1/import/prometheus?host=${host}`, url), {
        method: 'POST',
        headers: { authorization: `Bearer ${key}`, 'content-type': 'text/plain' },
        body: text,
      });
      if (response.status !== 200 && response.status !== 204)
        throw new Error(`import of ${host}: ${response.status} ${await response.text()}`);
    },
    async samples(selector, startMs, endMs) {
      const parameters = new URLSearchParams({
        query: selector,
        start: String(startMs / 1000),
        end: String(endMs / 1000),
      });
      const { data } = matrixResponse.parse(await call(`/v1/query_range?${parameters}`));
      return data.result.map(({ metric, values }) => ({
        metric,
        points: values.map(([seconds, value]): [number, number] => [Math.round(seconds * 1000), Number(value)]),
      }));
    },
  };
}
