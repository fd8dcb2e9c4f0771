import type { OnCallResponse, Override, Rotation, Shift } from '@tarsier/protocol/api';
import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import { state } from 'lit/decorators.js';
import { formatTime } from '../../chart/age.ts';
import { asking } from '../../controllers/asked.ts';
import type { DataSource } from '../../data/source.ts';
import { EditingPart } from './edit/editing-part.ts';
import { Entered, input, select } from './edit/inputs.ts';
import { rotationFields, rotationOf } from './edit/rotation-form.ts';

const pollMs = 60_000;
const path = '/v1/rotations';
const overridesPath = '/v1/overrides';

/** Who is on call now and next, in which order people take turns, and who takes over from whom. */
export class AlertOnCall extends EditingPart {
  /** People in the form of a rotation. */
  @state() private people = 1;
  /** The rotation in the form of an override. */
  @state() private chosen: string | undefined;

  readonly #onCall = asking(
    this,
    () => '/v1/on-call',
    () => pollMs,
  );
  readonly #rotations = asking(
    this,
    () => `${path}?limit=1000`,
    () => pollMs,
  );
  readonly #overrides = asking(
    this,
    () => `${overridesPath}?limit=1000`,
    () => pollMs,
  );
  readonly #channels = asking(
    this,
    () => '/v1/channels?limit=1000',
    () => pollMs,
  );

  protected override get source(): DataSource | undefined {
    return this.#onCall.source;
  }

  protected override refresh(): void {
    this.#onCall.refresh();
    this.#rotations.refresh();
    this.#overrides.refresh();
  }

  protected override edit(id: string): void {
    this.people = this.#all.find((rotation) => rotation.id === id)?.people.length ?? 1;
    super.edit(id);
  }

  get #all(): readonly Rotation[] {
    const { state: asked } = this.#rotations;
    return asked.kind === 'ready' ? asked.value.rotations : [];
  }

  override render(): TemplateResult {
    const { state: asked } = this.#onCall;
    if (asked.kind !== 'ready') return html`${this.waiting(asked)}`;
    const { onCallPage: text } = this.locale.words;
    const { rotation: words } = this.policies.words;
    const { rotations } = asked.value;
    const changed = this.#all.find(({ id }) => id === this.editing);
    return html`${rotations.length === 0 ? html`<p class="card">${text.none}</p>` : this.#now(rotations)}
    ${this.status()} ${this.editor(words.new, words.change(changed?.name ?? ''), () => this.#form(changed))}
    ${this.#all.length === 0 ? nothing : this.#takingOver()}`;
  }

  #now(rotations: OnCallResponse['rotations']): TemplateResult {
    const { onCallPage: text, page } = this.locale.words;
    const { rotation: words } = this.policies.words;
    return html`<div class="card scroll" tabindex="0" role="region" aria-label=${page.onCall}>
      <table>
        <thead>
          <tr>
            <th scope="col">${text.rotation}</th>
            <th scope="col">${text.now}</th>
            <th scope="col">${text.next}</th>
            <td></td>
          </tr>
        </thead>
        <tbody>
          ${rotations.map(({ id, name, now, next }) => {
            const rotation = this.#all.find((one) => one.id === id);
            return html`<tr>
              <th scope="row">
                ${name}
                ${
                  rotation === undefined
                    ? nothing
                    : html`<span class="quiet below"
                        >${words.describe(rotation.people.map((person) => person.name).join(', '), rotation.shiftDays)}</span
                      >`
                }
              </th>
              <td>${this.#shift(now, (shift) => text.until(shift.person, this.#moment(shift.to)))}</td>
              <td>${this.#shift(next, (shift) => text.from(shift.person, this.#moment(shift.from)))}</td>
              <td class="actions">${this.editButtons(id, name, path)}</td>
            </tr>`;
          })}
        </tbody>
      </table>
    </div>`;
  }

  #moment(at: number): string {
    return formatTime(at, 'day', this.locale);
  }

  #shift(shift: Shift | null, say: (shift: Shift) => string): TemplateResult {
    const { onCallPage: text } = this.locale.words;
    if (shift === null) return html`<span class="quiet">${text.nobody}</span>`;
    return html`${say(shift)}${shift.override === undefined ? nothing : html` <span class="quiet">(${text.override})</span>`}`;
  }

  #form(rotation: Rotation | undefined): TemplateResult {
    const { state: channels } = this.#channels;
    const submit = (event: SubmitEvent): void =>
      void this.submit(event, path, (entered) => rotationOf(entered, this.people, rotation));
    return html`<form @submit=${submit}>
      ${rotationFields(this.policies.words, rotation, {
        people: this.people,
        channels: channels.kind === 'ready' ? channels.value.channels : [],
        today: localTime(this.source?.now() ?? Date.now()).slice(0, 10),
        change: (people) => (this.people = people),
      })}
      ${this.formButtons()}
    </form>`;
  }

  #takingOver(): TemplateResult {
    const { override: text } = this.policies.words;
    const { state: asked } = this.#overrides;
    const now = this.source?.now() ?? Date.now();
    const ahead = asked.kind === 'ready' ? asked.value.overrides.filter(({ to }) => to > now) : [];
    return html`<section class="card" aria-labelledby="overrides">
      <h2 id="overrides">${text.all}</h2>
      ${
        ahead.length === 0
          ? html`<p class="quiet">${text.none}</p>`
          : html`<ul>
              ${ahead.map((one) => this.#override(one))}
            </ul>`
      }
      <details>
        <summary>${text.new}</summary>
        ${this.#overrideForm(now)}
      </details>
    </section>`;
  }

  #override({ id, rotationId, person, from, to, comment }: Override): TemplateResult {
    const { override: text, remove, removeLabel } = this.policies.words;
    const name = this.#all.find((rotation) => rotation.id === rotationId)?.name ?? rotationId;
    const label = text.label(person, name);
    return html`<li>
      ${text.of(person, name, this.#moment(from), this.#moment(to))}
      ${comment === '' ? nothing : html`<span class="quiet">${comment}</span>`}
      <button
        class="button"
        type="button"
        aria-label=${removeLabel(label)}
        @click=${() => void this.discard(`${overridesPath}/${encodeURIComponent(id)}`, label)}
      >
        ${remove}
      </button>
    </li>`;
  }

  #overrideForm(now: number): TemplateResult {
    const { override: text } = this.policies.words;
    const rotation = this.#all.find(({ id }) => id === this.chosen) ?? this.#all[0];
    const names = [...new Set(rotation?.people.map(({ name }) => name))];
    return html`<form @submit=${(event: SubmitEvent) => void this.#takeOver(event)}>
      ${select(
        'rotationId',
        text.rotation,
        this.#all.map(({ id, name }) => [id, name]),
        rotation?.id ?? '',
        (id) => (this.chosen = id),
      )}
      ${select(
        'person',
        text.person,
        names.map((name) => [name, name]),
        names[0] ?? '',
      )}
      <div class="beside">
        ${input('from', text.from, { type: 'datetime-local', value: localTime(now) })}
        ${input('to', text.to, { type: 'datetime-local', value: localTime(now + 12 * 3_600_000) })}
      </div>
      ${input('comment', text.comment, { optional: true })}
      <button class="button" type="submit">${text.save}</button>
    </form>`;
  }

  async #takeOver(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    const form = event.target;
    if (!(form instanceof HTMLFormElement)) return;
    const entered = new Entered(form);
    const [person, rotationId] = [entered.text('person'), entered.text('rotationId')];
    const time = (name: string): number => new Date(entered.text(name)).getTime();
    const body = { rotationId, person, from: time('from'), to: time('to'), comment: entered.text('comment') };
    const name = this.#all.find(({ id }) => id === rotationId)?.name ?? '';
    const { override: text, saved } = this.policies.words;
    await this.change({ method: 'POST', path: overridesPath, body, done: saved(text.label(person, name)) });
  }
}

/** As fields of date and time have it, by the browser's clock: `2026-11-30T16:40`. */
function localTime(at: number): string {
  return new Date(at - new Date(at).getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
