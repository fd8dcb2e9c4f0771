/** The series of a host that come together: those of its agent, or those that another system sends for it. */
import type { Anomaly, UnixMs } from '@tarsier/protocol';
import type { StoredSamples } from '../stored-samples.ts';
import { anomalyOf, identify, type ExcursionSeries } from './anomaly.ts';
import { HostWatch, type HostWatchState } from './chosen/host-watch.ts';
import { SeriesWatch, type SeriesWatchState } from './chosen/series-watch.ts';
import type { TrainedDetector } from './chosen/trained-detector.ts';
import type { HostDetectorKind, SeriesDetectorKind } from './detector.ts';
import { calmMs, EvidencePast, type Contributor, type EventTicks, type PastState } from './events/event-watch.ts';
import type { Excursion, OpenExcursion } from './excursion.ts';
import type { TreeTrainer } from './isolation-forest/tree-trainer.ts';
import { HostZScore, type HostZScoreState, type ZScoreOptions, type ZScoreSeries } from './zscore/host-zscore.ts';

type Schema = StoredSamples['schema'];

/** How often what lasts is told of as it grows, of its samples' time. */
export const updateEveryMs = 10_000;
/** What is assumed until two samples are known. */
const firstIntervalMs = 1_000;

interface Lasting {
  readonly series: ExcursionSeries;
  toldAt: UnixMs;
  /** Has grown since it was told of. */
  isNews: boolean;
}

/** All that a lane has learnt, to be gone on with. */
export interface LaneState {
  readonly detector: HostZScoreState;
  readonly past: PastState;
  readonly intervalMs: number;
  readonly ofSeries: SeriesWatchState;
  readonly ofHost: HostWatchState;
}

/** How the series that match are watched. */
export interface WatchSetting {
  /** The same while it is the same setting. */
  readonly key: string;
  readonly matches: (series: { readonly name: string; readonly labels: Anomaly['labels'] }) => boolean;
  /** Infinity for those that are not watched. */
  readonly sigmas: number;
  readonly kinds: readonly SeriesDetectorKind[];
  /** Detectors that look at all that match, of a host, together. */
  readonly hostKinds: readonly HostDetectorKind[];
  /** For those of them whose series are the same: they begin with what such a one has learnt. */
  readonly models?: readonly TrainedDetector[];
  readonly surprise: number;
}

export interface LaneOptions {
  readonly options: ZScoreOptions;
  readonly changed: AnomalyChanged;
  /** Of a lane that shares series with it, to go on with. */
  readonly state?: LaneState | undefined;
  readonly settings?: readonly WatchSetting[] | undefined;
  readonly trainer?: TreeTrainer | undefined;
  /** Is told of a detector whose state can not be gone on with. */
  readonly forgotten?: (detector: string) => void;
}

/** Called when an anomaly begins, grows (at most every ten seconds of its samples' time) or ends. */
export type AnomalyChanged = (anomaly: Anomaly) => void;

export class Lane {
  schema: Schema;
  readonly #past: EvidencePast;
  readonly #sigmas: number;
  #settings: readonly WatchSetting[];
  /** Of each column the first that matches it. */
  #chosen: readonly (WatchSetting | undefined)[];
  #ofSeries: SeriesWatch;
  #ofHost: HostWatch;
  readonly #trainer: TreeTrainer | undefined;
  readonly #forgotten: (detector: string) => void;
  #detector: HostZScore;
  readonly #lasting = new Map<Excursion, Lasting>();
  /** All that it ever had. */
  readonly #known: Set<number>;
  #intervalMs = firstIntervalMs;
  readonly #changed: AnomalyChanged;

  constructor(schema: Schema, { options, changed, state, settings = [], trainer, forgotten = () => {} }: LaneOptions) {
    this.schema = schema;
    this.#sigmas = options.sigmas;
    this.#settings = settings;
    this.#chosen = chosenOf(schema, settings);
    this.#trainer = trainer;
    this.#forgotten = forgotten;
    this.#ofSeries = this.#watchSeries(state?.ofSeries);
    this.#ofHost = this.#watchHost(state?.ofHost);
    this.#changed = changed;
    this.#past = new EvidencePast(schema.seriesIds.length, schema.hostId);
    this.#detector = new HostZScore(this.#seriesOf(schema), options);
    this.#known = new Set(schema.seriesIds);
    if (state === undefined) return;
    this.#past.load(state.past);
    this.#intervalMs = state.intervalMs;
    this.#detector = HostZScore.from(state.detector, options).relaid(this.#seriesOf(schema));
    for (const { seriesId } of state.detector.series) this.#known.add(seriesId);
  }

