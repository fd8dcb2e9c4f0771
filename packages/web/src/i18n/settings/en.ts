/** What the settings, and signing in, say. */
export const en = {
  navigation: 'Settings',
  groups: { own: 'You', tenant: 'Tenant', alerts: 'Alerts', operator: 'Installation' },
  sections: {
    display: 'Display',
    account: 'Account',
  },
  noSuchSection: 'There is no such part of the settings, or it is not for you.',
  loading: 'Loading…',
  account: {
    session: 'Session',
    signedInAs: (email: string, tenant: string, scope: string) =>
      `${email === '' || email === 'local' ? '' : `${email}, `}tenant ${tenant}, with the rights “${scope}”.`,
    signOut: 'Sign out',
  },
};

export type SettingsWords = typeof en;
