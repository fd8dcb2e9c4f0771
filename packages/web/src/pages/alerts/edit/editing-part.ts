import type { Weekday } from '@tarsier/protocol/api';
import { html, LitElement, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import { state } from 'lit/decorators.js';
import { keyed } from 'lit/directives/keyed.js';
import { LocaleController } from '../../../controllers/locale.ts';
import { RequestError } from '../../../data/rest.ts';
import type { DataSource } from '../../../data/source.ts';
import { alertWords } from '../../../i18n/alerts/words.ts';
import { policyWords } from '../../../i18n/policies/words.ts';
import { base, tokens } from '../../../styles/tokens.ts';
import { partStyles } from '../part.styles.ts';
import { Entered } from './inputs.ts';

/** What is sent to the collector, and what is said when it was taken. */
export interface Change {
  readonly method: 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly body?: object;
  readonly done: string;
}

/** A part of the page on which people change something, and are told what came of it. */
export abstract class EditingPart extends LitElement {
  static override styles = [tokens, base, partStyles];

  /** What came of the last change. */
  @state() protected said = '';
  /** Id of what is being changed; '' for something new; undefined: nothing is. */
  @state() protected editing: string | undefined;

  protected readonly locale = new LocaleController(this, alertWords);
  protected readonly policies = new LocaleController(this, policyWords);

  protected abstract get source(): DataSource | undefined;
  /** Reads anew what was changed. */
  protected abstract refresh(): void;

  /** @returns whether it was taken */
  protected async change({ method, path, body, done }: Change): Promise<boolean> {
    try {
      await this.source?.api.send(method, path, body);
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      this.said = this.locale.words.failed(error.message);
      return false;
    }
    this.said = done;
    this.refresh();
    return true;
  }

  protected async discard(path: string, name: string): Promise<void> {
    const { words } = this.policies;
    // A slip of the finger must not leave nobody told.
    if (!confirm(words.sure(name))) return;
    if (await this.change({ method: 'DELETE', path, done: words.removed(name) })) this.editing = undefined;
  }

  /** Something of a list at `path`: a new one, or the one that is edited. */
  protected async submit(
    event: SubmitEvent,
    path: string,
    bodyOf: (entered: Entered) => { readonly name: string },
  ): Promise<void> {
    event.preventDefault();
    const form = event.target;
    if (!(form instanceof HTMLFormElement)) return;
    const body = bodyOf(new Entered(form));
    const done = this.policies.words.saved(body.name);
    const id = this.editing;
    const taken =
      id === undefined || id === ''
        ? await this.change({ method: 'POST', path, body, done })
        : await this.change({ method: 'PUT', path: `${path}/${encodeURIComponent(id)}`, body, done });
    if (taken) this.editing = undefined;
  }

  protected status(): TemplateResult {
    // Nothing else within it: it has no height while it is empty.
    return html`<p role="status" class="said">${this.said === '' ? nothing : this.said}</p>`;
  }

  protected edit(id: string): void {
    this.editing = id;
    this.said = '';
    void this.updateComplete.then(() => this.renderRoot.querySelector<HTMLElement>('form .field')?.focus());
  }

  protected editButtons(id: string, name: string, path: string): TemplateResult {
    const { words } = this.policies;
    return html`<button class="button" type="button" aria-label=${words.editLabel(name)} @click=${() => this.edit(id)}>
        ${words.edit}
      </button>
      <button
        class="button"
        type="button"
        aria-label=${words.removeLabel(name)}
        @click=${() => void this.discard(`${path}/${encodeURIComponent(id)}`, name)}
      >
        ${words.remove}
      </button>`;
  }

  /** The form for a new one or the one that is edited, below its title; a button that opens it where there is none. */
  protected editor(newTitle: string, title: string, form: () => TemplateResult): TemplateResult {
    if (this.editing === undefined) {
      return html`<p><button class="button" type="button" @click=${() => this.edit('')}>${newTitle}</button></p>`;
    }
    // Another's form begins with what that one is, not with what was typed into this one.
    return html`${keyed(
      this.editing,
      html`<section class="card" aria-labelledby="editor">
        <h2 id="editor">${this.editing === '' ? newTitle : title}</h2>
        ${form()}
      </section>`,
    )}`;
  }

  /** When something is in force: its days, unless it is each of them, and from when to when. */
  protected timesInWords(
    times: readonly { readonly days: readonly Weekday[]; readonly from: string; readonly to: string }[],
  ): string {
    const { days: names } = this.policies.words;
    const daysOf = (days: readonly Weekday[]): string =>
      days.length === 7 ? '' : `${days.map((day) => names[day]).join(' ')} `;
    return times.map(({ days, from, to }) => `${daysOf(days)}${from}–${to}`).join(', ');
  }

  protected formButtons(): TemplateResult {
    const { words } = this.policies;
    return html`<p class="form-buttons">
      <button class="button primary" type="submit">${words.save}</button>
      <button class="button" type="button" @click=${() => (this.editing = undefined)}>${words.cancel}</button>
    </p>`;
  }

  /** While something is asked for, and when it could not be had. */
  protected waiting(asked: {
    readonly kind: string;
    readonly error?: { readonly message: string; readonly code: string };
  }): TemplateResult | typeof nothing {
    if (asked.kind === 'loading') return html`<p class="quiet" aria-busy="true">${this.locale.words.list.loading}</p>`;
    if (asked.kind !== 'failed') return nothing;
    const { words } = this.policies;
    return html`<p class="card">${words.failed} ${asked.error?.message} <code>${asked.error?.code}</code></p>`;
  }
}
