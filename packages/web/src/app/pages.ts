/**
 * The pages of the dashboard. To add one: a folder in `pages/` with an element that has a `route` property, its words
 * in `words/`, and its line here. Its code is loaded when it is first shown, but that of the first page is there.
 */
import type { LitElement } from 'lit';
import type { Store } from '../data/store.ts';
import type { appIcons } from '../styles/app-icons.ts';
import type { AppWords } from './words/en.ts';
import type { Preferences } from './preferences.ts';
import type { Route } from './route.ts';
import { OverviewPage } from '../pages/overview/overview.ts';

/** What a page's element has. */
export interface PageElement extends LitElement {
  /** What the address says after the page's name. */
  route: Route | undefined;
  /** Given to pages that have it: the viewer's choices. */
  preferences?: Store<Preferences> | undefined;
}

export interface Page {
  /** First part of the address, and the key of its name in the words. */
  readonly name: keyof AppWords['pages'];
  readonly icon: keyof typeof appIcons;
  /** After `g`. */
  readonly key: string;
  readonly tag: string;
  readonly load: () => Promise<CustomElementConstructor>;
}

export const pages: readonly Page[] = [
  {
    name: 'overview',
    icon: 'overview',
    key: 'o',
    tag: 'tarsier-overview-page',
    // The one that most begin with: 2 kB are not worth a request more before it shows anything.
    load: () => Promise.resolve(OverviewPage),
  },
  {
    name: 'hosts',
    icon: 'hosts',
    key: 'h',
    tag: 'tarsier-hosts-page',
    load: async () => (await import('../pages/hosts/hosts.ts')).HostsPage,
  },
  {
    name: 'explore',
    icon: 'explore',
    key: 'e',
    tag: 'tarsier-explore-page',
    load: async () => (await import('../pages/explore/explore.ts')).ExplorePage,
  },
  {
    name: 'alerts',
    icon: 'alerts',
    key: 'a',
    tag: 'tarsier-alerts-page',
    load: async () => (await import('../pages/alerts/alerts.ts')).AlertsPage,
  },
  {
    name: 'anomalies',
    icon: 'anomalies',
    key: 'n',
    tag: 'tarsier-anomalies-page',
    load: async () => (await import('../pages/anomalies/anomalies.ts')).AnomaliesPage,
  },
  {
    name: 'models',
    icon: 'models',
    key: 'm',
    tag: 'tarsier-models-page',
    load: async () => (await import('../pages/models/models.ts')).ModelsPage,
  },
  {
    name: 'jobs',
    icon: 'jobs',
    key: 'j',
    tag: 'tarsier-jobs-page',
    load: async () => (await import('../pages/jobs/jobs.ts')).JobsPage,
  },
  {
    name: 'cost',
    icon: 'cost',
    key: 'c',
    tag: 'tarsier-cost-page',
    load: async () => (await import('../pages/cost/cost.ts')).CostPage,
  },
  {
    name: 'dashboards',
    icon: 'dashboards',
    key: 'd',
    tag: 'tarsier-dashboards-page',
    load: async () => (await import('../pages/dashboards/dashboards.ts')).DashboardsPage,
  },
  {
    name: 'rules',
    icon: 'rules',
    key: 'r',
    tag: 'tarsier-rules-page',
    load: async () => (await import('../pages/rules/rules.ts')).RulesPage,
  },
  {
    name: 'embed',
    icon: 'embed',
    key: 'w',
    tag: 'tarsier-embed-page',
    load: async () => (await import('../pages/embed/embed.ts')).EmbedPage,
  },
  {
    name: 'settings',
    icon: 'settings',
    key: 's',
    tag: 'tarsier-settings-page',
    load: async () => (await import('../pages/settings/settings.ts')).SettingsPage,
  },
];

/** The page of a route: '' is the first one; undefined when there is none of that name. */
export function pageOf({ page }: Route): Page | undefined {
  return page === '' ? pages[0] : pages.find(({ name }) => name === page);
}
