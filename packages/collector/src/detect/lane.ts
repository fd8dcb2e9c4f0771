/** The series of a host that come together: those of its agent, or those that another system sends for it. */
import type { Anomaly, UnixMs } from '@tarsier/protocol';
import type { StoredSamples } from '../stored-samples.ts';
import { anomalyOf, identify, type ExcursionSeries } from './anomaly.ts';
import { StrongWatch, type StrongState } from './strong-watch.ts';
import type { SeriesDetectorKind } from './detector.ts';
import { calmMs, EvidencePast, type Contributor, type EventTicks, type PastState } from './events/event-watch.ts';
import type { Excursion, OpenExcursion } from './excursion.ts';
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
  readonly strong: StrongState;
}

/** How the series that match are watched. */
export interface WatchSetting {
  readonly matches: (series: { readonly name: string; readonly labels: Anomaly['labels'] }) => boolean;
  /** Infinity for those that are not watched. */
  readonly sigmas: number;
  readonly kinds: readonly SeriesDetectorKind[];
  readonly surprise: number;
}

/** Called when an anomaly begins, grows (at most every ten seconds of its samples' time) or ends. */
export type AnomalyChanged = (anomaly: Anomaly) => void;

export class Lane {
  schema: Schema;
  readonly #past: EvidencePast;
  readonly #sigmas: number;
  /** The first that matches a series counts. */
  #settings: readonly WatchSetting[];
  #strong: StrongWatch;
  #detector: HostZScore;
  readonly #lasting = new Map<Excursion, Lasting>();
  /** All that it ever had. */
  readonly #known: Set<number>;
  #intervalMs = firstIntervalMs;
  readonly #changed: AnomalyChanged;

  /** @param state  of a lane that shares series with it, to go on with */
  constructor(
    schema: Schema,
    options: ZScoreOptions,
    changed: AnomalyChanged,
    state?: LaneState,
    settings: readonly WatchSetting[] = [],
  ) {
    this.schema = schema;
    this.#sigmas = options.sigmas;
    this.#settings = settings;
    this.#strong = this.#strongOf(state?.strong);
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
    const { intervalMs } = this;
    return { detector: this.#detector.save(), past: this.#past.save(), intervalMs, strong: this.#strong.save() };
  }

  /** Goes on with other settings; what was learnt stays. */
  retune(settings: readonly WatchSetting[]): void {
    this.#settings = settings;
    this.#detector = this.#detector.relaid(this.#seriesOf(this.schema));
    this.#rebuildStrong();
  }

  /** Which detectors see the series as unusual, besides the one that looks at every sample. */
  firing(seriesId: number): readonly string[] {
    return this.#strong.firing(seriesId);
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
    this.#strong.consume(matrix, firstRow, this.#changed);
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
    yield* this.#strong.open();
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
    this.#strong.endAll(this.#changed);
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
      this.#detector = this.#detector.relaid(this.#seriesOf(schema));
      for (const seriesId of schema.seriesIds) this.#known.add(seriesId);
      this.schema = schema;
      this.#rebuildStrong();
    }
    this.schema = schema;
  }

  #rebuildStrong(): void {
    // Another layout, or other settings: what is unusual then is told anew.
    this.#strong.endAll(this.#changed);
    this.#strong = this.#strongOf(this.#strong.save());
  }

  #strongOf(former: StrongState | undefined): StrongWatch {
    const choices = this.schema.schema.series.flatMap((_, column) => {
      const { kinds = [], surprise = 0 } = this.#settingOf(this.schema, column) ?? {};
      return kinds.length === 0 ? [] : [{ column, kinds, surprise }];
    });
    return new StrongWatch(this.schema, choices, former);
  }

  #settingOf(schema: Schema, column: number): WatchSetting | undefined {
    if (this.#settings.length === 0) return undefined;
    const { metric, labels } = identify(schema, column);
    return this.#settings.find(({ matches }) => matches({ name: metric, labels }));
  }

  #seriesOf(schema: Schema): ZScoreSeries[] {
    return schema.schema.series.map(({ metric }, column) => {
      const { kind = 'gauge', unit = '' } = schema.schema.metrics[metric] ?? {};
      const setting = this.#settingOf(schema, column);
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

function isSameLayout(one: Schema, other: Schema): boolean {
  const { seriesIds } = other;
  return one.seriesIds.length === seriesIds.length && one.seriesIds.every((id, column) => id === seriesIds[column]);
}
