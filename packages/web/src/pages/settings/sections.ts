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
];
