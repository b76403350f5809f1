import { BrokenRule, gpuError } from './errors.ts';

interface Scope {
  readonly filter: GPUErrorFilter;
  first: GPUError | null;
}

/** The stack of error scopes, and where errors go that no scope catches. */
export class ErrorScopes {
  private readonly stack: Scope[] = [];
  /** After loss no error surfaces any more. */
  silent = false;

  constructor(private readonly uncaptured: (error: GPUError) => void) {}

  push(filter: GPUErrorFilter): void {
    if (filter !== 'validation' && filter !== 'out-of-memory' && filter !== 'internal')
      throw new TypeError(`pushErrorScope: '${filter}' is no GPUErrorFilter`);
    this.stack.push({ filter, first: null });
  }

  /** The first error that the innermost scope caught; undefined where there is no scope. */
  pop(): GPUError | null | undefined {
    return this.stack.pop()?.first;
  }

  report(filter: GPUErrorFilter, message: string): void {
    if (this.silent) return;
    const error = gpuError(filter, message);
    const scope = this.stack.findLast(candidate => candidate.filter === filter);
    if (!scope) this.uncaptured(error);
    else scope.first ??= error;
  }

  /** Runs `work`; a rule that it breaks is reported, with the call it happened in, and false returned. */
  guard(call: string, work: () => void): boolean {
    try {
      work();
      return true;
    } catch (error) {
      if (!(error instanceof BrokenRule)) throw error;
      this.report(error.filter, `${error.message}\n - While calling ${call}.`);
      return false;
    }
  }
}
