import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { createHost } from '../host/host.ts';
import { createScrapeOutput } from '../samples/scrape-output.ts';
import { cgroup } from './cgroup.ts';
import { identify } from './identify.ts';

const undo: (() => void)[] = [];
afterEach(() => {
  for (const step of undo.splice(0).toReversed()) step();
});

/** A tree of version 2 with a group at each of `paths`, of 1, 2, 3, … MB. */
function hostWith(paths: readonly string[]) {
  const root = mkdtempSync(join(tmpdir(), 'cgroup-'));
  undo.push(() => rmSync(root, { recursive: true }));
  for (const [index, path] of ['', ...paths].entries()) {
    const folder = join(root, 'fs/cgroup', path);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'cgroup.controllers'), '');
    writeFileSync(join(folder, 'cpu.stat'), 'usage_usec 1000000\n');
    writeFileSync(join(folder, 'memory.current'), `${index * 1e6}\n`);
  }
  const host = createHost({ sysRoot: root });
  undo.push(() => host.close());
  return { host, remove: (path: string) => rmSync(join(root, 'fs/cgroup', path), { recursive: true }) };
}

function open(host: ReturnType<typeof createHost>, config: unknown) {
  const warnings: string[] = [];
  const out = createScrapeOutput(cgroup);
  const instance = cgroup.open(config, { host, warn: (message) => warnings.push(message) });
  return {
    warnings,
    async names() {
      out.begin();
      await instance.scrape(out, AbortSignal.timeout(10_000));
      return out.seriesList.flatMap(({ name, labels }, handle) =>
        name === 'cgroup_cpu_seconds_total' && out.present[handle] === 1 ? [labels['name']] : [],
      );
    },
  };
}

const [a, b] = ['a', 'b'].map((letter) => letter.repeat(64));

test('containers have the names that Docker tells on its socket; who is not told of has an id', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'docker-'));
  undo.push(() => rmSync(folder, { recursive: true }));
  const socket = join(folder, 'docker.sock');
  const server = createServer((request, response) =>
    response.end(
      request.url === '/containers/json'
        ? JSON.stringify([{ Id: a, Names: ['/front/db', '/db-\u0000"1"\n'], Image: 'postgres:18' }])
        : '{}',
    ),
  );
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  undo.push(() => server.close());
  const { host } = hostWith([`docker/${a}`, `kubepods.slice/pod1/cri-containerd-${b}.scope`]);
  const { names } = open(host, { sockets: [socket, '/no/such/socket'] });
  expect(new Set(await names())).toEqual(new Set(['b'.repeat(12), 'db-\uFFFD"1"\uFFFD']));
});

test('a container that ends between two looks is no error', async () => {
  const { host, remove } = hostWith([`docker/${a}`, `docker/${b}`]);
  const { names, warnings } = open(host, { sockets: [] });
  expect(await names()).toHaveLength(2);
  remove(`docker/${a}`);
  expect(await names()).toEqual(['b'.repeat(12)]);
  expect(warnings).toEqual([]);
});

test('of more groups than maxGroups the largest are measured, and a warning names the option', async () => {
  const { host } = hostWith(Array.from({ length: 300 }, (_, index) => `system.slice/job-${index}.service`));
  const { names, warnings } = open(host, { maxGroups: 3 });
  await names();
  expect(new Set(await names())).toEqual(new Set(['job-297.service', 'job-298.service', 'job-299.service']));
  expect(warnings).toEqual(['300 control groups, of which maxGroups (3) are measured: those that use most memory']);
});

test('a host without control groups, or with none of interest, has nothing to measure', async () => {
  expect(await cgroup.probe?.({}, createHost({ sysRoot: '/no/such/folder' }))).toContain('no control groups');
  const { host } = hostWith(['user.slice/user-0.slice']);
  expect(await cgroup.probe?.({}, host)).toContain('no container and no service');
  expect(await cgroup.probe?.({ include: '^user\\.slice$' }, host)).toBeUndefined();
});

test.each([
  [`system.slice/docker-${a}.scope`, { kind: 'container', name: 'a'.repeat(12), id: a }],
  [`kubepods/besteffort/pod-1/${a}`, { kind: 'container', name: 'a'.repeat(12), id: a }],
  [`machine.slice/libpod-conmon-${a}.scope`, undefined],
  ['machine.slice/machine-web\\x2dtw\\xc3\\xb6.scope', { kind: 'container', name: 'web-twö' }],
  ['lxc.payload.web', { kind: 'container', name: 'web' }],
  ['lxc/web', { kind: 'container', name: 'web' }],
  ['system.slice/system-getty.slice/getty@tty1.service', { kind: 'service', name: 'getty@tty1.service' }],
  ['user.slice/user-1000.slice/user@1000.service/app.slice/foo.service', undefined],
  ['system.slice', undefined],
])('%s', (path, expected) => {
  expect(identify(path)).toEqual(expected);
});
