import { createCatalogue } from '../catalogue.ts';
import { en } from './en.ts';

/** What the pages say on which people decide who is told of what. */
export const policyWords = createCatalogue(en);
