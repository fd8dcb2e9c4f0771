import type { Channel, Rotation, Route } from '@tarsier/protocol/api';
import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import type { PolicyWords } from '../../../i18n/policies/en.ts';
import { area, check, checks, hours, input, ownTimeZone, select, type Entered, type Option } from './inputs.ts';

const secondMs = 1_000;
const minuteMs = 60_000;
const hourMs = 3_600_000;
const severities = ['info', 'warning', 'critical', 'page'] as const;

/** What a new route begins with; the collector's defaults. */
const fresh = {
  name: '',
  position: 100,
  matchers: [],
  onCall: [],
  groupBy: ['alertname'],
  togetherMs: 2 * minuteMs,
  groupWaitMs: 0,
  groupIntervalMs: minuteMs,
  repeatMs: 4 * hourMs,
  cooldownMs: 5 * minuteMs,
  minSeverity: 'info',
  anyHourSeverity: 'page',
  escalation: [],
} satisfies Partial<Route>;

/** What the form of a route is drawn from, beside the route. */
export interface RouteForm {
  /** Steps of the escalation that are shown, and whether it has hours. */
  readonly steps: number;
  readonly hasHours: boolean;
  readonly channels: readonly Channel[];
  readonly rotations: readonly Rotation[];
  readonly change: (form: { readonly steps?: number; readonly hasHours?: boolean }) => void;
}

export function routeFields(words: PolicyWords, route: Route | undefined, form: RouteForm): TemplateResult {
  const text = words.route;
  const at = route ?? fresh;
  const channels = form.channels.map(({ id, name }): Option => [id, name]);
  const rotations = form.rotations.map(({ id, name }): Option => [id, name]);
  const severityOptions = severities.map((one): Option => [one, words.severities[one]]);
  return html`${input('name', words.name, { value: at.name })}
    ${input('position', text.position, { type: 'number', min: 0, max: 100_000, value: at.position })}
    ${area('matchers', text.matchers, at.matchers.join('\n'), text.matchersHelp)}
    <fieldset>
      <legend>${text.channels}</legend>
      <div class="checks">
        ${check('everyone', text.everyone, route?.channels === undefined && at.onCall.length === 0)}
        <span class="quiet">${text.chosen}</span>
        ${channels.map(([id, name]) => check('channels', name, route?.channels?.includes(id) ?? false, id))}
      </div>
    </fieldset>
    ${rotations.length === 0 ? nothing : checks('onCall', text.onCall, rotations, at.onCall)}
    ${select('minSeverity', text.minSeverity, severityOptions, at.minSeverity)} ${hoursField(words, route, form)}
    ${select('anyHourSeverity', text.anyHour, severityOptions, at.anyHourSeverity)}
    <fieldset>
      <legend>${text.escalation}</legend>
      ${Array.from({ length: form.steps }, (_, step) => stepFields(words, route, step, channels, rotations))}
      <p class="form-buttons">
        <button class="button" type="button" @click=${() => form.change({ steps: form.steps + 1 })}>
          ${words.add}
        </button>
        ${
          form.steps === 0
            ? nothing
            : html`<button class="button" type="button" @click=${() => form.change({ steps: form.steps - 1 })}>
                ${words.less}
              </button>`
        }
      </p>
    </fieldset>
    <details>
      <summary>${text.timing}</summary>
      ${input('groupBy', text.groupBy, { value: at.groupBy.join(', '), optional: true })}
      ${duration('together', text.together, at.togetherMs / minuteMs)}
      ${duration('groupWait', text.groupWait, at.groupWaitMs / secondMs)}
      ${duration('groupInterval', text.groupInterval, at.groupIntervalMs / minuteMs)}
      ${duration('repeat', text.repeat, at.repeatMs / hourMs)}
      ${duration('cooldown', text.cooldown, at.cooldownMs / minuteMs)}
    </details>`;
}

function duration(name: string, label: string, value: number): TemplateResult {
  return input(name, label, { type: 'number', min: 0, step: 'any', value });
}

function hoursField(words: PolicyWords, route: Route | undefined, { hasHours, change }: RouteForm): TemplateResult {
  const { timeZone = ownTimeZone(), times = [] } = route?.hours ?? {};
  const { days = ['mon', 'tue', 'wed', 'thu', 'fri'], from = '08:00', to = '18:00' } = times[0] ?? {};
  return html`<label class="check"
      ><input
        type="checkbox"
        name="hasHours"
        ?checked=${hasHours}
        @change=${(event: Event) => change({ hasHours: (event.target as HTMLInputElement).checked })}
      />${words.route.hours}</label
    >
    ${hasHours ? hours(words, { timeZone, days, from, to }) : nothing}`;
}

function stepFields(
  words: PolicyWords,
  route: Route | undefined,
  step: number,
  channels: readonly Option[],
  rotations: readonly Option[],
): TemplateResult {
  const before = route?.escalation[step];
  const value = (before?.afterMs ?? (step + 1) * 15 * minuteMs) / minuteMs;
  return html`<fieldset>
    <legend>${words.route.step(step + 1)}</legend>
    ${input(`after-${step}`, words.route.after, { type: 'number', min: 0, step: 'any', value })}
    ${checks(`channels-${step}`, words.route.channels, channels, before?.channels ?? [])}
    ${rotations.length === 0 ? nothing : checks(`onCall-${step}`, words.route.onCall, rotations, before?.onCall ?? [])}
  </fieldset>`;
}

/** @param before  what the form does not show stays as it was */
export function routeOf(entered: Entered, steps: number, before: Route | undefined): { readonly name: string } {
  const { id: _, channels: __, hours: ___, ...kept } = before ?? { id: '' };
  const ms = (name: string, unit: number): number => Math.round(entered.number(name) * unit);
  const own = entered.has('everyone') ? {} : { channels: entered.all('channels') };
  // Of several times of a week the form shows the first: the others stay.
  const shown = entered.has('hasHours') ? entered.calendar() : undefined;
  const calendar = shown && { ...shown, times: [...shown.times, ...(before?.hours?.times.slice(1) ?? [])] };
  return {
    ...kept,
    name: entered.text('name'),
    ...{ position: entered.number('position'), matchers: entered.parts('matchers', '\n') },
    ...own,
    ...{ onCall: entered.all('onCall'), minSeverity: entered.text('minSeverity') },
    ...(calendar === undefined ? {} : { hours: calendar }),
    ...{ anyHourSeverity: entered.text('anyHourSeverity'), groupBy: entered.parts('groupBy', ',') },
    ...{ togetherMs: ms('together', minuteMs), groupWaitMs: ms('groupWait', secondMs) },
    ...{ groupIntervalMs: ms('groupInterval', minuteMs), repeatMs: ms('repeat', hourMs) },
    ...{ cooldownMs: ms('cooldown', minuteMs) },
    ...{
      escalation: Array.from({ length: steps }, (_, step) => ({
        afterMs: ms(`after-${step}`, minuteMs),
        channels: entered.all(`channels-${step}`),
        onCall: entered.all(`onCall-${step}`),
      })),
    },
  };
}
