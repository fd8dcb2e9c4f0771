import type { AnomalyEvent } from '@tarsier/protocol';
import type { ReactiveController, ReactiveControllerHost } from 'lit';
import type { DataSource, Loadable } from '../data/source.ts';
import { RequestError } from '../data/rest.ts';
import { spanOf } from '../data/time-range.ts';
import type { Span, TimeRange } from '../data/time-range.ts';
import { FollowController } from './follow.ts';

/** Live messages bring what is new at once; asking again heals what a cut may have lost. */
const pollMs = 30_000;

/** Anomaly events of a range: asked for, and kept up to date by the live connection. */
export class EventsFeedController implements ReactiveController {
  readonly #host: ReactiveControllerHost & HTMLElement;
  readonly #wish: () => { readonly range: TimeRange; readonly host: string };
  readonly #follow: FollowController;
  #asked = '';
  #loaded: Loadable<readonly AnomalyEvent[]> = { kind: 'loading' };
  #timer: ReturnType<typeof setInterval> | undefined;

  /** @param wish  `host` '' is all */
  constructor(
    host: ReactiveControllerHost & HTMLElement,
    wish: () => { readonly range: TimeRange; readonly host: string },
  ) {
    this.#host = host;
    this.#wish = wish;
    this.#follow = new FollowController(host, ({ events, connection }) => [events, connection]);
    host.addController(this);
  }

  get source(): DataSource | undefined {
    return this.#follow.source;
  }

  get span(): Span {
    return spanOf(this.#wish().range, this.source?.now() ?? Date.now());
  }

  /** Those that touch the range, the newest first. */
  get events(): Loadable<readonly AnomalyEvent[]> {
    if (this.#loaded.kind !== 'ready') return this.#loaded;
    const { from, to } = this.span;
    const { host } = this.#wish();
    const byId = new Map(this.#loaded.value.map((event) => [event.id, event]));
    for (const event of this.source?.events.value ?? []) byId.set(event.id, event);
    const value = [...byId.values()]
      .filter((event) => host === '' || event.host === host)
      .filter(({ start, end = to }) => start <= to && end >= from)
      .toSorted((a, b) => b.start - a.start);
    return { kind: 'ready', value };
  }

  retry(): void {
    this.#asked = '';
    this.#loaded = { kind: 'loading' };
    this.#host.requestUpdate();
  }

  hostConnected(): void {
    this.#timer = setInterval(() => void this.#load(), pollMs);
  }

  hostDisconnected(): void {
    clearInterval(this.#timer);
    this.#asked = '';
  }

  hostUpdate(): void {
    const key = JSON.stringify(this.#wish());
    if (this.source === undefined || key === this.#asked) return;
    this.#asked = key;
    void this.#load();
  }

  async #load(): Promise<void> {
    const { source } = this;
    if (source === undefined || document.visibilityState === 'hidden') return;
    const { host } = this.#wish();
    const { from, to } = this.span;
    const parameters = new URLSearchParams({ start: String(from / 1000), end: String(to / 1000) });
    if (host !== '') parameters.set('host', host);
    try {
      const { events } = await source.api.get(`/v1/anomalies/events?${parameters}`);
      this.#loaded = { kind: 'ready', value: events };
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      // What was shown stays.
      if (this.#loaded.kind !== 'ready') this.#loaded = { kind: 'failed', error };
    }
    this.#host.requestUpdate();
  }
}
