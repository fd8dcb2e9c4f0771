import { createCatalogue } from '../catalogue.ts';
import { en } from './en.ts';

/** What the settings, and signing in, say. */
export const settingsWords = createCatalogue(en, { de: async () => (await import('./de.ts')).de });
