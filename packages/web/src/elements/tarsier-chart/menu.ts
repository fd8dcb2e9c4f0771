import { html } from 'lit';
import type { TemplateResult } from 'lit';
import type { LocaleController } from '../../controllers/locale.ts';
import { chartToolWords } from '../../i18n/chart-tools/words.ts';
import type { Words } from '../../i18n/en.ts';

type Text = LocaleController<Words>;

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
export function menuEntries(text: Text, actions: MenuActions): readonly TemplateResult[] {
  const tools = chartToolWords.in(text.lang);
  const entries: readonly (readonly [string, () => unknown])[] = [
    [tools.zoomIn, actions.zoomIn],
    [tools.zoomOut, actions.zoomOut],
    [text.words.chart.reset, actions.reset],
    [tools.copyLink, actions.link],
    [tools.exportCsv, actions.csv],
    [tools.exportPng, actions.png],
    [tools.exportSvg, actions.svg],
    [tools.help, actions.help],
  ];
  return entries.map(
    ([name, run]) =>
      html`<button type="button" popovertarget="menu" popovertargetaction="hide" @click=${run} @keydown=${walk}>
        ${name}
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
export function help({ lang }: Text, closed: () => void): TemplateResult {
  const tools = chartToolWords.in(lang);
  return html`<dialog class="help" aria-label=${tools.help} @close=${closed} @click=${closeOf}>
    <dl>
      ${tools.keys.map(
        ([keys = '', what]) =>
          html`<dt>${keys}</dt>
            <dd>${what}</dd>`,
      )}
    </dl>
    <button class="button" type="button">${tools.closeHelp}</button>
  </dialog>`;
}

function closeOf({ target, currentTarget }: Event): void {
  if (!(currentTarget instanceof HTMLDialogElement)) return;
  if (target === currentTarget || target instanceof HTMLButtonElement) currentTarget.close();
}
