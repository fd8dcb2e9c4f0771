import { readdirSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { InlineConfig } from 'vite';

export const webFolder = fileURLToPath(new URL('../packages/web/', import.meta.url));
const sources = [webFolder, fileURLToPath(new URL('../packages/protocol/src/', import.meta.url))];

/** Where the built page is. */
export const webRoot = fileURLToPath(new URL('../packages/web/dist/', import.meta.url));

export async function buildWeb(): Promise<void> {
  // Loaded only when there is something to build: it takes 150 MB.
  const { build } = await import('vite');
  await inProduction(async () => {
    await build(pageBuild());
    await build(embedBuild());
    await build(moduleBuild());
  });
}

/** A test runner's environment would build the libraries' development versions into the page. */
export async function inProduction(work: () => Promise<void>): Promise<void> {
  const environment = process.env['NODE_ENV'];
  process.env['NODE_ENV'] = 'production';
  try {
    await work();
  } finally {
    if (environment === undefined) delete process.env['NODE_ENV'];
    else process.env['NODE_ENV'] = environment;
  }
}

/** Entries of the elements' own modules, by name. */
export function entriesOf(names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, `${webFolder}src/embed/${name}.ts`]));
}

/** The dashboard. */
export function pageBuild(outDir: string = webRoot): InlineConfig {
  return {
    root: webFolder,
    logLevel: 'error',
    build: {
      outDir,
      emptyOutDir: true,
      // What is there before anything is shown is one file. Split by who else needs it, it is many: a browser asks a
      // server without HTTP/2 for six at a time.
      rolldownOptions: { output: { codeSplitting: { groups: [{ name: 'start', tags: ['$initial'] }] } } },
    },
  };
}

/**
 * `embed/tarsier.js`: everything in one file, for a script tag.
 *
 * @param oneFile  false: what is used seldom is a file of its own
 */
export function embedBuild(
  entry: Record<string, string> = entriesOf(['tarsier']),
  outDir = 'embed',
  oneFile = true,
): InlineConfig {
  return {
    root: webFolder,
    logLevel: 'error',
    build: {
      outDir: resolve(webRoot, outDir),
      emptyOutDir: true,
      copyPublicDir: false,
      // As a library it would keep its white space, which is a third of it.
      rolldownOptions: {
        input: entry,
        preserveEntrySignatures: 'strict',
        output: { entryFileNames: '[name].js', chunkFileNames: '[name]-[hash].js', codeSplitting: !oneFile },
      },
    },
  };
}

/** `modules/`: a module for each element, for bundlers and servers, which bring Lit, uPlot and React themselves. */
function moduleBuild(): InlineConfig {
  const names = readdirSync(`${webFolder}src/embed`).map((file) => file.replace(/\.ts$/u, ''));
  const tags = readdirSync(`${webFolder}src/elements`).filter((name) => name.startsWith('tarsier-'));
  return {
    root: webFolder,
    logLevel: 'error',
    build: {
      outDir: `${webRoot}modules`,
      emptyOutDir: true,
      copyPublicDir: false,
      minify: false,
      lib: {
        entry: {
          ...entriesOf(names),
          // The classes alone: importing one registers nothing.
          ...Object.fromEntries(
            tags.map((tag) => [`elements/${tag.replace('tarsier-', '')}`, `${webFolder}src/elements/${tag}/${tag}.ts`]),
          ),
          react: `${webFolder}src/react.ts`,
        },
        formats: ['es'],
      },
      rolldownOptions: { external: [/^lit(\/|$)/u, /^uplot$/u, /^react$/u, /^@lit\/react$/u] },
    },
  };
}

export interface Stories {
  readonly url: string;
  close(): Promise<void>;
}

/** The stories of the elements, as their sources are now. */
export async function serveStories(): Promise<Stories> {
  const { createServer } = await import('vite');
  const server = await createServer({ root: webFolder, logLevel: 'error', server: { host: '127.0.0.1' } });
  await server.listen();
  return { url: new URL('/stories.html', server.resolvedUrls?.local[0]).href, close: () => server.close() };
}

/** Whether a source, or how it is built, is newer than what is built, or a build was broken off. */
export function webIsOutdated(root = webRoot): boolean {
  const times = ['index.html', 'embed/tarsier.js', 'modules/tarsier.js'].map(
    (file) => statSync(root + file, { throwIfNoEntry: false })?.mtimeMs ?? -Infinity,
  );
  // Of what is built first: a source may change during the build.
  const built = Math.min(...times);
  return statSync(fileURLToPath(import.meta.url)).mtimeMs > built || sources.some((folder) => newestIn(folder) > built);
}

function newestIn(folder: string): number {
  let newest = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.name === 'dist' || entry.name === 'node_modules') continue;
    const path = `${folder}/${entry.name}`;
    newest = Math.max(newest, entry.isDirectory() ? newestIn(path) : statSync(path).mtimeMs);
  }
  return newest;
}
