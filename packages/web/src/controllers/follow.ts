import type { ReactiveController, ReactiveControllerHost } from 'lit';
import type { DataSource } from '../data/source.ts';
import type { Readable } from '../data/store.ts';
import { SourceController } from './source-context.ts';

type Host = ReactiveControllerHost & HTMLElement;

/** Renders its element anew when one of the chosen stores of the nearest source changes. */
export class FollowController {
  readonly #source: SourceController;
  #unfollow: (() => void)[] = [];

  /** @param changed  renders the element anew, unless it knows better */
  constructor(
    host: Host,
    choose: (source: DataSource) => readonly Readable<unknown>[],
    changed: () => void = () => host.requestUpdate(),
  ) {
    this.#source = new SourceController(host, (source) => {
      for (const end of this.#unfollow) end();
      this.#unfollow = source === undefined ? [] : choose(source).map((store) => store.subscribe(changed));
    });
    host.addController(this.#source);
  }

  get source(): DataSource | undefined {
    return this.#source.value;
  }
}

const ticking = new Set<() => void>();
let ticks: ReturnType<typeof setInterval> | undefined;

function tickAll(): void {
  // Nobody looks; browsers slow hidden timers down, but do not end them.
  if (document.visibilityState !== 'hidden') for (const tick of [...ticking]) tick();
}

/** Renders its element anew each second, for ages and countdowns; no timer while detached. To be added to its host. */
export class SecondsController implements ReactiveController {
  readonly #tick: () => void;

  constructor(host: Host, tick: () => void = () => host.requestUpdate()) {
    // Wrapped, so that it is its own in the set.
    this.#tick = () => tick();
  }

  hostConnected(): void {
    ticking.add(this.#tick);
    ticks ??= setInterval(tickAll, 1000);
  }

  hostDisconnected(): void {
    ticking.delete(this.#tick);
    if (ticking.size > 0) return;
    clearInterval(ticks);
    ticks = undefined;
  }
}
