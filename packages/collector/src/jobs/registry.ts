/** Every job type, one line each. */
import { jobTypesOf } from './job-type.ts';
import { diagnose } from './tasks/diagnose/diagnose.ts';

export const jobTypes = jobTypesOf([diagnose]);
