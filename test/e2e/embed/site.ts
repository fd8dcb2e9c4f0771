/** A site of an origin of its own, under as strict a policy as there is. */
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import { inProduction, webRoot } from '../../../scripts/web.ts';

export interface Site {
  readonly origin: string;
  close(): void;
}

/**
 * @param pages  by path: what stands in the body
 * @param folder  holds scripts that were built for it
 * @param mint  gives a view token for what `?tenant=…&selector=…` says, as the site's own server does with its keys
 */
export async function startSite(
  collector: string,
  pages: Readonly<Record<string, string>>,
  folder: string,
  mint: (tenant: string, selector: string) => Promise<string>,
): Promise<Site> {
  const live = collector.replace(/^http/u, 'ws');
  const policy = `default-src 'none'; script-src 'self' ${collector}; connect-src 'self' ${collector} ${live}; require-trusted-types-for 'script'`;
  const common = `globalThis.shop = ${JSON.stringify({ collector, tokenUrl: '/token?tenant=default&selector=cpu_busy_ratio' })};
    globalThis.violations = [];
    document.addEventListener('securitypolicyviolation', (event) => violations.push(event.violatedDirective + ' ' + event.blockedURI));`;
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://site');
    const send = (type: string, body: string | Uint8Array): void => {
      response.writeHead(200, { 'content-type': type, 'content-security-policy': policy }).end(body);
    };
    const body = pages[pathname];
    if (pathname === '/token') {
      void mint(searchParams.get('tenant') ?? '', searchParams.get('selector') ?? '').then(
        (token) => response.end(JSON.stringify({ token })),
        (error: unknown) => response.writeHead(500).end(String(error)),
      );
    } else if (pathname === '/common.js') {
      send('text/javascript', common);
    } else if (body !== undefined) {
      send('text/html', `<!doctype html><html lang="en"><title>Shop</title><script src="/common.js"></script>${body}`);
    } else if (readdirSync(folder).includes(pathname.slice(1))) {
      send('text/javascript', readFileSync(join(folder, pathname)));
    } else {
      response.writeHead(404).end();
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('expected a port');
  return { origin: `http://127.0.0.1:${address.port}`, close: () => server.close() };
}

/** Builds a page's script, as a site that installed the packages would: from what is published of ours. */
export async function buildPage(name: string, outDir: string): Promise<void> {
  await inProduction(async () => {
    await build({
      configFile: false,
      logLevel: 'error',
      root: fileURLToPath(new URL('.', import.meta.url)),
      resolve: { alias: [{ find: /^@tarsier\/web\/(.+)$/u, replacement: join(webRoot, 'modules/$1.js') }] },
      build: {
        outDir,
        emptyOutDir: false,
        modulePreload: false,
        rolldownOptions: {
          input: { [name]: fileURLToPath(new URL(`${name}.js`, import.meta.url)) },
          output: { entryFileNames: '[name].js', chunkFileNames: '[name]-[hash].js' },
        },
      },
    });
  });
}
