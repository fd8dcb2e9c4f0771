/** The plugins' test kit: a plugin on captured files, its samples in readable form. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { seriesSignature } from '@tarsier/protocol';
import { z } from 'zod';
import { createHost, type Host } from './host/host.ts';
import type { Plugin } from './plugin.ts';
import { createScrapeOutput } from './samples/scrape-output.ts';

export { checkContract, type ContractOptions } from './contract.ts';

/** Samples of one scrape, by series as Prometheus writes it. */
export type Samples = Readonly<Record<string, number>>;

const facts = { os: 'linux', kernel: '6.1.0-captured', architecture: 'x64', cpuModel: 'A Processor', cores: 2 };
const space = { totalBytes: 1000, freeBytes: 400, availableBytes: 300, inodes: 100, inodesFree: 75 };

/**
 * Hosts of captured files, one per scrape and a second apart: `proc` (and `sys`) in `folder`, then `proc-1` (and
 * `sys-1`, else again `sys`), `proc-2`, … What programs said is in files that `run.json` names by command line, what
 * servers said in those that `http.json` names by URL.
 * What the host is, and the space of its file systems, are made up.
 */
export function fixtureHosts(folder: URL): Host[] {
  const root = fileURLToPath(folder);
  const hosts: Host[] = [];
  for (let tick = 0; ; tick++) {
    const procRoot = join(root, tick === 0 ? 'proc' : `proc-${tick}`);
    if (!existsSync(procRoot)) return hosts;
    const sysRoot = join(root, `sys-${tick}`);
    const host = createHost({ procRoot, sysRoot: existsSync(sysRoot) ? sysRoot : join(root, 'sys') });
    hosts.push({
      ...host,
      hasProc: true,
      now: () => tick * 1000,
      fileSystem: () => Promise.resolve(space),
      portable: { ...host.portable, facts: () => facts },
      run: async (command, args) => ({
        exitCode: 0,
        stdout: (await replay(root, 'run.json', [command, ...args].join(' '))).toString(),
        stderr: '',
      }),
      http: async ({ url }) => ({ status: 200, headers: {}, body: await replay(root, 'http.json', String(url)) }),
    });
  }
}

export interface OpenPlugin {
  /** Scrapes once. */
  scrape(): Promise<Samples>;
  /** What it said to the log. */
  readonly warnings: readonly string[];
  close(): Promise<void>;
}

/** Opens the plugin on this very host, or on another: for what is to be scraped now and then while a test goes on. */
export function openPlugin(plugin: Plugin, config: unknown = {}, host: Host = createHost()): OpenPlugin {
  const warnings: string[] = [];
  const warn = (message: string): void => void warnings.push(message);
  const instance = plugin.open(config, { host, warn });
  const out = createScrapeOutput(plugin, { warn });
  return {
    warnings,
    async scrape() {
      out.begin();
      await instance.scrape(out, AbortSignal.timeout(10_000));
      return Object.fromEntries(
        out.seriesList.flatMap((series, handle) =>
          out.present[handle] === 1 ? [[seriesSignature(series), out.values[handle] ?? Number.NaN]] : [],
        ),
      );
    },
    async close() {
      await instance.close?.();
    },
  };
}

/** What was captured for a command or a URL. */
async function replay(root: string, index: string, asked: string): Promise<Buffer> {
  const files = z.record(z.string(), z.string()).parse(JSON.parse(await readFile(join(root, index), 'utf8')));
  const file = files[asked];
  if (file === undefined) throw new Error(`${asked}: nothing of the kind in ${index}`);
  return readFile(join(root, file));
}

/** Opens the plugin and scrapes once per host: the same instance, as if the host had changed. */
export async function collect(plugin: Plugin, hosts: readonly Host[], config: unknown = {}): Promise<Samples[]> {
  let current = 0;
  const host = new Proxy({} as Host, { get: (_, name) => Reflect.get(hosts[current] ?? {}, name) });
  const opened = openPlugin(plugin, config, host);
  const results: Samples[] = [];
  for (current = 0; current < hosts.length; current++) results.push(await opened.scrape());
  await opened.close();
  if (opened.warnings.length > 0) throw new Error(`${plugin.name} warned: ${opened.warnings.join('; ')}`);
  return results;
}
