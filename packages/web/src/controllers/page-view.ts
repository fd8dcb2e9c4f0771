import type { ReactiveController, ReactiveControllerHost } from 'lit';
import type { PageView } from '../data/page-view.ts';
import type { Readable } from '../data/store.ts';
import { ContextConsumer, pageViewContext } from './source-context.ts';

/** The shared range, cursor and time zone of the nearest provider; renders its element when a chosen store changes. */
export class PageViewController implements ReactiveController {
  readonly #consumer: ContextConsumer<PageView>;
  #unfollow: (() => void)[] = [];

  constructor(
    host: ReactiveControllerHost & HTMLElement,
    choose: (view: PageView) => readonly Readable<unknown>[],
    changed: () => void = () => host.requestUpdate(),
  ) {
    this.#consumer = new ContextConsumer(host, pageViewContext, (view) => {
      for (const end of this.#unfollow) end();
      this.#unfollow = view === undefined ? [] : choose(view).map((store) => store.subscribe(changed));
      changed();
    });
    host.addController(this);
  }

  get value(): PageView | undefined {
    return this.#consumer.value;
  }

  hostConnected(): void {
    this.#consumer.connect();
  }

  hostDisconnected(): void {
    this.#consumer.disconnect();
  }
}
