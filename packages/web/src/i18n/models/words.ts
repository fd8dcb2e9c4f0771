import { createCatalogue } from '../catalogue.ts';
import { en } from './en.ts';

/** What the views of jobs, models and money say. */
export const modelWords = createCatalogue(en);
