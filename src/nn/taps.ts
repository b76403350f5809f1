import { InputError } from '../errors/index.ts';
import type { Tensor } from '../runtime/tensor.ts';

/**
 * Keeps outputs of a forward pass by module path: `layer4`, `layer3.22.conv2`, … If a module runs several times
 * (`relu`), the last output is kept, as a PyTorch forward hook that fills a dict would do.
 */
export class Taps {
  private readonly paths: ReadonlySet<string>;
  /** Outputs kept so far. They belong to the caller, who disposes of them. */
  readonly kept = new Map<string, Tensor>();

  /** @throws InputError  a path is unknown; lists the nearest known paths */
  constructor(paths: readonly string[], modulePaths: readonly string[]) {
    const known = new Set(modulePaths);
    for (const path of paths)
      if (!known.has(path))
        throw new InputError(`taps: unknown module "${path}". Known: ${summary(nearest(path, modulePaths))}`);
    this.paths = new Set(paths);
  }

  /** Returns whether any of these outputs is tapped. Operations that would hide it must then not be fused. */
  wants(...paths: readonly string[]): boolean {
    return paths.some(path => this.paths.has(path));
  }

  /** Keeps an output if it is tapped. Returns the output. */
  keep(path: string, tensor: Tensor): Tensor {
    if (this.paths.has(path)) {
      this.kept.get(path)?.dispose();
      this.kept.set(path, tensor.device.detach(tensor.view(tensor.shape)));
    }
    return tensor;
  }

  /** Runs `work`, then hands the kept outputs to the surrounding scope. If `work` throws, frees them. */
  attempt<Result>(work: () => Result): Result {
    try {
      const result = work();
      for (const tensor of this.kept.values()) tensor.device.track(tensor);
      return result;
    } catch (error) {
      this.dispose();
      throw error;
    }
  }

  dispose(): void {
    for (const tensor of this.kept.values()) tensor.dispose();
    this.kept.clear();
  }
}

/** Returns the known paths that share the longest prefix of modules with `path`, one level below that prefix. */
function nearest(path: string, modulePaths: readonly string[]): string[] {
  for (let parent = path; parent.includes('.'); ) {
    parent = parent.slice(0, parent.lastIndexOf('.'));
    const children = modulePaths.filter(
      known => known.startsWith(`${parent}.`) && !known.slice(parent.length + 1).includes('.'),
    );
    if (children.length > 0) return children;
  }
  return modulePaths.filter(known => !known.includes('.'));
}

function summary(names: readonly string[]): string {
  return names.length > 12 ? `${names.slice(0, 6).join(', ')} … ${names.at(-1)}` : names.join(', ');
}
