/** A package registry on loopback: this workspace's packages as they would be published, all others from the real one. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { z } from 'zod';
import { builtPackages, buildPackages } from '../../scripts/packages.ts';

export interface Registry {
  readonly url: string;
  close(): Promise<void>;
}

interface Packed {
  readonly manifest: { readonly name: string; readonly version: string };
  readonly tarball: Buffer;
}

const execute = promisify(execFile);
const root = fileURLToPath(new URL('../../', import.meta.url));
const packResult = z.union([z.object({ filename: z.string() }), z.array(z.object({ filename: z.string() })).min(1)]);
const manifestSchema = z.looseObject({ name: z.string(), version: z.string() });

/**
 * Builds and packs what is published (`pnpm pack`), and serves it.
 *
 * @param folder  for the packed packages
 */
export async function startRegistry(folder: string): Promise<Registry> {
  await mkdir(folder, { recursive: true });
  await buildPackages();
  const packed = new Map<string, Packed>();
  for (const name of builtPackages) {
    const one = await pack(join(root, 'packages', name), folder);
    packed.set(one.manifest.name, one);
  }
  const upstream = (await execute('npm', ['config', 'get', 'registry'], { cwd: folder })).stdout.trim();
  const server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? '/', 'http://registry').pathname).slice(1);
    const tarball = [...packed.values()].find(({ manifest }) => path === tarballPath(manifest));
    const known = packed.get(path);
    if (tarball !== undefined) response.end(tarball.tarball);
    else if (known !== undefined) response.setHeader('content-type', 'application/json').end(packument(known, url()));
    else response.writeHead(307, { location: new URL(request.url?.slice(1) ?? '', upstream).href }).end();
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  // It listens on an address and port.
  const url = (): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  return {
    url: url(),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function pack(folder: string, destination: string): Promise<Packed> {
  const { stdout } = await execute('pnpm', ['pack', '--json', '--pack-destination', destination], { cwd: folder });
  const result = packResult.parse(JSON.parse(stdout));
  const filename = 'filename' in result ? result.filename : (result[0]?.filename ?? '');
  const tarball = await readFile(filename);
  const { stdout: text } = await execute('tar', ['-xOf', filename, 'package/package.json']);
  return { manifest: manifestSchema.parse(JSON.parse(text)), tarball };
}

function tarballPath({ name, version }: Packed['manifest']): string {
  return `${name}/-/${name.split('/').at(-1)}-${version}.tgz`;
}

function packument({ manifest, tarball }: Packed, url: string): string {
  const { name, version } = manifest;
  const dist = {
    tarball: `${url}${tarballPath(manifest)}`,
    integrity: `sha512-${createHash('sha512').update(tarball).digest('base64')}`,
    shasum: createHash('sha1').update(tarball).digest('hex'),
  };
  const published = new Date(0).toISOString();
  return JSON.stringify({
    name,
    'dist-tags': { latest: version },
    versions: { [version]: { ...manifest, dist } },
    time: { created: published, modified: published, [version]: published },
  });
}
