/** The agents that Tarsier is measured beside, as Debian packages them; each as far as it is installed. */
import { spawn, type ChildProcess } from 'node:child_process';
import { accessSync, constants, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../../test/support/processes.ts';

/** An agent at work. */
export interface RunningAgent {
  readonly name: string;
  readonly pid: number;
  /** What is done each second: a scrape, where it measures only then. */
  tick(): Promise<void>;
  /** Since the measurement began, which took so long. */
  samples(seconds: number): Promise<number>;
  stop(): Promise<void>;
}

/** Scraped by us each second, as Prometheus would. */
export async function startNodeExporter(): Promise<RunningAgent | undefined> {
  const program = '/usr/bin/prometheus-node-exporter';
  if (!isThere(program)) return undefined;
  const port = await freePort();
  const child = spawn(program, [`--web.listen-address=127.0.0.1:${port}`], { stdio: 'ignore' });
  let samples = 0;
  return {
    ...running('node_exporter', child),
    async tick() {
      const text = await textAt(`http://127.0.0.1:${port}/metrics`);
      samples += text.split('\n').filter((line) => line !== '' && !line.startsWith('#')).length;
    },
    samples: () => Promise.resolve(samples),
  };
}

/** Collects each second by itself; tells how many dimensions it has. */
export async function startNetdata(folder: string): Promise<RunningAgent | undefined> {
  const program = '/usr/sbin/netdata';
  if (!isThere(program)) return undefined;
  const port = await freePort();
  for (const name of ['cache', 'lib', 'log', 'etc']) mkdirSync(join(folder, name), { recursive: true });
  const config = join(folder, 'netdata.conf');
  writeFileSync(
    config,
    [
      '[global]',
      `  run as user = ${process.getuid?.() === 0 ? 'root' : ''}`,
      '[db]\n  mode = ram\n  retention = 300',
      `[directories]\n  cache = ${folder}/cache\n  lib = ${folder}/lib\n  log = ${folder}/log\n  config = ${folder}/etc`,
      `[web]\n  bind to = 127.0.0.1:${port}`,
      // What it measures of the host by itself, as we do: no programs in other languages.
      '[plugins]\n  python.d = no\n  charts.d = no\n  go.d = no\n  apps = no\n  node.d = no',
      '[ml]\n  enabled = no',
      '',
    ].join('\n'),
  );
  const child = spawn(program, ['-D', '-c', config], { stdio: 'ignore' });
  return {
    ...running('netdata', child),
    tick: () => Promise.resolve(),
    async samples(seconds) {
      const text = await textAt(`http://127.0.0.1:${port}/api/v1/allmetrics?format=prometheus&source=raw&help=no`);
      return text.split('\n').filter((line) => line.startsWith('netdata_')).length * seconds;
    },
  };
}

async function textAt(url: string): Promise<string> {
  try {
    return await (await fetch(url)).text();
  } catch {
    // It is still starting.
    return '';
  }
}

function running(name: string, child: ChildProcess): Pick<RunningAgent, 'name' | 'pid' | 'stop'> {
  return {
    name,
    pid: child.pid ?? 0,
    stop: () =>
      new Promise((resolve) => {
        child.once('exit', () => resolve());
        if (child.exitCode === null) child.kill('SIGTERM');
        else resolve();
      }),
  };
}

function isThere(program: string): boolean {
  try {
    accessSync(program, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
