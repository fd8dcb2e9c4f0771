/** Fields of the forms on which people decide who is told; what is in them is read when they are sent. */
import type { Weekday } from '@tarsier/protocol/api';
import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import type { PolicyWords } from '../../../i18n/policies/en.ts';

/** A value, and what a person reads. */
export type Option = readonly [value: string, text: string];

export interface InputOptions {
  readonly value?: string | number | undefined;
  readonly type?: 'text' | 'number' | 'date' | 'time' | 'datetime-local' | 'url';
  readonly min?: number;
  readonly max?: number;
  readonly step?: string;
  readonly pattern?: string;
  readonly optional?: boolean;
  readonly help?: string;
}

export function input(
  name: string,
  label: string,
  { value = '', type = 'text', min, max, step, pattern, optional = false, help }: InputOptions = {},
): TemplateResult {
  return html`<label>
      ${label}
      <input
        class="field"
        name=${name}
        type=${type}
        .value=${String(value)}
        min=${min ?? nothing}
        max=${max ?? nothing}
        step=${step ?? nothing}
        pattern=${pattern ?? nothing}
        ?required=${!optional}
        aria-describedby=${help === undefined ? nothing : `${name}-help`}
      />
    </label>
    ${help === undefined ? nothing : html`<span id="${name}-help" class="quiet">${help}</span>`}`;
}

export function area(name: string, label: string, value: string, help?: string, required = false): TemplateResult {
  return html`<label>
      ${label}
      <textarea
        class="field"
        name=${name}
        rows="2"
        ?required=${required}
        .value=${value}
        aria-describedby=${help === undefined ? nothing : `${name}-help`}
      ></textarea>
    </label>
    ${help === undefined ? nothing : html`<span id="${name}-help" class="quiet">${help}</span>`}`;
}

export function select(
  name: string,
  label: string,
  options: readonly Option[],
  chosen: string,
  changed: (value: string) => void = () => {},
): TemplateResult {
  return html`<label>
    ${label}
    <select class="field" name=${name} @change=${(event: Event) => changed((event.target as HTMLSelectElement).value)}>
      ${options.map(([value, text]) => html`<option value=${value} ?selected=${value === chosen}>${text}</option>`)}
    </select>
  </label>`;
}

export function check(name: string, label: string, checked: boolean, value = 'on'): TemplateResult {
  return html`<label class="check"
    ><input type="checkbox" name=${name} value=${value} ?checked=${checked} />${label}</label
  >`;
}

/** Any number of some. */
export function checks(
  name: string,
  legend: string,
  options: readonly Option[],
  chosen: readonly string[],
): TemplateResult {
  return html`<fieldset>
    <legend>${legend}</legend>
    <div class="checks">${options.map(([value, text]) => check(name, text, chosen.includes(value), value))}</div>
  </fieldset>`;
}

const weekdays: readonly Weekday[] = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];

/** Days, and from when to when by the clocks of a zone. */
export function hours(words: PolicyWords, { timeZone, days, from, to }: HoursValue): TemplateResult {
  return html`${checks(
      'days',
      words.onDays,
      weekdays.map((day) => [day, words.days[day]]),
      days,
    )}
    <div class="beside">
      ${input('from', words.from, { type: 'time', value: from })} ${input('to', words.to, { type: 'time', value: to })}
    </div>
    <span class="quiet">${words.nextDay}</span>
    ${timeZoneField(words, timeZone)}`;
}

export interface HoursValue {
  readonly timeZone: string;
  readonly days: readonly string[];
  readonly from: string;
  readonly to: string;
}

export function timeZoneField(words: PolicyWords, chosen: string): TemplateResult {
  const zones = ['UTC', ...Intl.supportedValuesOf('timeZone').filter((zone) => zone !== 'UTC')];
  return select(
    'timeZone',
    words.timeZone,
    zones.map((zone) => [zone, zone.replaceAll('_', ' ')]),
    chosen,
  );
}

export function ownTimeZone(): string {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/** What a person has entered. */
export class Entered {
  readonly #data: FormData;

  constructor(form: HTMLFormElement) {
    this.#data = new FormData(form);
  }

  text(name: string): string {
    const value = this.#data.get(name);
    return typeof value === 'string' ? value.trim() : '';
  }

  number(name: string): number {
    return Number(this.text(name));
  }

  has(name: string): boolean {
    return this.#data.has(name);
  }

  all(name: string): string[] {
    return this.#data.getAll(name).filter((value) => typeof value === 'string');
  }

  /** Parts of a text that is entered with commas or in lines, without empty ones. */
  parts(name: string, separator: string): string[] {
    return this.text(name)
      .split(separator)
      .map((part) => part.trim())
      .filter(Boolean);
  }

  /** Of {@link hours}. */
  calendar(): { readonly timeZone: string; readonly times: readonly object[] } {
    const days = this.all('days');
    const time = { ...(days.length === 0 ? {} : { days }), from: this.text('from'), to: this.text('to') };
    return { timeZone: this.text('timeZone'), times: [time] };
  }
}
