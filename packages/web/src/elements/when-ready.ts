import { html } from 'lit';
import type { TemplateResult } from 'lit';
import type { Loadable } from '../data/source.ts';
import type { ModelWords } from '../i18n/models/en.ts';

interface Asked<T> {
  readonly state: Loadable<T>;
  /** Undefined outside of a provider. */
  readonly source: { now(): number } | undefined;
  refresh(): void;
}

/** Shows what was asked for once it is there; until then why it is not. */
export function whenReady<T>(
  asked: Asked<T>,
  words: ModelWords,
  show: (value: T, now: number) => TemplateResult,
): TemplateResult {
  const { state, source } = asked;
  if (source === undefined) return html`<p class="note">${words.noProvider}</p>`;
  if (state.kind === 'ready') return show(state.value, source.now());
  if (state.kind === 'loading') return html`<p class="note skeleton" aria-busy="true">${words.loading}</p>`;
  // Nothing is wrong, and trying again changes nothing.
  if (state.error.code === 'auth/scope') return html`<p class="note">${words.denied}</p>`;
  return html`<p class="note">
    <span>${state.error.message}</span> <code>${state.error.code}</code>
    <button class="button" type="button" @click=${() => asked.refresh()}>${words.tryAgain}</button>
  </p>`;
}