  /** Of this moment: its arrays change with the next batch. */
  save(): LaneState {
    return {
      detector: this.#detector.save(),
      past: this.#past.save(),
      intervalMs: this.intervalMs,
      ofSeries: this.#ofSeries.save(),
      ofHost: this.#ofHost.save(),
    };
  }

  /** Goes on with other settings; what was learnt stays. */
  retune(settings: readonly WatchSetting[]): void {
    const former = this.#chosen;
    this.#settings = settings;
    this.#chosen = chosenOf(this.schema, settings);
    if (this.#chosen.every((setting, column) => setting === former[column])) return;
    this.#detector = this.#detector.relaid(this.#seriesOf(this.schema));
    this.#rebuildChosen();
  }

  /** Which detectors see the series as unusual, besides the one that looks at every sample. */
  firing(seriesId: number): readonly string[] {
    return [...this.#ofSeries.firing(seriesId), ...this.#ofHost.firing(seriesId)];
  }

  /** Time of the newest tick that was looked at. */
  get newest(): UnixMs {
    return this.#detector.newest;
  }

  get intervalMs(): number {
    return this.#intervalMs;
  }

  /** Whether these series belong to it: an agent that restarts has some of them, and maybe others. */
  shares({ seriesIds }: Schema): boolean {
    return seriesIds.some((seriesId) => this.#known.has(seriesId));
  }

  /** @returns what there was in it to look at; undefined when it is older than what was seen */
  consume({ schema, matrix }: StoredSamples): EventTicks | undefined {
    const { times } = matrix;
    // A late batch has another schema at most because it is old: it must not turn back the columns.
    if ((times.at(-1) ?? 0) <= this.newest) return undefined;
    if (this.schema !== schema) this.#use(schema);
    this.#measure(times);
    const memoryMs = calmMs(this.#intervalMs);
    const firstRow = this.#detector.push(matrix, memoryMs, (excursion) => this.#excursion(excursion));
    if (this.#lasting.size > 0) this.#tellGrown();
    this.#ofSeries.consume(matrix, firstRow, this.#changed);
    this.#ofHost.consume(matrix, firstRow, this.#changed);
    const { evidence } = this.#detector;
    return {
      times,
      firstRow,
      intervalMs: this.#intervalMs,
      evidence,
      past: this.#past,
      contributors: (since) => this.#contributors(since),
    };
  }

  *open(): Iterable<Anomaly> {
    for (const excursion of this.#detector.open()) {
      const series = this.#lasting.get(excursion)?.series ?? identify(this.schema, excursion.column);
      yield anomalyOf(this.schema, series, excursion, this.#sigmas);
    }
    yield* this.#ofSeries.open();
    yield* this.#ofHost.open();
  }

  /** @returns whether the series has an excursion that goes on as that one; undefined when it is not its series */
  takeUp(signature: string, former: OpenExcursion): boolean | undefined {
    const column = this.schema.schema.series.findIndex(
      (_, index) => identify(this.schema, index).signature === signature,
    );
    if (column === -1) return undefined;
    const excursion = this.#detector.resume(column, former);
    if (excursion === undefined) return false;
    this.#lasting.set(excursion, { series: identify(this.schema, column), toldAt: excursion.peakAt, isNews: false });
    return true;
  }

  /** No samples come any more. */
  endAll(): void {
    this.#detector.endAll((excursion) => this.#excursion(excursion));
    this.#ofSeries.endAll(this.#changed);
    this.#ofHost.endAll(this.#changed);
  }

  *#contributors(since: UnixMs): Iterable<Contributor> {
    const { evidence } = this.#detector;
    for (const slot of evidence.since(since)) {
      if (slot >= this.schema.seriesIds.length) continue;
      yield { series: identify(this.schema, slot), evidence: evidence.of(slot) };
    }
  }

  #use(schema: Schema): void {
    if (!isSameLayout(this.schema, schema)) {
      this.#chosen = chosenOf(schema, this.#settings);
      this.#detector = this.#detector.relaid(this.#seriesOf(schema));
      for (const seriesId of schema.seriesIds) this.#known.add(seriesId);
      this.schema = schema;
      this.#rebuildChosen();
    }
    this.schema = schema;
  }

  #rebuildChosen(): void {
    // Another layout, or other settings: what is unusual then is told anew.
    this.#ofSeries.endAll(this.#changed);
    this.#ofHost.endAll(this.#changed);
    this.#ofSeries = this.#watchSeries(this.#ofSeries.save());
    this.#ofHost = this.#watchHost(this.#ofHost.save());
  }

  #watchSeries(former: SeriesWatchState | undefined): SeriesWatch {
    const choices = this.#chosen.flatMap((setting, column) => {
      const { kinds = [], surprise = 0 } = setting ?? {};
      return kinds.length === 0 ? [] : [{ column, kinds, surprise }];
    });
    return new SeriesWatch(this.schema, choices, former);
  }

