/**
 * `pnpm detect:score DATA_DIR OUT_DIR [--detector NAME] [--multivariate]`: a detector over every recording under a
 * folder; its scores under the other, in the same layout. docs/detection.md says what recordings look like.
 */
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve, sep } from 'node:path';
import { parseArgs } from 'node:util';
import { hostDetectors, scoreRows, scoreSeries, seriesDetectors } from '@tarsier/collector/detect';

const usage = 'usage: pnpm detect:score DATA_DIR OUT_DIR [--detector NAME] [--multivariate]';
/** Rows of a recording of several channels that are known to be normal. */
const training = 400;

class UsageError extends Error {}

/** What is in the folder is scored; the message says what was done. */
function scoreFolder(dataDir: string, outDir: string, score: (text: string) => string): string {
  if (!statSync(dataDir, { throwIfNoEntry: false })?.isDirectory()) {
    throw new UsageError(`DATA_DIR: expected a folder, got ${dataDir}`);
  }
  const paths = readdirSync(dataDir, { recursive: true, encoding: 'utf8' }).filter(
    // Not what an earlier run has written.
    (path) => path.endsWith('.csv') && !join(dataDir, path).startsWith(join(outDir, sep)),
  );
  if (paths.length === 0) throw new UsageError(`DATA_DIR: expected .csv files in ${dataDir}, got none`);
  for (const path of paths.toSorted()) {
    const target = join(outDir, path);
    mkdirSync(dirname(target), { recursive: true });
    try {
      writeFileSync(target, score(readFileSync(join(dataDir, path), 'utf8')));
    } catch (cause) {
      throw new Error(`${path}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    }
  }
  return `${paths.length} files scored into ${outDir}`;
}

function scorerNamed(name: string | undefined, isMultivariate: boolean): (text: string) => string {
  if (isMultivariate) {
    const kind = named(hostDetectors, name);
    return (text) => scoreRows(text, kind, { training });
  }
  const kind = named(seriesDetectors, name);
  return (text) => scoreSeries(text, kind);
}

/** The first one is the default. */
function named<Kind extends { readonly name: string }>(kinds: readonly Kind[], name: string | undefined): Kind {
  const kind = name === undefined ? kinds[0] : kinds.find((each) => each.name === name);
  if (kind !== undefined) return kind;
  throw new UsageError(`--detector: expected one of ${kinds.map((each) => each.name).join(', ')}, got ${name}`);
}

/** pnpm runs scripts at the root, wherever it was called from. */
const pathOf = (given: string): string => resolve(process.env['INIT_CWD'] ?? '.', given);

try {
  const { positionals, values } = parseArgs({
    args: process.argv.slice(2).filter((arg) => arg !== '--'),
    allowPositionals: true,
    options: { detector: { type: 'string' }, multivariate: { type: 'boolean', default: false } },
  });
  const [dataDir, outDir] = positionals;
  if (dataDir === undefined || outDir === undefined || positionals.length > 2) throw new UsageError(usage);
  const score = scorerNamed(values.detector, values.multivariate);
  process.stdout.write(`${scoreFolder(pathOf(dataDir), pathOf(outDir), score)}\n`);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
