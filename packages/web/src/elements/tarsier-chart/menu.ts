import { html } from 'lit';
import type { TemplateResult } from 'lit';
import type { Words } from '../../i18n/en.ts';
import { icons } from '../../styles/icons.ts';

export interface MenuActions {
  readonly table: () => void;
  readonly zoomIn: () => void;
  readonly zoomOut: () => void;
  readonly reset: () => void;
  readonly csv: () => void;
  readonly png: () => void;
  readonly svg: () => void;
  readonly link: () => void;
  readonly help: () => void;
}

/** What a chart can do, for who does not drag. */
export function menu(label: string, { chart }: Words, actions: MenuActions): TemplateResult {
  const entries: readonly (readonly [string, () => void])[] = [
    [chart.zoomIn, actions.zoomIn],
    [chart.zoomOut, actions.zoomOut],
    [chart.reset, actions.reset],
    [chart.copyLink, actions.link],
    [chart.exportCsv, actions.csv],
    [chart.exportPng, actions.png],
    [chart.exportSvg, actions.svg],
    [chart.help, actions.help],
  ];
  return html`<button
      class="tool menu-button"
      type="button"
      aria-label=${chart.menu(label)}
      title=${chart.menuTitle}
      popovertarget="menu"
    >
      ${icons.menu}
    </button>
    <div id="menu" class="menu" popover @toggle=${focusFirst}>
      ${entries.map(
        ([text, run]) =>
          html`<button type="button" popovertarget="menu" popovertargetaction="hide" @click=${run} @keydown=${walk}>
            ${text}
          </button>`,
      )}
    </div>`;
}

function focusFirst(event: ToggleEvent): void {
  if (event.newState === 'open' && event.target instanceof HTMLElement) event.target.querySelector('button')?.focus();
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
