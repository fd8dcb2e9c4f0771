import type { TimelineLine } from '@tarsier/protocol/api';
import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import { formatTime } from '../../chart/age.ts';
import type { AlertWords } from '../../i18n/alerts/en.ts';
import type { Locale } from '../../i18n/locale.ts';
import { icons } from '../../styles/icons.ts';

const kindIcons = {
  opened: icons.critical,
  joined: icons.alerts,
  resolved: icons.ok,
  reopened: icons.critical,
  told: icons.later,
  held: icons.pause,
  unsent: icons.pause,
  action: icons.settings,
  delivery: icons.offline,
  anomaly: icons.anomalies,
  event: icons.info,
} as const satisfies Record<TimelineLine['kind'], TemplateResult>;

/** Everything that happened, oldest first; what was not told is many lines, and shown when asked for. */
export function timeline(
  lines: readonly TimelineLine[],
  showsUnsent: boolean,
  { words, locale }: { readonly words: AlertWords; readonly locale: Locale },
): TemplateResult {
  const { incident: text } = words;
  const shown = lines.filter(({ kind }) => showsUnsent || kind !== 'unsent');
  return html`<ol class="timeline">
    ${shown.map(
      ({ at, kind, text: what, by, host, link }) =>
        html`<li class=${kind}>
          <time datetime=${new Date(at).toISOString()}>${formatTime(at, 'full', locale)}</time>
          <span class="kind">${kindIcons[kind]}${kind === 'action' ? (by ?? text.kind[kind]) : text.kind[kind]}</span>
          <span class="what"
            >${host === undefined ? nothing : html`<strong>${host}:</strong> `}${
              isWeb(link) ? html`<a href=${link} rel="noreferrer">${what}</a>` : what
            }</span
          >
        </li>`,
    )}
  </ol>`;
}

/** What a program told of may be anything; only pages are linked to. */
export function isWeb(link: string | undefined): link is string {
  return link !== undefined && /^https?:\/\//u.test(link);
}
