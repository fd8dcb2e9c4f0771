/** VictoriaMetrics and Prometheus as Debian ships them, where they are installed. */
import { join } from 'node:path';
import { freePort } from '../../test/support/processes.ts';
import {
  answers,
  benchFolder,
  diskBytes,
  ended,
  serverCore,
  spawnPinned,
  versionOf,
  type BenchServer,
} from './server.ts';

export async function startVictoriaMetrics(): Promise<BenchServer | undefined> {
  const version = versionOf('victoria-metrics', '-version', /(\d+\.\d+\.\d+\S*)/u);
  if (version === undefined) return undefined;
  const folder = benchFolder();
  const url = `http://127.0.0.1:${await freePort()}`;
  const args = [`-storageDataPath=${folder.path}`, `-httpListenAddr=${url.slice(7)}`, '-loggerLevel=ERROR'];
  const child = spawnPinned(serverCore, 'victoria-metrics', args);
  await answers(`${url}/health`);
  return {
    name: `VictoriaMetrics ${version}`,
    pid: child.pid ?? 0,
    api: url,
    headers: {},
    door: { kind: 'remote-write', url: `${url}/api/v1/write`, key: '' },
    async settle() {
      await fetch(`${url}/internal/force_flush`);
      await fetch(`${url}/internal/force_merge`);
      for (let merging = true; merging;) {
        await new Promise((resolve) => {
          setTimeout(resolve, 1000);
        });
        const metrics = await (await fetch(`${url}/metrics`)).text();
        merging = /^vm_active_(?:force_)?merges\S* [1-9]/mu.test(metrics);
      }
    },
    bytes: async () =>
      new Map([
        ['data', diskBytes(join(folder.path, 'data'))],
        ['index', diskBytes(join(folder.path, 'indexdb'))],
      ]),
    async stop() {
      child.kill('SIGTERM');
      await ended(child);
      folder.remove();
    },
  };
}

export async function startPrometheusServer(): Promise<BenchServer | undefined> {
  const version = versionOf('prometheus', '--version', /version (\S+)/u);
  if (version === undefined) return undefined;
  const folder = benchFolder();
  const url = `http://127.0.0.1:${await freePort()}`;
  const child = spawnPinned(serverCore, 'prometheus', [
    '--config.file=/dev/null',
    `--storage.tsdb.path=${folder.path}`,
    '--storage.tsdb.retention.time=100y',
    `--web.listen-address=${url.slice(7)}`,
    '--web.enable-remote-write-receiver',
    '--web.enable-admin-api',
    '--log.level=error',
  ]);
  await answers(`${url}/-/ready`);
  return {
    name: `Prometheus ${version}`,
    pid: child.pid ?? 0,
    api: url,
    headers: {},
    door: { kind: 'remote-write', url: `${url}/api/v1/write`, key: '' },
    // The head as a block, which it would write by itself in an hour or two.
    async settle() {
      await fetch(`${url}/api/v1/admin/tsdb/snapshot`, { method: 'POST' });
    },
    bytes: async () => new Map([['block', diskBytes(join(folder.path, 'snapshots'))]]),
    async stop() {
      child.kill('SIGTERM');
      await ended(child);
      folder.remove();
    },
  };
}
