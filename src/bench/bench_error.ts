import { RaycamError } from '../errors.ts';

/** A kernel whose result is wrong, a file that is no result of the bench, a comparison that failed. */
export class BenchError extends RaycamError {}
