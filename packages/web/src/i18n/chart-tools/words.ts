import { createCatalogue } from '../catalogue.ts';
import { en } from './en.ts';

/** What a chart's table, menu and help say: loaded with them. */
export const chartToolWords = createCatalogue(en);
