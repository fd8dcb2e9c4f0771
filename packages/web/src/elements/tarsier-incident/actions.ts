import type { Incident } from '@tarsier/protocol';
import type { IncidentAction } from '@tarsier/protocol/api';
import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import type { AlertWords } from '../../i18n/alerts/en.ts';
import { snoozeField } from '../fields/snooze.ts';

/** What one can do about an incident, as buttons and small forms. */
export function actions(
  incident: Incident,
  now: number,
  words: AlertWords,
  act: (action: IncidentAction) => void,
): TemplateResult {
  const { incident: text } = words;
  const { acknowledged, assignee = '', status, feedback, title } = incident;
  const button = (label: string, action: IncidentAction, pressed?: boolean): TemplateResult =>
    html`<button
      class="button"
      type="button"
      aria-pressed=${pressed === undefined ? nothing : String(pressed)}
      @click=${() => act(action)}
    >
      ${label}
    </button>`;
  return html`<div class="actions" role="group" aria-label=${text.actions}>
    ${
      status === 'open'
        ? html`${acknowledged === undefined ? button(words.acknowledge, { kind: 'acknowledge' }) : button(words.unacknowledge, { kind: 'unacknowledge' })}
            ${snoozeField(title, now, words, (until) => act({ kind: 'snooze', until }))}
            ${button(text.resolve, { kind: 'resolve' })}
            <form
              class="inline"
              @submit=${(event: SubmitEvent) => {
                const value = submitted(event, 'assignee');
                if (value !== undefined) act({ kind: 'assign', assignee: value });
              }}
            >
              <input
                class="field"
                name="assignee"
                maxlength="200"
                aria-label=${text.assignee}
                placeholder=${text.assignee}
                .value=${assignee}
              />
              <button class="button" type="submit">${text.assign}</button>
            </form>`
        : nothing
    }
    <span class="inline feedback">
      <span class="quiet">${text.feedback}</span>
      ${button(text.useful, { kind: 'feedback', verdict: 'useful' }, feedback === 'useful')}
      ${button(text.noise, { kind: 'feedback', verdict: 'noise' }, feedback === 'noise')}
    </span>
  </div>`;
}

export function commentForm(words: AlertWords, act: (action: IncidentAction) => void): TemplateResult {
  const { incident: text } = words;
  return html`<form
    class="comment"
    @submit=${(event: SubmitEvent) => {
      const value = submitted(event, 'text');
      if (value === undefined || value === '') return;
      act({ kind: 'comment', text: value });
      if (event.target instanceof HTMLFormElement) event.target.reset();
    }}
  >
    <label>
      ${text.comment}
      <textarea class="field" name="text" rows="2" maxlength="10000"></textarea>
    </label>
    <button class="button" type="submit">${text.addComment}</button>
  </form>`;
}

/** What was entered into a field of a form that stays on the page. */
export function submitted(event: SubmitEvent, name: string): string | undefined {
  event.preventDefault();
  if (!(event.target instanceof HTMLFormElement)) return undefined;
  const value = new FormData(event.target).get(name);
  return typeof value === 'string' ? value.trim() : undefined;
}
