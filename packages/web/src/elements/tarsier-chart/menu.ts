import { html } from 'lit';
import type { TemplateResult } from 'lit';
import type { Words } from '../../i18n/en.ts';

export interface MenuActions {
  readonly zoomIn: () => void;
  readonly zoomOut: () => void;
  readonly reset: () => void;
  readonly csv: () => Promise<void>;
  readonly png: () => Promise<void>;
  readonly svg: () => Promise<void>;
  readonly link: () => void;
  readonly help: () => void;
}

/** What a chart can do, for who does not drag. */
export function menuEntries({ chart }: Words, actions: MenuActions): readonly TemplateResult[] {
  const entries: readonly (readonly [string, () => unknown])[] = [
    [chart.zoomIn, actions.zoomIn],
    [chart.zoomOut, actions.zoomOut],
    [chart.reset, actions.reset],
    [chart.copyLink, actions.link],
    [chart.exportCsv, actions.csv],
    [chart.exportPng, actions.png],
    [chart.exportSvg, actions.svg],
    [chart.help, actions.help],
  ];
  return entries.map(
    ([text, run]) =>
      html`<button type="button" popovertarget="menu" popovertargetaction="hide" @click=${run} @keydown=${walk}>
        ${text}
      </button>`,
  );
}

function walk(event: KeyboardEvent): void {
  if (!(event.currentTarget instanceof HTMLElement)) return;
  const { previousElementSibling: before, nextElementSibling: after } = event.currentTarget;
  const next = event.key === 'ArrowDown' ? after : event.key === 'ArrowUp' ? before : null;
  if (!(next instanceof HTMLElement)) return;
  next.focus();
  event.preventDefault();
}

/** Keys and gestures of every chart. */
export function help({ chart }: Words, closed: () => void): TemplateResult {
  return html`<dialog class="help" aria-label=${chart.help} @close=${closed} @click=${closeOf}>
    <dl>
      ${chart.keys.map(
        ([keys = '', what]) =>
          html`<dt>${keys}</dt>
            <dd>${what}</dd>`,
      )}
    </dl>
    <button class="button" type="button">${chart.closeHelp}</button>
  </dialog>`;
}

function closeOf({ target, currentTarget }: Event): void {
  if (!(currentTarget instanceof HTMLDialogElement)) return;
  if (target === currentTarget || target instanceof HTMLButtonElement) currentTarget.close();
}
