import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import type { ElementState } from '../controllers/series-feed.ts';
import type { Words } from '../i18n/en.ts';

/** What stands in the place of a value that cannot be shown; nothing where it can. */
export function stateNote(state: ElementState, words: Words, retry: () => void): TemplateResult | typeof nothing {
  switch (state.kind) {
    case 'ready':
    case 'stale':
      return nothing;
    case 'loading':
      return html`<div class="note skeleton" aria-busy="true">${words.loading}</div>`;
    case 'empty':
      return html`<div class="note"><slot name="empty">${words.noData}</slot></div>`;
    case 'offline':
      return html`<div class="note">${words.connection.offline}</div>`;
    case 'signed-out':
      return html`<div class="note">${words.signedOut}</div>`;
    case 'token-refused':
      return html`<div class="note">${words.tokenRefused}</div>`;
    case 'denied':
      return html`<div class="note">${words.denied}</div>`;
    case 'unasked':
      return html`<div class="note">${words.nothingChosen}</div>`;
    case 'no-provider':
      return html`<div class="note">${words.noProvider}</div>`;
    case 'error':
      return html`<div class="note">
        <span>${state.error.message}</span> <code>${state.error.code}</code>
        <button class="button" type="button" @click=${retry}>${words.tryAgain}</button>
      </div>`;
  }
}
