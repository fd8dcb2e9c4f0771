import { html, LitElement } from 'lit';
import type { TemplateResult } from 'lit';
import { TarsierUsage } from '../../elements/tarsier-usage/tarsier-usage.ts';
import { define } from '../../register.ts';

/** What the tenant may use, and how much of it it does. */
export class SettingsLimits extends LitElement {
  override connectedCallback(): void {
    define([['tarsier-usage', TarsierUsage]]);
    super.connectedCallback();
  }

  override render(): TemplateResult {
    return html`<tarsier-usage></tarsier-usage>`;
  }
}
