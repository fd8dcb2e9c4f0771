import type { ReactiveController, ReactiveControllerHost } from 'lit';
import type { Catalogue } from '../i18n/catalogue.ts';
import type { Locale } from '../i18n/locale.ts';
import { langOf } from '../i18n/locale.ts';
import { PageViewController } from './page-view.ts';

/**
 * The language, time zone and words of an element; renders it anew when one of them changes.
 * It is a {@link Locale}, so it can be handed to what formats.
 */
export class LocaleController<Words> implements ReactiveController, Locale {
  readonly #host: ReactiveControllerHost & HTMLElement;
  readonly #view: PageViewController;
  readonly #catalogue: Catalogue<Words>;
  #unfollow: (() => void)[] = [];

  constructor(host: ReactiveControllerHost & HTMLElement, catalogue: Catalogue<Words>) {
    this.#host = host;
    this.#catalogue = catalogue;
    this.#view = new PageViewController(host, ({ timeZone }) => [timeZone]);
    host.addController(this);
  }

  get lang(): string | undefined {
    return langOf(this.#host);
  }

  get timeZone(): string | undefined {
    return this.#view.value?.timeZone.value;
  }

  get words(): Words {
    return this.#catalogue.in(this.lang);
  }

  hostConnected(): void {
    const changed = (): void => this.#host.requestUpdate();
    this.#unfollow = [followDocumentLang(changed), this.#catalogue.subscribe(changed)];
  }

  hostDisconnected(): void {
    for (const end of this.#unfollow) end();
  }
}

const listeners = new Set<() => void>();
let observer: MutationObserver | undefined;

/** One observer for all elements, and none while there is no element. */
function followDocumentLang(listener: () => void): () => void {
  listeners.add(listener);
  if (observer === undefined) {
    observer = new MutationObserver(() => {
      for (const one of [...listeners]) one();
    });
    observer.observe(document.documentElement, { attributes: true, attributeFilter: ['lang'] });
  }
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    observer?.disconnect();
    observer = undefined;
  };
}
