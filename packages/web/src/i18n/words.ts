import { createCatalogue } from './catalogue.ts';
import { en } from './en.ts';

/** What the elements say; German is a module of its own (`@tarsier/web/lang/de`). */
export const words = createCatalogue(en);
