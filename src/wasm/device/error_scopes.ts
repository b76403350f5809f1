import { BrokenRule, gpuError } from './errors.ts';

interface Scope {
  readonly filter: GPUErrorFilter;
  first: GPUError | null;
}

/** The stack of error scopes. Errors that no scope catches go to `uncaptured`. */
export class ErrorScopes {
  private readonly stack: Scope[] = [];
  /** Set when the device is lost: no error is reported afterwards. */
  silent = false;

  constructor(private readonly uncaptured: (error: GPUError) => void) {}

  push(filter: GPUErrorFilter): void {
    if (filter !== 'validation' && filter !== 'out-of-memory' && filter !== 'internal')
      throw new TypeError(`pushErrorScope: '${filter}' is not a GPUErrorFilter`);
    this.stack.push({ filter, first: null });
  }

  /** Removes the innermost scope and returns the first error that it caught; undefined if there is no scope. */
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

  /** Runs `work`. If it breaks a rule, reports the rule together with the call, and returns false. */
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
