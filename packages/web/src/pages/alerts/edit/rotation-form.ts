import type { Channel, Rotation } from '@tarsier/protocol/api';
import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import type { PolicyWords } from '../../../i18n/policies/en.ts';
import { checks, input, ownTimeZone, timeZoneField, type Entered } from './inputs.ts';

export interface RotationForm {
  /** People who are shown. */
  readonly people: number;
  readonly channels: readonly Channel[];
  /** Today, as in 2026-11-30. */
  readonly today: string;
  readonly change: (people: number) => void;
}

export function rotationFields(
  words: PolicyWords,
  rotation: Rotation | undefined,
  { people, channels, today, change }: RotationForm,
): TemplateResult {
  const text = words.rotation;
  return html`${input('name', words.name, { value: rotation?.name })}
    <fieldset>
      <legend>${text.people}</legend>
      ${channels.length === 0 ? html`<p class="quiet">${text.noChannels}</p>` : nothing}
      ${Array.from({ length: people }, (_, index) => {
        const before = rotation?.people[index];
        return html`<fieldset>
          <legend>${text.person(index + 1)}</legend>
          ${input(`person-${index}`, words.name, { value: before?.name })}
          ${
            channels.length === 0
              ? nothing
              : checks(
                  `channels-${index}`,
                  text.reachedBy(before?.name ?? text.person(index + 1)),
                  channels.map(({ id, name }) => [id, name]),
                  before?.channels ?? [],
                )
          }
        </fieldset>`;
      })}
      <p class="form-buttons">
        <button class="button" type="button" @click=${() => change(people + 1)}>${words.add}</button>
        ${
          people === 1
            ? nothing
            : html`<button class="button" type="button" @click=${() => change(people - 1)}>${words.less}</button>`
        }
      </p>
    </fieldset>
    <div class="beside">
      ${input('startsOn', text.startsOn, { type: 'date', value: rotation?.startsOn ?? today })}
      ${input('handOverAt', text.handOverAt, { type: 'time', value: rotation?.handOverAt ?? '09:00' })}
      ${input('shiftDays', text.shiftDays, { type: 'number', min: 1, max: 366, value: rotation?.shiftDays ?? 7 })}
    </div>
    ${timeZoneField(words, rotation?.timeZone ?? ownTimeZone())}`;
}

/** @param before  its hours are not shown, and stay as they were */
export function rotationOf(entered: Entered, people: number, before: Rotation | undefined): { readonly name: string } {
  return {
    name: entered.text('name'),
    ...{ timeZone: entered.text('timeZone'), startsOn: entered.text('startsOn') },
    ...{ handOverAt: entered.text('handOverAt'), shiftDays: entered.number('shiftDays') },
    ...{
      people: Array.from({ length: people }, (_, index) => ({
        name: entered.text(`person-${index}`),
        channels: entered.all(`channels-${index}`),
      })),
    },
    ...(before?.times === undefined ? {} : { times: before.times }),
  };
}
