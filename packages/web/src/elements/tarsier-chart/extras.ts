/** What a chart does not need to be drawn and moved, loaded by the first use: what is said of points, tables, menus, files. */
import { toCsv, toPng, toSvg } from '../../chart/export.ts';
import { save } from '../../data/save.ts';
import { styles } from './extras.styles.ts';
import { help, menuEntries } from './menu.ts';
import { pointInWords, tooltip } from './point.ts';
import { summaryInWords, table } from './table.ts';
import { thresholdHandles } from './threshold-handles.ts';

export const extras = {
  help,
  menuEntries,
  pointInWords,
  save,
  styles,
  summaryInWords,
  table,
  thresholdHandles,
  toCsv,
  toPng,
  toSvg,
  tooltip,
};
export type Extras = typeof extras;
