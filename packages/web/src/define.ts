import { TarsierAlertList } from './elements/tarsier-alert-list/tarsier-alert-list.ts';
import { TarsierChart } from './elements/tarsier-chart/tarsier-chart.ts';
import { TarsierConnection } from './elements/tarsier-connection/tarsier-connection.ts';
import { TarsierHost } from './elements/tarsier-host/tarsier-host.ts';
import { TarsierHostGrid } from './elements/tarsier-host-grid/tarsier-host-grid.ts';
import { TarsierIncident } from './elements/tarsier-incident/tarsier-incident.ts';
import { TarsierOnboarding } from './elements/tarsier-onboarding/tarsier-onboarding.ts';
import { TarsierProvider } from './elements/tarsier-provider/tarsier-provider.ts';
import { TarsierTimeRange } from './elements/tarsier-time-range/tarsier-time-range.ts';

/** The elements for any page. The provider is first: the others ask it when they are upgraded. */
export const elements: readonly (readonly [tag: string, element: CustomElementConstructor])[] = [
  ['tarsier-provider', TarsierProvider],
  ['tarsier-connection', TarsierConnection],
  ['tarsier-chart', TarsierChart],
  ['tarsier-alert-list', TarsierAlertList],
  ['tarsier-incident', TarsierIncident],
  ['tarsier-host-grid', TarsierHostGrid],
  ['tarsier-host', TarsierHost],
  ['tarsier-onboarding', TarsierOnboarding],
  ['tarsier-time-range', TarsierTimeRange],
];

/** Registers what is not yet registered: a second copy of this code on a page leaves the first one in place. */
export function define(
  list: readonly (readonly [tag: string, element: CustomElementConstructor])[],
  registry: CustomElementRegistry = customElements,
): void {
  for (const [tag, element] of list) if (registry.get(tag) === undefined) registry.define(tag, element);
}
