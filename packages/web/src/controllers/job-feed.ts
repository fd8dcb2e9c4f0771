import type { Job, JobEvent } from '@tarsier/protocol';
import type { JobResponse } from '@tarsier/protocol/api';
import type { LitElement } from 'lit';
import type { DataSource, Loadable } from '../data/source.ts';
import { AskedController } from './asked.ts';

const runningMs = 1_000;
const restingMs = 15_000;
const unended = new Set(['waiting', 'delayed', 'blocked', 'held', 'running']);

export const isUnended = ({ state }: Job): boolean => unended.has(state);

export interface JobChoice {
  /** Its id; empty: the newest of the type. */
  readonly job: string;
  readonly type: string;
}

/** What a view of a kind of job shows: its newest job, what it tells while it runs, and the newest that succeeded. */
export class JobFeedController {
  readonly #choice: () => JobChoice;
  readonly #newest: AskedController<{ readonly jobs: readonly Job[] } | JobResponse>;
  readonly #done: AskedController<{ readonly jobs: readonly Job[] }>;
  readonly #events: AskedController<{ readonly events: readonly JobEvent[] }>;

  /** @param events  whether what it told while it ran is wanted, too */
  constructor(host: LitElement, choice: () => JobChoice, events = false) {
    this.#choice = choice;
    const everyMs = (): number => (this.job !== undefined && isUnended(this.job) ? runningMs : restingMs);
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
    this.#events = new AskedController(
      host,
      () => (events && this.job !== undefined ? `/v1/jobs/${this.job.id}/events?limit=10000` : undefined),
      everyMs,
    );
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

  get events(): readonly JobEvent[] {
    const { state } = this.#events;
    return state.kind === 'ready' ? state.value.events : [];
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
    this.#events.refresh();
  }
}
