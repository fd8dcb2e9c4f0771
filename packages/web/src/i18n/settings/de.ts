import type { SettingsWords } from './en.ts';

export const de: SettingsWords = {
  navigation: 'Einstellungen',
  groups: { own: 'Sie', tenant: 'Mandant', alerts: 'Alarme', operator: 'Installation' },
  sections: {
    display: 'Darstellung',
    account: 'Konto',
  },
  noSuchSection: 'Diesen Teil der Einstellungen gibt es nicht, oder er ist nicht für Sie.',
  loading: 'Wird geladen …',
  account: {
    session: 'Sitzung',
    signedInAs: (email, tenant, scope) =>
      `${email === '' || email === 'local' ? '' : `${email}, `}Mandant ${tenant}, mit den Rechten „${scope}“.`,
    signOut: 'Abmelden',
  },
};
