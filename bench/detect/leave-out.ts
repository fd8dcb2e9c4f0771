/**
 * How much of the ensemble's score in the Numenta Anomaly Benchmark is tuning: the best of many configurations by all
 * categories but one is scored on that one, for each in turn.
 */
import {
  Arena,
  Repeats,
  repeatsDefaults,
  seriesDetectors,
  TailCalibration,
  type RepeatsOptions,
} from '@tarsier/collector/detect';
import { earned, nabScore, readNab, type Earned, type NabFile } from './nab.ts';

/** As `detect:score` has it. */
const seed = 1;
/** The ensemble's own: what a view counts that has no verdict, the scale of the mean, and how that is calibrated. */
const [none, scale, alike, settled] = [Math.LOG10E, 1.6, 8, 4_000];
const families = ['level', 'pattern', 'low', 'time-of-day'] as const;

interface Configuration {
  /** Families of views. */
  readonly families: readonly string[];
  readonly repeats: RepeatsOptions;
}

interface Result {
  readonly configuration: Configuration;
  readonly files: readonly Earned[];
}

/** Any families, and of how alarms are told apart all but the length of an event and of memory. */
function* configurations(): Generator<Configuration> {
  for (let set = 1; set < 2 ** families.length; set++) {
    const chosen = families.filter((_, bit) => (set >> bit) % 2 === 1);
    for (const fatigue of [0, 0.03, 0.055, 0.08]) {
      for (const decay of [75, 150, 300]) {
        for (let least = 1.6; least < 3.4; least *= 1.05)
          yield { families: chosen, repeats: { least, decay, fatigue } };
      }
    }
  }
}

const name = ({ families: chosen, repeats: { least, decay, fatigue } }: Configuration): string =>
  `${chosen.join(' + ')}, alarm from ${least.toFixed(2)}, decay ${decay}, fatigue ${fatigue}`;

export function leaveOut(dataDir: string, windowsFile: string, say: (line: string) => void): void {
  const files = readNab(dataDir, windowsFile);
  const judged = files.map(surprisesOf);
  const evaluate = (configuration: Configuration): Result => ({
    configuration,
    files: files.map((file, index) => earned(file, alarms(judged[index] ?? noSurprises, configuration))),
  });
  const results = Array.from(configurations(), evaluate);
  const inUse = evaluate({ families, repeats: repeatsDefaults });
  say(`${results.length} configurations, ${files.length} files`);
  say(`in use: ${nabScore(inUse.files).toFixed(1)}`);
  const best = bestOf(results, () => true);
  say(`best of all: ${nabScore(best.files).toFixed(1)} (${name(best.configuration)})`);
  const left: Earned[] = [];
  for (const category of new Set(files.map(categoryOf))) {
    const isLeftOut = (index: number): boolean => categoryOf(files[index]) === category;
    const { configuration, files: own } = bestOf(results, (index) => !isLeftOut(index));
    const here = own.filter((_, index) => isLeftOut(index));
    left.push(...here);
    const windows = here.reduce((sum, file) => sum + file.windows, 0);
    say(`${category}: ${windows === 0 ? 'no windows' : nabScore(here).toFixed(1)} (${name(configuration)})`);
  }
  say(`leave one category out: ${nabScore(left).toFixed(1)}`);
}

const categoryOf = (file: NabFile | undefined): string => file?.path.split('/')[0] ?? '';

function bestOf(results: readonly Result[], isAllowed: (index: number) => boolean): Result {
  const score = ({ files }: Result): number => nabScore(files.filter((_, index) => isAllowed(index)));
  const scores = results.map(score);
  const best = results[scores.indexOf(Math.max(...scores))];
  if (best === undefined) throw new Error('expected at least one configuration');
  return best;
}

/** The sum of the surprises of each family in each row, and of how many views. */
interface Surprises {
  readonly byFamily: ReadonlyMap<string, { readonly sums: Float64Array; readonly views: number }>;
  /** What some families say together, calibrated; by their names. */
  readonly together: Map<string, Float64Array>;
}

function surprisesOf({ times, values }: NabFile): Surprises {
  const [ensemble] = seriesDetectors;
  if (ensemble?.name !== 'ensemble') throw new Error(`expected the ensemble first, got ${ensemble?.name}`);
  const detector = ensemble.create(seed);
  const byFamily = families.map((family) => ({
    family,
    views: [...ensemble.views.keys()].filter((view) => ensemble.views[view]?.startsWith(family)),
    sums: new Float64Array(times.length),
  }));
  for (const [row, time] of times.entries()) {
    detector.push(time, values[row] ?? Number.NaN);
    for (const { views, sums } of byFamily) {
      for (const view of views) sums[row] = (sums[row] ?? 0) + orNone(detector.surprises[view] ?? Number.NaN);
    }
  }
  return {
    byFamily: new Map(byFamily.map(({ family, sums, views }) => [family, { sums, views: views.length }])),
    together: new Map(),
  };
}

const orNone = (surprise: number): number => (Number.isNaN(surprise) ? none : surprise);

const noSurprises: Surprises = { byFamily: new Map(), together: new Map() };

function togetherOf({ byFamily, together }: Surprises, chosen: readonly string[]): Float64Array {
  const known = together.get(chosen.join(' '));
  if (known !== undefined) return known;
  const parts = chosen.flatMap((family) => byFamily.get(family) ?? []);
  const views = parts.reduce((sum, part) => sum + part.views, 0);
  const calibration = new TailCalibration(new Arena(TailCalibration.bytes), alike, settled);
  const made = Float64Array.from({ length: parts[0]?.sums.length ?? 0 }, (_, row) =>
    calibration.push((scale * parts.reduce((sum, { sums }) => sum + (sums[row] ?? 0), 0)) / views),
  );
  together.set(chosen.join(' '), made);
  return made;
}

function* alarms(surprises: Surprises, { families: chosen, repeats }: Configuration): Generator<number> {
  const news = new Repeats(new Arena(Repeats.bytes), repeats);
  for (const [row, surprise] of togetherOf(surprises, chosen).entries()) if (news.isNews(surprise)) yield row;
}
