/** Ticks of a host with much evidence become events: one fault, one event. */
import type { Labels, UnixMs } from '@tarsier/protocol';
import { Arena } from '../../stats/arena.ts';
import { PastTail } from '../../stats/past-tail.ts';
import type { ExcursionSeries } from '../anomaly.ts';
import type { Evidence, SlotEvidence } from './evidence.ts';
import { EventHabits, shapeOf, type EventShape } from './look-alikes.ts';

/** A host whose past is all there is to expect shows no more than one event in so long. */
export const quietMs = 4 * 3_600_000;
/** Events that are less apart are one: at least so long, and so many intervals between samples. */
const calm = { leastMs: 30_000, intervals: 3 } as const;
/** Below the surprise of one step in ten or so it is as usual again. */
const calmSurprise = 1.5;
/** However rare samples are, one in a hundred is no event. */
const leastSurprise = 2;
/** What feedback may take off: so much less is looked at, though not told without it. */
const hearing = 1;
/** Evidence that no quiet host of this many series shows: two of them far out for three samples, or more a little. */
const least = { evidence: 15, series: 10 } as const;
/** Ticks after which a host is known well enough that somebody is woken for it. */
const familiarTicks = 300;
/** What an event has to be more surprising until then: what is usual is partly assumed. */
const doubt = 1;
/** What is unlike the past for longer than so many ticks teaches with one in so many: a fault must not make itself usual. */
const [twitch, apart] = [3, 10];
/** What a host shows before anything is known of it: evidence of an exponential distribution. */
const prior = { mean: 3, ticks: 200 } as const;

export interface Contributor {
  readonly series: ExcursionSeries;
  readonly evidence: SlotEvidence;
}

/** An event, as far as it has come. */
export interface HostEvent {
  start: UnixMs;
  /** Set once it is over. */
  end: UnixMs | undefined;
  peakAt: UnixMs;
  peakSurprise: number;
  peakRatio: number;
  /** Whether the host was known well enough when it began. */
  isFamiliar: boolean;
  /** What feedback on its look-alikes adds to the surprise that it needs. */
  feedbackOffset: number;
  /** Of its host, when it was first told: one event is of one series, whatever the host sends later. */
  labels: Labels | undefined;
  /** By series number. */
  readonly contributors: Map<number, Contributor>;
}

export interface PastState {
  readonly tail: Uint8Array;
  readonly ticks: number;
  readonly run: number;
}

/** What the samples that come together are compared with: their own past. */
export class EvidencePast {
  readonly #arena = new Arena(PastTail.bytes);
  readonly #tail: PastTail;
  readonly #scale: number;
  #ticks = 0;
  /** Ticks in a row that were unlike the past, up to now. */
  #run = 0;

  /** @param width  number of series */
  constructor(width: number, seed: number) {
    this.#tail = new PastTail(this.#arena, seed);
    this.#scale = Math.min(1, width / least.series);
    for (let tick = 0; tick < prior.ticks; tick++) {
      this.#tail.push(-prior.mean * this.#scale * Math.log(1 - (tick + 0.5) / prior.ticks));
    }
  }

  get isFamiliar(): boolean {
    return this.#ticks >= familiarTicks;
  }

