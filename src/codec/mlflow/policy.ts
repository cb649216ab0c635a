import type { ReadPolicy } from '../values/read-nested.ts';

/** MLflow's reading beneath a required column: Python's tokens NaN and Infinity are numbers. */
export const required: ReadPolicy = { unknownFields: 'reject', nullMembers: false, nonFinite: true };

/** Beneath an optional column null is also fine for elements and values of maps. */
export const optional: ReadPolicy = { ...required, nullMembers: true };
