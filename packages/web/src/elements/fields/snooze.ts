import { html } from 'lit';
import type { TemplateResult } from 'lit';
import { snoozes } from '../../data/incident-actions.ts';
import type { Snooze } from '../../data/incident-actions.ts';
import type { AlertWords } from '../../i18n/alerts/en.ts';

/** Until when an incident is quiet; chosen once, it stands for nothing more. */
export function snoozeField(
  title: string,
  now: number,
  words: AlertWords,
  snooze: (until: number) => void,
): TemplateResult {
  return html`<select
    class="field"
    aria-label=${words.snoozeLabel(title)}
    @change=${(event: Event) => {
      const select = event.target as HTMLSelectElement;
      const chosen = select.value as Snooze | '';
      select.value = '';
      if (chosen !== '') snooze(snoozes[chosen](now));
    }}
  >
    <option value="">${words.snooze}</option>
    <option value="hour">${words.snoozeHour}</option>
    <option value="four">${words.snoozeFour}</option>
    <option value="morning">${words.snoozeMorning}</option>
    <option value="week">${words.snoozeWeek}</option>
  </select>`;
}
