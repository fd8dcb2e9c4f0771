import { css, html, LitElement } from 'lit';
import type { TemplateResult } from 'lit';
import { property } from 'lit/decorators.js';
import { base, tokens } from '../styles/tokens.ts';

/**
 * A dialog that lists keys and what they do.
 *
 * @fires close
 */
export class KeyHelp extends LitElement {
  static override styles = [
    tokens,
    base,
    css`
      dialog {
        width: min(520px, calc(100vw - 32px));
        padding: 20px 24px;
        border: 1px solid var(--_border-strong);
        border-radius: var(--_radius);
        background: var(--_surface);
        color: inherit;
      }
      dialog::backdrop {
        background: rgb(0 0 0 / 45%);
      }
      h2 {
        margin: 0 0 12px;
        font-size: 17px;
      }
      dl {
        display: grid;
        grid-template-columns: auto 1fr;
        gap: 6px 16px;
        margin-bottom: 16px;
      }
      dt {
        white-space: nowrap;
      }
    `,
  ];

  @property({ attribute: false }) heading = '';
  @property({ attribute: false }) closeWord = '';
  /** Keys separated by blanks, and what they do. */
  @property({ attribute: false }) keys: readonly (readonly string[])[] = [];

  protected override firstUpdated(): void {
    this.renderRoot.querySelector('dialog')?.showModal();
  }

  #close(): void {
    this.renderRoot.querySelector('dialog')?.close();
  }

  override render(): TemplateResult {
    return html`<dialog aria-labelledby="heading" @close=${() => this.dispatchEvent(new Event('close'))}>
      <h2 id="heading">${this.heading}</h2>
      <dl>
        ${this.keys.map(
          ([keys = '', what]) =>
            html`<dt>${keys.split(' ').map((key) => html`<kbd>${key}</kbd> `)}</dt>
              <dd>${what}</dd>`,
        )}
      </dl>
      <button class="button" type="button" @click=${this.#close}>${this.closeWord}</button>
    </dialog>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'tarsier-key-help': KeyHelp;
  }
}
