import { Tensor } from './tensor.ts';

/** A stack of scopes. A scope frees the tensors made inside it, except those that it returns to the enclosing scope. */
export class Scopes {
  private readonly stack: Set<Tensor>[] = [];

  run<Result>(work: () => Result): Result {
    const made = new Set<Tensor>();
    this.stack.push(made);
    let result: Result;
    try {
      result = work();
    } catch (error) {
      this.close(made, new Set());
      throw error;
    }
    this.close(made, tensorsIn(result));
    return result;
  }

  /** Frees every tensor made inside `work` if it throws, otherwise none. */
  attempt<Result>(work: () => Result): Result {
    const made = new Set<Tensor>();
    this.stack.push(made);
    try {
      const result = work();
      this.close(made, made);
      return result;
    } catch (error) {
      this.close(made, new Set());
      throw error;
    }
  }

  track(tensor: Tensor): Tensor {
    this.stack.at(-1)?.add(tensor);
    return tensor;
  }

  /** Removes a tensor from every scope. The caller must dispose it. */
  detach(tensor: Tensor): Tensor {
    for (const made of this.stack) made.delete(tensor);
    return tensor;
  }

  private close(made: Set<Tensor>, kept: Set<Tensor>): void {
    this.stack.pop();
    for (const tensor of made) {
      if (kept.has(tensor)) this.track(tensor);
      else tensor.dispose();
    }
  }
}

/** Collects the tensors of a result: a tensor, or tensors in an array, a Map or a record. */
export function tensorsIn(value: unknown, found = new Set<Tensor>()): Set<Tensor> {
  if (value instanceof Tensor) found.add(value);
  else if (Array.isArray(value)) for (const item of value) tensorsIn(item, found);
  else if (value instanceof Map) for (const item of value.values()) tensorsIn(item, found);
  else if (isRecord(value)) for (const item of Object.values(value)) tensorsIn(item, found);
  return found;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}
