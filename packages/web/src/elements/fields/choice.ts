import { html } from 'lit';
import type { TemplateResult } from 'lit';

/** One of several values, by their names. */
export function choice<T extends string>(
  label: string,
  values: readonly T[],
  chosen: T,
  names: Readonly<Record<T, string>>,
  choose: (value: T) => void,
): TemplateResult {
  return html`<label
    >${label}
    <select
      class="field"
      @change=${(event: Event) => {
        const value = values[(event.target as HTMLSelectElement).selectedIndex];
        if (value !== undefined) choose(value);
      }}
    >
      ${values.map((value) => html`<option ?selected=${value === chosen}>${names[value]}</option>`)}
    </select>
  </label>`;
}