  #watchHost(former: HostWatchState | undefined): HostWatch {
    const columns = new Map<WatchSetting, number[]>();
    for (const [column, setting] of this.#chosen.entries()) {
      if (setting === undefined || setting.hostKinds.length === 0) continue;
      const known = columns.get(setting);
      if (known === undefined) columns.set(setting, [column]);
      else known.push(column);
    }
    const choices = Array.from(columns).flatMap(([{ key, hostKinds, models = [], surprise }, list]) =>
      hostKinds.map((kind) => ({ key, kind, columns: list, models, surprise })),
    );
    return new HostWatch(this.schema, choices, former, this.#trainer, this.#forgotten);
  }

  #seriesOf(schema: Schema): ZScoreSeries[] {
    return schema.schema.series.map(({ metric }, column) => {
      const { kind = 'gauge', unit = '' } = schema.schema.metrics[metric] ?? {};
      const setting = this.#chosen[column];
      const series = { seriesId: schema.seriesIds[column] ?? -1, kind, unit };
      return setting === undefined ? series : { ...series, sigmas: setting.sigmas };
    });
  }

  /** From the newest sample before, or within the batch. */
  #measure(times: Float64Array): void {
    const rows = times.length;
    const [from, steps] = this.newest > 0 && rows === 1 ? [this.newest, 1] : [times[0] ?? 0, rows - 1];
    if (steps === 0) return;
    const interval = ((times[rows - 1] ?? 0) - from) / steps;
    // Pauses are no intervals: what is rarer now is believed little by little.
    this.#intervalMs = Math.max(1, Math.min(interval, 1.5 * this.#intervalMs));
  }

  #excursion(excursion: Excursion): void {
    const known = this.#lasting.get(excursion);
    if (excursion.end !== undefined) {
      this.#lasting.delete(excursion);
      if (known !== undefined) this.#changed(anomalyOf(this.schema, known.series, excursion, this.#sigmas));
    } else if (known === undefined) {
      const series = identify(this.schema, excursion.column);
      this.#lasting.set(excursion, { series, toldAt: excursion.peakAt, isNews: false });
      this.#changed(anomalyOf(this.schema, series, excursion, this.#sigmas));
    } else {
      known.isNews = true;
    }
  }

  #tellGrown(): void {
    const { newest } = this;
    for (const [excursion, known] of this.#lasting) {
      if (!known.isNews || newest - known.toldAt < updateEveryMs) continue;
      known.isNews = false;
      known.toldAt = newest;
      this.#changed(anomalyOf(this.schema, known.series, excursion, this.#sigmas));
    }
  }
}

function chosenOf({ host, schema }: Schema, settings: readonly WatchSetting[]): readonly (WatchSetting | undefined)[] {
  return schema.series.map((series) => {
    if (settings.length === 0) return undefined;
    const { name = '' } = schema.metrics[series.metric] ?? {};
    const labels = { ...series.labels, host };
    return settings.find(({ matches }) => matches({ name, labels }));
  });
}

function isSameLayout(one: Schema, other: Schema): boolean {
  const { seriesIds } = other;
  return one.seriesIds.length === seriesIds.length && one.seriesIds.every((id, column) => id === seriesIds[column]);
}
