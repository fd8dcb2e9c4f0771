import { createCatalogue } from '../catalogue.ts';
import { en } from './en.ts';

/** What the elements and the page of alerts say. */
export const alertWords = createCatalogue(en);
