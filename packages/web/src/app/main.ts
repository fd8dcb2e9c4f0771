// In the page's own bundle: here it is always needed, and at once.
import '../data/connect.ts';
import { define, watching } from '../define.ts';
import { alertWords } from '../i18n/alerts/words.ts';
import { fleetWords } from '../i18n/fleet/words.ts';
import { modelWords } from '../i18n/models/words.ts';
import { words } from '../i18n/words.ts';
import '../styles/page.css';
import { TarsierApp } from './app.ts';
import { KeyHelp } from './key-help.ts';
import { applyPreferences, createPreferences } from './preferences.ts';
import { appWords } from './words/words.ts';

const preferences = createPreferences(localStorage);

function apply(): void {
  applyPreferences(document.documentElement, preferences.value, navigator.language);
  if (document.documentElement.lang === 'de') void loadGerman();
}

/** English is in the bundle; who reads German loads it beside. */
async function loadGerman(): Promise<void> {
  const [own, fleet, app, alerts, models, tools, { chartToolWords }, policies, { policyWords }] = await Promise.all([
    import('../i18n/de.ts'),
    import('../i18n/fleet/de.ts'),
    import('./words/de.ts'),
    import('../i18n/alerts/de.ts'),
    import('../i18n/models/de.ts'),
    import('../i18n/chart-tools/de.ts'),
    // With what they are of, where that is not loaded yet.
    import('../i18n/chart-tools/words.ts'),
    import('../i18n/policies/de.ts'),
    import('../i18n/policies/words.ts'),
  ]);
  words.add('de', own.de);
  fleetWords.add('de', { ...own.de, ...fleet.de });
  alertWords.add('de', alerts.de);
  modelWords.add('de', models.de);
  chartToolWords.add('de', tools.de);
  appWords.add('de', app.de);
  policyWords.add('de', policies.de);
}

apply();
preferences.subscribe(apply);

define([...watching, ['tarsier-key-help', KeyHelp], ['tarsier-app', TarsierApp]]);
const app = document.createElement('tarsier-app');
app.preferences = preferences;
// In one task with its first rendering: between the two nothing is painted.
const start = document.querySelector('.start');
if (start === null) document.body.prepend(app);
else start.replaceWith(app);
