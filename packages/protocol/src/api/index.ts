/** The REST API's shapes, a file per resource: what the routes check, what a client may rely on. */
export * from './alert-policies.ts';
export * from './alerts.ts';
export * from './cardinality.ts';
export * from './channels.ts';
export * from './detection.ts';
export * from './enrol.ts';
export * from './export.ts';
export * from './forecast.ts';
export * from './hosts.ts';
export * from './incidents.ts';
export * from './query.ts';
export * from './rule-files.ts';
export * from './rule-lab.ts';
export * from './rules.ts';
export * from './template.ts';
export * from './time.ts';
