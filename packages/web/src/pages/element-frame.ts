import { html, LitElement } from 'lit';
import type { TemplateResult } from 'lit';
import { property } from 'lit/decorators.js';

/** An element that somebody has chosen, in the page's own provider: its name and attributes are data here. */
export class ElementFrame extends LitElement {
  /** One of those that may be embedded. */
  @property({ attribute: false }) element = 'tarsier-chart';

  /** Empty ones are left out. */
  @property({ attribute: false }) given: Readonly<Record<string, string>> = {};

  /** In the page's own tree, where its styles and the provider's reach. */
  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  #shown: Element | undefined;
  /** Attributes that it was given. */
  #names: readonly string[] = [];

  protected override willUpdate(): void {
    const given = Object.entries(this.given).filter(([, value]) => value !== '');
    const names = new Set(given.map(([name]) => name));
    // What an attribute that goes away leaves behind is each element's own matter: a new one has its defaults.
    const isKept = this.#shown?.localName === this.element && this.#names.every((name) => names.has(name));
    const element = isKept && this.#shown !== undefined ? this.#shown : document.createElement(this.element);
    for (const [name, value] of given) element.setAttribute(name, value);
    this.#names = [...names];
    this.#shown = element;
  }

  override render(): TemplateResult {
    return html`${this.#shown}`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'tarsier-element-frame': ElementFrame;
  }
}
