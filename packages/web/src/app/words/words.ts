import { createCatalogue } from '../../i18n/catalogue.ts';
import { en } from './en.ts';

/** What the dashboard says around the elements. */
export const appWords = createCatalogue(en);
