import { createCatalogue } from '../catalogue.ts';
import { en as common } from '../en.ts';
import { en } from './en.ts';

/** What the elements of hosts, anomalies and time ranges say: a chart alone needs none of it. */
export const fleetWords = createCatalogue({ ...common, ...en });