  save(): PastState {
    return { tail: this.#arena.checkpoint(), ticks: this.#ticks, run: this.#run };
  }

  /** @throws {RangeError} when it is of another size */
  load({ tail, ticks, run }: PastState): void {
    this.#arena.restore(tail);
    this.#ticks = ticks;
    this.#run = run;
  }

  learn(evidence: number): void {
    this.#ticks++;
    this.#run = this.isUnlike(evidence) ? this.#run + 1 : 0;
    if (this.#run <= twitch || this.#run % apart === 0) this.#tail.push(evidence);
  }

  /** @returns surprise; 0 where it is too little whatever the past was */
  surpriseOf(evidence: number): number {
    return evidence < least.evidence * this.#scale ? 0 : this.#tail.surpriseOf(evidence);
  }

  isUnlike(evidence: number): boolean {
    return evidence > 0 && this.#tail.surpriseOf(evidence) >= calmSurprise;
  }
}

interface OpenEvent {
  readonly event: HostEvent;
  lastAt: UnixMs;
  peakEvidence: number;
  /** Whether it is more than what happens on this host again and again. */
  isTold: boolean;
  readonly past: EvidencePast;
}

export interface EventTicks {
  readonly times: Float64Array;
  readonly firstRow: number;
  readonly intervalMs: number;
  readonly evidence: Evidence;
  readonly past: EvidencePast;
  /** The series that counted since then. */
  readonly contributors: (since: UnixMs) => Iterable<Contributor>;
}

/** How long after its last evidence an event is over. */
export function calmMs(intervalMs: number): number {
  return Math.max(calm.leastMs, calm.intervals * intervalMs);
}

/** The events of one host, one at a time. */
export class EventWatch {
  #open: OpenEvent | undefined;
  readonly #habits = new EventHabits();
  readonly #offsetOf: (shape: EventShape) => number;

  /** @param offsetOf  what people said of events of that shape: added to the surprise that another needs */
  constructor(offsetOf: (shape: EventShape) => number = () => 0) {
    this.#offsetOf = offsetOf;
  }

  get open(): HostEvent | undefined {
    return this.#open?.isTold === true ? this.#open.event : undefined;
  }

  /** Looks at ticks in order of time. `changed` is called when an event begins, has grown or ends. */
  observe(ticks: EventTicks, changed: (event: HostEvent) => void): void {
    const { times, firstRow, intervalMs, evidence, past } = ticks;
    const needed = Math.max(leastSurprise, Math.log10(quietMs / intervalMs)) + (past.isFamiliar ? 0 : doubt);
    let isNews = false;
    for (let row = firstRow; row < times.length; row++) {
      const time = times[row] ?? 0;
      const sum = evidence.sums[row] ?? 0;
      const open = this.#open;
      if (open !== undefined && time - open.lastAt > calmMs(intervalMs)) this.#end(open, changed);
      if (this.#open === undefined) {
        const surprise = past.surpriseOf(sum);
        if (surprise < needed - hearing) {
          past.learn(sum);
          continue;
        }
        this.#open = begin(time, ticks);
      } else if (!past.isUnlike(sum)) continue;
      isNews = true;
      grow(this.#open, time, sum, ratioOf(evidence, row));
    }
    const open = this.#open;
    if (open === undefined || !isNews) return;
    gather(open.event, ticks);
    // Each event like it asks for one that is ten times as rare.
    const kind = shape(open.event);
    open.event.feedbackOffset = this.#offsetOf(kind);
    open.isTold ||=
      open.event.peakSurprise >= needed + this.#habits.countLike(kind, open.lastAt) + open.event.feedbackOffset;
    if (open.isTold) changed(open.event);
  }

  /** Ends what is open: no samples come any more. */
  endNow(changed: (event: HostEvent) => void): void {
    if (this.#open !== undefined) this.#end(this.#open, changed);
  }

  #end({ event, lastAt, isTold }: OpenEvent, changed: (event: HostEvent) => void): void {
    this.#open = undefined;
    event.end = lastAt;
    this.#habits.learn(shape(event), lastAt);
    if (isTold) changed(event);
  }
}

function begin(time: UnixMs, ticks: EventTicks): OpenEvent {
  const event: HostEvent = {
    start: time,
    end: undefined,
    peakAt: time,
    peakSurprise: 0,
    peakRatio: 0,
    isFamiliar: ticks.past.isFamiliar,
    feedbackOffset: 0,
    labels: undefined,
    contributors: new Map(),
  };
  gather(event, ticks);
  // A series needs three samples to count: it began when the strongest did.
  const first = strongest(event)
    .slice(0, firstOf)
    .map(({ evidence }) => evidence.runSince)
    .toSorted((a, b) => a - b);
  event.start = Math.max(time - calmMs(ticks.intervalMs), Math.min(time, first[first.length >> 1] ?? time));
  return { event, lastAt: time, peakEvidence: 0, isTold: false, past: ticks.past };
}

/** Contributors whose median start is that of the event. */
const firstOf = 5;

/** Time between the first and the last of three samples, which may come a little early. */
const partSteps = 1.5;

function grow(open: OpenEvent, time: UnixMs, evidence: number, ratio: number): void {
  open.lastAt = time;
  const { event } = open;
  if (evidence <= open.peakEvidence) return;
  open.peakEvidence = evidence;
  event.peakAt = time;
  event.peakRatio = ratio;
  event.peakSurprise = Math.max(event.peakSurprise, open.past.surpriseOf(evidence));
}

function gather(
  { contributors }: HostEvent,
  { times, firstRow, intervalMs, contributors: counting }: EventTicks,
): void {
  for (const contributor of counting((times[firstRow] ?? 0) - intervalMs)) {
    // As for evidence: what twitched for a sample or two took no part.
    if (contributor.evidence.lastAt - contributor.evidence.since < partSteps * intervalMs) continue;
    const known = contributors.get(contributor.series.seriesId);
    if (known === undefined || known.evidence.strength < contributor.evidence.strength) {
      contributors.set(contributor.series.seriesId, contributor);
    }
  }
}

/** What mostly follows from something else: the agent that waits for a busy host, and how it is served. */
const symptoms = /^(?:agent_|system_(?:soft_)?interrupts|system_context_switches)/u;
const symptomWeight = 0.5;

/** The strongest first; causes before symptoms that are not much stronger. */
export function strongest({ contributors }: HostEvent): readonly Contributor[] {
  const weightOf = ({ series, evidence }: Contributor): number =>
    evidence.strength * (symptoms.test(series.metric) ? symptomWeight : 1);
  return [...contributors.values()].toSorted((a, b) => weightOf(b) - weightOf(a));
}

function shape({ contributors }: HostEvent): EventShape {
  return shapeOf(Array.from(contributors.values(), ({ series, evidence }) => [series.metric, evidence.strength]));
}

function ratioOf(evidence: Evidence, row: number): number {
  const judged = evidence.judgedIn(row);
  return judged === 0 ? 0 : (evidence.unusualCounts[row] ?? 0) / judged;
}
