import { readdirSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { InlineConfig } from 'vite';

const webFolder = fileURLToPath(new URL('../packages/web/', import.meta.url));
const sources = [webFolder, fileURLToPath(new URL('../packages/protocol/src/', import.meta.url))];

/** Where the built page is. */
export const webRoot = fileURLToPath(new URL('../packages/web/dist/', import.meta.url));

export async function buildWeb(): Promise<void> {
  // Loaded only when there is something to build: it takes 150 MB.
  const { build } = await import('vite');
  const environment = process.env['NODE_ENV'];
  // A test runner's environment would build the libraries' development versions into the page.
  process.env['NODE_ENV'] = 'production';
  try {
    await build({ root: webFolder, logLevel: 'error' });
    await build(embedBuild());
    await build(moduleBuild());
  } finally {
    if (environment === undefined) delete process.env['NODE_ENV'];
    else process.env['NODE_ENV'] = environment;
  }
}

function entriesOf(names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, `${webFolder}src/embed/${name}.ts`]));
}

function library(outDir: string, entry: Record<string, string>): InlineConfig {
  return {
    root: webFolder,
    logLevel: 'error',
    build: {
      outDir: `${webRoot}${outDir}`,
      emptyOutDir: true,
      // Policies and caches of other sites: nothing is copied in beside it.
      copyPublicDir: false,
      minify: 'oxc',
      lib: { entry, formats: ['es'] },
    },
  };
}

/** `embed/tarsier.js`: everything in one file, for a script tag. */
export function embedBuild(names: readonly string[] = ['tarsier'], outDir = 'embed'): InlineConfig {
  return library(outDir, entriesOf(names));
}

/** `modules/`: a module for each element, for bundlers and servers, which bring Lit and uPlot themselves. */
function moduleBuild(): InlineConfig {
  const names = readdirSync(`${webFolder}src/embed`).map((file) => file.replace(/\.ts$/u, ''));
  const config = library('modules', entriesOf(names));
  return {
    ...config,
    build: { ...config.build, minify: false, rollupOptions: { external: [/^lit(\/|$)/u, /^uplot$/u] } },
  };
}

/** Whether a source is newer than the built page, or there is none. */
export function webIsOutdated(): boolean {
  const built = statSync(`${webRoot}index.html`, { throwIfNoEntry: false })?.mtimeMs;
  return built === undefined || sources.some((folder) => newestIn(folder) > built);
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
