import type { ReactiveController, ReactiveControllerHost } from 'lit';
import type { DataSource } from '../data/source.ts';
import type { Readable } from '../data/store.ts';
import { SourceController } from './source-context.ts';

type Host = ReactiveControllerHost & HTMLElement;

/** Renders its element anew when one of the chosen stores of the nearest source changes. */
export class FollowController {
  readonly #source: SourceController;
  #unfollow: (() => void)[] = [];

  constructor(host: Host, choose: (source: DataSource) => readonly Readable<unknown>[]) {
    this.#source = new SourceController(host, (source) => {
      for (const end of this.#unfollow) end();
      this.#unfollow =
        source === undefined ? [] : choose(source).map((store) => store.subscribe(() => host.requestUpdate()));
    });
    host.addController(this.#source);
  }

  get source(): DataSource | undefined {
    return this.#source.value;
  }
}

/** Renders its element anew each second, for ages and countdowns; no timer while detached. To be added to its host. */
export class SecondsController implements ReactiveController {
  readonly #tick: () => void;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(host: Host, tick: () => void = () => host.requestUpdate()) {
    this.#tick = tick;
  }

  hostConnected(): void {
    this.#timer = setInterval(this.#tick, 1000);
  }

  hostDisconnected(): void {
    clearInterval(this.#timer);
  }
}
