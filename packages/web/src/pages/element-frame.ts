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

  protected override willUpdate(): void {
    const element = this.#shown?.localName === this.element ? this.#shown : document.createElement(this.element);
    for (const name of element.getAttributeNames()) if (!(name in this.given)) element.removeAttribute(name);
    for (const [name, value] of Object.entries(this.given)) {
      if (value === '') element.removeAttribute(name);
      else element.setAttribute(name, value);
    }
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
