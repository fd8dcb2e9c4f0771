/** The elements in German: `import '@tarsier/web/de'`. */
import { de as deAlerts } from '../i18n/alerts/de.ts';
import { alertWords } from '../i18n/alerts/words.ts';
import { de } from '../i18n/de.ts';
import { de as deModels } from '../i18n/models/de.ts';
import { modelWords } from '../i18n/models/words.ts';
import { words } from '../i18n/words.ts';

words.add('de', de);
alertWords.add('de', deAlerts);
modelWords.add('de', deModels);
