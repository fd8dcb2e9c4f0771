/** The elements that may be put into a page or a dashboard, and the attributes that each takes. */
export const elements = [
  { tag: 'tarsier-chart', attributes: ['label', 'query', 'selector', 'rate', 'by', 'range', 'kind', 'unit'] },
  { tag: 'tarsier-stat', attributes: ['label', 'query', 'selector', 'rate', 'range', 'unit', 'better'] },
  { tag: 'tarsier-gauge', attributes: ['label', 'query', 'selector', 'rate', 'unit', 'max', 'warning', 'critical'] },
  { tag: 'tarsier-sparkline', attributes: ['label', 'query', 'selector', 'rate', 'range'] },
  { tag: 'tarsier-heatmap', attributes: ['label', 'query', 'range', 'rows'] },
  { tag: 'tarsier-host', attributes: ['host'] },
  { tag: 'tarsier-health', attributes: ['host', 'range'] },
  { tag: 'tarsier-host-grid', attributes: [] },
  { tag: 'tarsier-alert-list', attributes: ['host'] },
  { tag: 'tarsier-anomaly-timeline', attributes: ['host', 'range'] },
] as const;

export type ElementKind = (typeof elements)[number];
export type ElementTag = ElementKind['tag'];

/** Columns of a dashboard's grid. */
export const dashboardColumns = 12;
/** Most rows of a panel. */
export const dashboardRows = 12;
