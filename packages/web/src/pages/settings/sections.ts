/**
 * The parts of the settings. To add one: an element with a `route` property in a file of its own, its name in
 * `i18n/settings`, and its line here. Its code is loaded when it is first shown, at `#/settings/NAME`.
 */
import type { Answer } from '@tarsier/protocol/api';
import type { SettingsWords } from '../../i18n/settings/en.ts';

/** Who is signed in. */
export type Session = Answer<'GET /v1/session'>;

export interface Section {
  /** In the address, and the key of its name in the words. */
  readonly name: keyof SettingsWords['sections'];
  /** The heading that it stands under; groups are in the order of their first sections. */
  readonly group: keyof SettingsWords['groups'];
  readonly tag: string;
  readonly load: () => Promise<CustomElementConstructor>;
  /** Whether it is of use to this one; absent: to all. */
  readonly isFor?: (session: Session) => boolean;
}

const isAdmin = ({ scope }: Session): boolean => scope === 'admin' || scope === 'operator';

export const sections: readonly Section[] = [
  {
    name: 'display',
    group: 'own',
    tag: 'tarsier-settings-display',
    load: async () => (await import('./display.ts')).SettingsDisplay,
  },
  {
    name: 'account',
    group: 'own',
    tag: 'tarsier-settings-account',
    load: async () => (await import('./account.ts')).SettingsAccount,
  },
  {
    name: 'users',
    group: 'tenant',
    tag: 'tarsier-settings-users',
    load: async () => (await import('./users.ts')).SettingsUsers,
    isFor: isAdmin,
  },
  {
    name: 'keys',
    group: 'tenant',
    tag: 'tarsier-settings-keys',
    load: async () => (await import('./keys.ts')).SettingsKeys,
    isFor: isAdmin,
  },
  {
    name: 'limits',
    group: 'tenant',
    tag: 'tarsier-settings-limits',
    load: async () => (await import('./limits.ts')).SettingsLimits,
  },
  {
    name: 'origins',
    group: 'tenant',
    tag: 'tarsier-settings-origins',
    load: async () => (await import('./origins.ts')).SettingsOrigins,
    isFor: isAdmin,
  },
  {
    name: 'audit',
    group: 'tenant',
    tag: 'tarsier-settings-audit',
    load: async () => (await import('./audit.ts')).SettingsAudit,
    isFor: isAdmin,
  },
  {
    name: 'tenants',
    group: 'operator',
    tag: 'tarsier-settings-tenants',
    load: async () => (await import('./tenants.ts')).SettingsTenants,
    isFor: ({ scope }) => scope === 'operator',
  },
];
