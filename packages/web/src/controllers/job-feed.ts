import type { Job, JobEvent } from '@tarsier/protocol';
import type { JobResponse } from '@tarsier/protocol/api';
import type { LitElement } from 'lit';
import type { JobFollower, JobNewsItem } from '../data/job-news.ts';
import type { DataSource, Loadable } from '../data/source.ts';
import { createStore } from '../data/store.ts';
import type { Readable } from '../data/store.ts';
import { AskedController } from './asked.ts';
import { SourceController } from './source-context.ts';

/** Where nothing comes live. */
const runningMs = 1_000;
const restingMs = 15_000;
const unended = new Set(['waiting', 'delayed', 'blocked', 'held', 'running']);

export const isUnended = ({ state }: Job): boolean => unended.has(state);

/** Changes with each change of any job that is meant, for what asks anew. */
export function jobChanges({ jobs }: DataSource, isMeant: (job: Job) => boolean = () => true): Readable<number> {
  const changes = createStore(0, () => {
    const follower = jobs.follow((news) => {
      if (news.type === 'job' && isMeant(news.job)) changes.set(changes.value + 1);
    });
    return () => follower.close();
  });
  return changes;
}

export interface JobChoice {
  /** Its id; empty: the newest of the type. */
  readonly job: string;
  readonly type: string;
}

/** What a view of a kind of job shows: its newest job, what it tells while it runs, and the newest that succeeded. */
export class JobFeedController {
  readonly #host: LitElement;
  readonly #choice: () => JobChoice;
  readonly #wantsEvents: boolean;
  readonly #newest: AskedController<{ readonly jobs: readonly Job[] } | JobResponse>;
  readonly #done: AskedController<{ readonly jobs: readonly Job[] }>;
  readonly #asked: AskedController<{ readonly events: readonly JobEvent[] }>;
  #follower: JobFollower | undefined;
  /** Of which the points are followed. */
  #followed: string | undefined;
  /** What came live of the job that is shown. */
  #told: { readonly job: string; readonly events: JobEvent[] } = { job: '', events: [] };

  /** @param events  whether what it told while it ran is wanted, too */
  constructor(host: LitElement, choice: () => JobChoice, events = false) {
    this.#host = host;
    this.#choice = choice;
    this.#wantsEvents = events;
    const everyMs = (): number =>
      this.job !== undefined && isUnended(this.job) && this.source?.connection.value.kind !== 'live'
        ? runningMs
        : restingMs;
    const list = (more = ''): string => `/v1/jobs?type=${encodeURIComponent(choice().type)}${more}&limit=1`;
    this.#newest = new AskedController(
      host,
      () => (choice().job === '' ? list() : `/v1/jobs/${encodeURIComponent(choice().job)}`),
      everyMs,
    );
    this.#done = new AskedController(
      host,
      () => {
        const { job } = this;
        return choice().job === '' && job !== undefined && job.state !== 'succeeded'
          ? list('&state=succeeded')
          : undefined;
      },
      () => restingMs,
    );
    this.#asked = new AskedController(
      host,
      () => (events && this.job !== undefined ? `/v1/jobs/${this.job.id}/events?limit=10000` : undefined),
      everyMs,
    );
    host.addController(
      new SourceController(host, (source) => {
        this.#follower?.close();
        this.#follower = source?.jobs.follow((news) => this.#hear(news));
        this.#followed = undefined;
      }),
    );
    host.addController({ hostUpdated: () => this.#follow() });
  }

  /** Points come live of a job that runs, from the last one on that is known. */
  #follow(): void {
    const { job } = this;
    const isWanted = this.#wantsEvents && this.#asked.state.kind === 'ready' && job !== undefined && isUnended(job);
    const wanted = isWanted ? job.id : undefined;
    if (wanted === this.#followed) return;
    this.#followed = wanted;
    this.#follower?.points(wanted, this.events.at(-1)?.number ?? 0);
  }

  #hear(news: JobNewsItem): void {
    if (news.type === 'job-progress') return this.#point(news);
    const { job } = news;
    const choice = this.#choice();
    const { job: shown } = this;
    const isShown = choice.job === '' ? job.type === choice.type && !isOlder(job, shown) : job.id === choice.job;
    if (!isShown) return;
    // A large result is left out of what comes live.
    if (job.state === 'succeeded' && job.result === undefined) return this.refresh();
    if (choice.job === '') this.#newest.put({ jobs: [job] });
    else if (this.#newest.state.kind === 'ready') this.#newest.put({ ...this.#newest.state.value, job });
  }

  #point({ job, number, at, progress }: Extract<JobNewsItem, { readonly type: 'job-progress' }>): void {
    if (this.#told.job !== job) this.#told = { job, events: [] };
    this.#told.events.push({ kind: 'progress', number, at, ...progress });
    this.#host.requestUpdate();
  }

  /** `ready` with nothing: no such job was ever submitted. */
  get state(): Loadable<Job | undefined> {
    const { state } = this.#newest;
    if (state.kind !== 'ready') return state;
    return { kind: 'ready', value: 'job' in state.value ? state.value.job : state.value.jobs[0] };
  }

  get job(): Job | undefined {
    const { state } = this;
    return state.kind === 'ready' ? state.value : undefined;
  }

  /** The newest one with a result: the job itself once it has succeeded. */
  get done(): Job | undefined {
    const { job } = this;
    if (job === undefined || job.state === 'succeeded') return job;
    const { state } = this.#done;
    return this.#choice().job === '' && state.kind === 'ready' ? state.value.jobs[0] : undefined;
  }

  /** In their order: what was asked for, then what came live since. */
  get events(): readonly JobEvent[] {
    const { state } = this.#asked;
    const asked = state.kind === 'ready' ? state.value.events : [];
    if (this.#told.job !== this.job?.id) return asked;
    const last = asked.at(-1)?.number ?? 0;
    return [...asked, ...this.#told.events.filter(({ number }) => number > last)];
  }

  get now(): number {
    return this.#newest.source?.now() ?? Date.now();
  }

  /** Undefined outside of a provider. */
  get source(): DataSource | undefined {
    return this.#newest.source;
  }

  refresh(): void {
    this.#newest.refresh();
    this.#done.refresh();
    this.#asked.refresh();
  }
}

/** Ids sort by submission. */
function isOlder(job: Job, than: Job | undefined): boolean {
  return than !== undefined && job.id < than.id;
}
