/** What many charts never need, loaded by the first one that does. */
import { toCsv, toPng, toSvg } from '../../chart/export.ts';
import { save } from '../../data/save.ts';
import { help, menuEntries } from './menu.ts';
import { summaryInWords, table } from './table.ts';
import { thresholdHandles } from './threshold-handles.ts';

export const extras = { help, menuEntries, save, summaryInWords, table, thresholdHandles, toCsv, toPng, toSvg };
export type Extras = typeof extras;
