/** The elements in German: `import '@tarsier/web/de'`. */
import { de } from '../i18n/de.ts';
import { words } from '../i18n/words.ts';

words.add('de', de);
