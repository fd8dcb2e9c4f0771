/** What is loaded before something is shown: kB of 1,000 bytes, gzip -9. Beside the budgets of the packages' README. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build, type Rolldown } from 'vite';
import { embedBuild, entriesOf, pageBuild, webFolder } from '../../scripts/web.ts';

/** The views that the product has to have, as one import. */
const eightViews = [
  'optimisation-score',
  'training',
  'convergence',
  'budget',
  'performance',
  'model-matrix',
  'health',
  'alert-list',
];

export interface Size {
  readonly name: string;
  readonly kB: number;
  readonly budgetKB: number | undefined;
}

export async function measureSizes(): Promise<readonly Size[]> {
  const folder = await mkdtemp(join(tmpdir(), 'tarsier-sizes-'));
  try {
    const views = join(folder, 'views.ts');
    await writeFile(views, eightViews.map((name) => `import '${webFolder}src/embed/${name}.ts';\n`).join(''));
    const sizes: Size[] = [];
    for (const [name, entry, budgetKB] of [
      ['@tarsier/web/stat', entriesOf(['stat']), 20],
      ['@tarsier/web/gauge', entriesOf(['gauge']), 20],
      ['@tarsier/web/chart', entriesOf(['chart']), 48],
      ['the eight views together', { views }, 80],
    ] as const) {
      const chunks = await chunksOf(embedBuild(entry, join(folder, 'out'), false));
      sizes.push({ name, kB: loaded(chunks, ({ isEntry }) => isEntry), budgetKB });
    }
    const [script] = await chunksOf(embedBuild(undefined, join(folder, 'out')));
    sizes.push({ name: 'tarsier.js, everything', kB: gzipped(script?.code ?? ''), budgetKB: 110 });
    const page = await chunksOf(pageBuild(join(folder, 'page')));
    const isFirst = ({ isEntry, name }: Rolldown.OutputChunk): boolean => isEntry || name === 'overview';
    sizes.push({ name: 'dashboard, first route', kB: loaded(page, isFirst), budgetKB: 120 });
    const first = new Set(staticallyLoaded(page, isFirst));
    const editor = staticallyLoaded(page, ({ name }) => name === 'query-editor').filter((chunk) => !first.has(chunk));
    sizes.push({ name: 'editor of Explore, on demand', kB: sum(editor), budgetKB: undefined });
    return sizes;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function chunksOf(config: Parameters<typeof build>[0]): Promise<readonly Rolldown.OutputChunk[]> {
  const built = await build(config);
  const outputs = Array.isArray(built) ? built : 'output' in built ? [built] : [];
  return outputs.flatMap(({ output }) => output.filter((one) => one.type === 'chunk'));
}

/** Those that are wanted, and what they import at once. */
function staticallyLoaded(
  chunks: readonly Rolldown.OutputChunk[],
  wanted: (chunk: Rolldown.OutputChunk) => boolean,
): readonly Rolldown.OutputChunk[] {
  const byName = new Map(chunks.map((chunk) => [chunk.fileName, chunk]));
  const found = new Set<Rolldown.OutputChunk>();
  const add = (chunk: Rolldown.OutputChunk | undefined): void => {
    if (chunk === undefined || found.has(chunk)) return;
    found.add(chunk);
    for (const name of chunk.imports) add(byName.get(name));
  };
  for (const chunk of chunks) if (wanted(chunk)) add(chunk);
  return [...found];
}

function loaded(chunks: readonly Rolldown.OutputChunk[], wanted: (chunk: Rolldown.OutputChunk) => boolean): number {
  return sum(staticallyLoaded(chunks, wanted));
}

function sum(chunks: readonly Rolldown.OutputChunk[]): number {
  return chunks.reduce((total, { code }) => total + gzipped(code), 0);
}

function gzipped(code: string): number {
  return gzipSync(code, { level: 9 }).length / 1000;
}
