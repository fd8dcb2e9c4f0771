/** What the parts of a chart say that are loaded when somebody first asks for them. */
export const en = {
  time: 'Time',
  exportCsv: 'Save as CSV',
  exportPng: 'Save as PNG',
  exportSvg: 'Save as SVG',
  copyLink: 'Copy link to this range',
  zoomIn: 'Zoom in',
  zoomOut: 'Zoom out',
  help: 'Keys and gestures',
  earlier: 'before',
  rangeOf: (from: string, to: string) => `from ${from} to ${to}`,
  extremes: (name: string, min: string, max: string, latest: string) =>
    `${name}: lowest ${min}, highest ${max}, latest ${latest}`,
  closeHelp: 'Close',
  threshold: 'Threshold',
  page: (from: number, to: number, all: number) => `${from} to ${to} of ${all}`,
  newer: 'Newer',
  older: 'Older',
  keys: [
    ['← →', 'move the cursor; with Shift a tenth'],
    ['Home End', 'first and last sample'],
    ['↑ ↓', 'previous and next line'],
    ['PageUp PageDown', 'half a window earlier or later'],
    ['+ −', 'zoom in and out'],
    ['0', 'reset the zoom'],
    ['A', 'next anomaly or marker'],
    ['S', 'say a summary'],
    ['T', 'table'],
    ['Space', 'hold or go on'],
    ['Escape', 'leave the cursor'],
    ['Drag', 'zoom into a range; with Shift pan'],
    ['Double click', 'reset the zoom'],
  ],
};

export type ChartToolWords = typeof en;
