/** What is loaded before something is shown: kB of 1,000 bytes, gzip -9. Beside the budgets of the packages' README. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build, type Rolldown } from 'vite';
import { embedBuild, entriesOf, inProduction, pageBuild, webFolder } from '../../scripts/web.ts';

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

/** What a live chart needs to show a stretch of the past as well: loaded on demand, and counted as if it were not. */
const chartNeeds = new Set(['connect', 'chart-past']);

interface Chunk {
  readonly name: string;
  readonly kB: number;
}

export interface Size extends Chunk {
  readonly budgetKB: number | undefined;
  /** What is loaded beside, by name, when it is first used. */
  readonly onDemand: readonly Chunk[];
}

export async function measureSizes(): Promise<readonly Size[]> {
  const sizes: Size[] = [];
  await inProduction(async () => {
    sizes.push(...(await built()));
  });
  return sizes;
}

async function built(): Promise<readonly Size[]> {
  const folder = await mkdtemp(join(tmpdir(), 'tarsier-sizes-'));
  try {
    const views = join(folder, 'views.ts');
    await writeFile(views, eightViews.map((name) => `import '${webFolder}src/embed/${name}.ts';\n`).join(''));
    const out = join(folder, 'out');
    const moduleOf = async (name: string, entry: Record<string, string>, budgetKB: number): Promise<Size> =>
      sizeOf(name, await chunksOf(embedBuild(entry, out, false)), isEntry, budgetKB);
    const chart = await chunksOf(embedBuild(entriesOf(['chart']), out, false));
    const [script] = await chunksOf(embedBuild(undefined, out));
    const page = await chunksOf(pageBuild(join(folder, 'page')));
    const first = new Set(staticallyLoaded(page, isEntry));
    const editor = staticallyLoaded(page, ({ name }) => name === 'query-editor').filter((chunk) => !first.has(chunk));
    return [
      await moduleOf('@tarsier/web/stat', entriesOf(['stat']), 20),
      await moduleOf('@tarsier/web/gauge', entriesOf(['gauge']), 20),
      sizeOf('@tarsier/web/chart, given its data', chart, isEntry, 48),
      sizeOf('@tarsier/web/chart, live, zoomed', chart, (one) => one.isEntry || chartNeeds.has(one.name), undefined),
      await moduleOf('the eight views together', { views }, 80),
      { name: 'tarsier.js, everything', kB: gzipped(script?.code ?? ''), budgetKB: 110, onDemand: [] },
      { ...sizeOf('dashboard, first route', page, isEntry, 120), onDemand: [] },
      { name: 'editor of Explore, on demand', kB: sum(editor), budgetKB: undefined, onDemand: [] },
    ];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const isEntry = (chunk: Rolldown.OutputChunk): boolean => chunk.isEntry;

function sizeOf(
  name: string,
  chunks: readonly Rolldown.OutputChunk[],
  wanted: (chunk: Rolldown.OutputChunk) => boolean,
  budgetKB: number | undefined,
): Size {
  const loaded = staticallyLoaded(chunks, wanted);
  const others = chunks.filter((chunk) => !loaded.includes(chunk));
  const onDemand = others.map((chunk) => ({ name: chunk.name, kB: gzipped(chunk.code) }));
  return { name, kB: sum(loaded), budgetKB, onDemand };
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

function sum(chunks: readonly Rolldown.OutputChunk[]): number {
  return chunks.reduce((total, { code }) => total + gzipped(code), 0);
}

function gzipped(code: string): number {
  return gzipSync(code, { level: 9 }).length / 1000;
}
