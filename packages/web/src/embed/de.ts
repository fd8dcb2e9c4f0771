/** The elements in German: `import '@tarsier/web/de'`. */
import { de as deAlerts } from '../i18n/alerts/de.ts';
import { alertWords } from '../i18n/alerts/words.ts';
import { de as deChartTools } from '../i18n/chart-tools/de.ts';
import { chartToolWords } from '../i18n/chart-tools/words.ts';
import { de } from '../i18n/de.ts';
import { de as deFleet } from '../i18n/fleet/de.ts';
import { fleetWords } from '../i18n/fleet/words.ts';
import { de as deModels } from '../i18n/models/de.ts';
import { modelWords } from '../i18n/models/words.ts';
import { words } from '../i18n/words.ts';

words.add('de', de);
fleetWords.add('de', { ...de, ...deFleet });
chartToolWords.add('de', deChartTools);
alertWords.add('de', deAlerts);
modelWords.add('de', deModels);
