import type { Channel, Rotation, Route, RoutedChannel, RoutePreview } from '@tarsier/protocol/api';
import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import { state } from 'lit/decorators.js';
import { AskedController } from '../../controllers/asked.ts';
import { RequestError } from '../../data/rest.ts';
import type { DataSource } from '../../data/source.ts';
import { EditingPart } from './edit/editing-part.ts';
import { area, Entered, input, select } from './edit/inputs.ts';
import { routeFields, routeOf } from './edit/route-form.ts';

const pollMs = 60_000;
const minuteMs = 60_000;
const path = '/v1/routes';
const severities = ['info', 'warning', 'critical', 'page'] as const;

/** How alerts are told, and to whom: the routes in their order, and which of them an alert would take. */
export class AlertRoutes extends EditingPart {
  @state() private preview: RoutePreview | undefined;
  @state() private shown: { readonly steps: number; readonly hasHours: boolean } = { steps: 0, hasHours: false };

  readonly #routes = this.#list<{ readonly routes: readonly Route[] }>(path);
  readonly #channels = this.#list<{ readonly channels: readonly Channel[] }>('/v1/channels');
  readonly #rotations = this.#list<{ readonly rotations: readonly Rotation[] }>('/v1/rotations');

  #list<T>(of: string): AskedController<T> {
    return new AskedController<T>(
      this,
      () => `${of}?limit=1000`,
      () => pollMs,
    );
  }

  protected override get source(): DataSource | undefined {
    return this.#routes.source;
  }

  protected override refresh(): void {
    this.preview = undefined;
    this.#routes.refresh();
  }

  protected override edit(id: string): void {
    const route = this.#all.find((one) => one.id === id);
    this.shown = { steps: route?.escalation.length ?? 0, hasHours: route?.hours !== undefined };
    super.edit(id);
  }

  /** In the order in which they are asked. */
  get #all(): readonly Route[] {
    const { state: asked } = this.#routes;
    const routes = asked.kind === 'ready' ? asked.value.routes : [];
    return routes.toSorted((a, b) => a.position - b.position || (a.name < b.name ? -1 : 1));
  }

  override render(): TemplateResult {
    const { state: asked } = this.#routes;
    if (asked.kind !== 'ready') return html`${this.waiting(asked)}`;
    const { route: text } = this.policies.words;
    const routes = this.#all;
    const changed = routes.find(({ id }) => id === this.editing);
    return html`<section class="card" aria-labelledby="routes">
        <h2 id="routes">${text.tab}</h2>
        <p class="quiet">${text.intro}</p>
        <ol class="tree">
          ${routes.map((route) => this.#branch(route))}
          <li class="branch" aria-current=${this.preview?.routeId === 'default' ? 'true' : nothing}>
            <strong>${text.default}</strong>
            <p>${text.defaultText}</p>
          </li>
        </ol>
      </section>
      ${this.status()} ${this.editor(text.new, text.change(changed?.name ?? ''), () => this.#form(changed))}
      ${this.#example()}`;
  }

  #branch(route: Route): TemplateResult {
    const { route: text, severities: names } = this.policies.words;
    const { matchers, minSeverity, hours, escalation } = route;
    return html`<li class="branch" aria-current=${this.preview?.routeId === route.id ? 'true' : nothing}>
      <strong>${route.name}</strong> <code>${text.matches(matchers.join(', '))}</code>
      <p>${text.tells(this.#targets(route))}</p>
      ${minSeverity === 'info' ? nothing : html`<p class="quiet">${text.fromSeverity(names[minSeverity])}</p>`}
      ${
        hours === undefined
          ? nothing
          : html`<p class="quiet">${text.inHours(`${this.timesInWords(hours.times)}, ${hours.timeZone}`)}</p>`
      }
      ${
        escalation.length === 0
          ? nothing
          : html`<ol>
              ${escalation.map(
                (step) =>
                  html`<li>
                    ${text.escalates(this.#number(step.afterMs / minuteMs), this.#targets(step) || text.nobody)}
                  </li>`,
              )}
            </ol>`
      }
      <p class="form-buttons">${this.editButtons(route.id, route.name, path)}</p>
    </li>`;
  }

  #number(value: number): string {
    return new Intl.NumberFormat(this.locale.lang, { maximumFractionDigits: 1 }).format(value);
  }

  #targets({
    channels,
    onCall,
  }: {
    readonly channels?: readonly string[] | undefined;
    readonly onCall: readonly string[];
  }): string {
    const { route: text } = this.policies.words;
    const [named, rotations] = [this.#channelList, this.#rotationList];
    const own = channels?.map((id) => named.find((one) => one.id === id)?.name ?? id);
    const people = onCall.map((id) => text.rotation(rotations.find((one) => one.id === id)?.name ?? id));
    const everyone = channels === undefined && people.length === 0 ? [text.everyone] : [];
    return [...everyone, ...(own ?? []), ...people].join(', ') || text.nobody;
  }

  get #channelList(): readonly Channel[] {
    const { state: asked } = this.#channels;
    return asked.kind === 'ready' ? asked.value.channels : [];
  }

  get #rotationList(): readonly Rotation[] {
    const { state: asked } = this.#rotations;
    return asked.kind === 'ready' ? asked.value.rotations : [];
  }

  #form(route: Route | undefined): TemplateResult {
    const { steps, hasHours } = this.shown;
    const submit = (event: SubmitEvent): void =>
      void this.submit(event, path, (entered) => routeOf(entered, steps, route));
    return html`<form @submit=${submit}>
      ${routeFields(this.policies.words, route, {
        steps,
        hasHours,
        channels: this.#channelList,
        rotations: this.#rotationList,
        change: (form) => (this.shown = { ...this.shown, ...form }),
      })}
      ${this.formButtons()}
    </form>`;
  }

  #example(): TemplateResult {
    const { route: text, severities: names } = this.policies.words;
    return html`<section class="card" aria-labelledby="example">
      <h2 id="example">${text.example}</h2>
      <form @submit=${(event: SubmitEvent) => void this.#find(event)}>
        <div class="beside">
          ${input('alertname', text.alertname, { optional: true })} ${input('host', text.host, { optional: true })}
          ${select(
            'severity',
            text.severity,
            severities.map((one) => [one, names[one]]),
            'warning',
          )}
        </div>
        ${area('labels', text.labels, '')}
        <button class="button" type="submit">${text.find}</button>
      </form>
      <div role="status">${this.preview === undefined ? nothing : this.#way(this.preview)}</div>
    </section>`;
  }

  #way({ routeId, route, channels, escalation, held }: RoutePreview): TemplateResult {
    const { route: text } = this.policies.words;
    const named = (some: readonly RoutedChannel[]): string =>
      some.map(({ name, person }) => (person === undefined ? name : text.personOnCall(name, person))).join(', ') ||
      text.nobody;
    return html`<p>${text.goes(routeId === 'default' ? text.default : route)}</p>
      <p>
        ${
          held === undefined
            ? text.toldNow(named(channels))
            : text.heldNow(text.reasons[held.reason] ?? held.reason, held.reason === 'silenced' ? held.detail : '')
        }
      </p>
      ${escalation.map(
        (step) => html`<p>${text.escalates(this.#number(step.afterMs / minuteMs), named(step.channels))}</p>`,
      )}`;
  }

  async #find(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    if (!(event.target instanceof HTMLFormElement)) return;
    const entered = new Entered(event.target);
    const own = entered.parts('labels', '\n').map((line): [string, string] => {
      const at = line.indexOf('=');
      return at === -1
        ? [line, '']
        : [
            line.slice(0, at).trim(),
            line
              .slice(at + 1)
              .trim()
              .replaceAll(/^"|"$/gu, ''),
          ];
    });
    const named = ['alertname', 'host', 'severity'].map((name): [string, string] => [name, entered.text(name)]);
    const labels = Object.fromEntries([...own, ...named].filter(([, value]) => value !== ''));
    this.said = '';
    try {
      this.preview = await this.source?.api.send('POST', `${path}/preview`, { labels });
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      this.said = this.locale.words.failed(error.message);
    }
  }
}
