import { InputError } from '../errors/index.ts';
import type { Tensor } from '../runtime/tensor.ts';

/**
 * The outputs to keep of a forward pass, by module path: `layer4`, `layer3.22.conv2`, …
 * A module that runs more than once (`relu`) leaves its last output, as a PyTorch forward hook that fills a dict would.
 */
export class Taps {
  private readonly paths: ReadonlySet<string>;
  /** Kept so far. They belong to the caller, who disposes of them. */
  readonly kept = new Map<string, Tensor>();

  /** @throws InputError  a path is none of the network's; names the nearest */
  constructor(paths: readonly string[], modulePaths: readonly string[]) {
    const known = new Set(modulePaths);
    for (const path of paths)
      if (!known.has(path))
        throw new InputError(`taps: no module "${path}" in this network. ${suggestion(path, modulePaths)}`);
    this.paths = new Set(paths);
  }

  /** Whether any of these outputs is asked for: operations that would hide them are then not fused. */
  wants(...paths: readonly string[]): boolean {
    return paths.some(path => this.paths.has(path));
  }

  /** Keeps an output that is asked for; returns it in any case. */
  keep(path: string, tensor: Tensor): Tensor {
    if (this.paths.has(path)) {
      this.kept.get(path)?.dispose();
      this.kept.set(path, tensor.device.detach(tensor.view(tensor.shape)));
    }
    return tensor;
  }

  /** Puts what was kept under the care of the scope around; where `work` throws, frees it. */
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

function suggestion(path: string, modulePaths: readonly string[]): string {
  let parent = path;
  while (parent.includes('.')) {
    parent = parent.slice(0, parent.lastIndexOf('.'));
    const children = modulePaths.filter(
      known => known.startsWith(`${parent}.`) && !known.slice(parent.length + 1).includes('.'),
    );
    if (children.length > 0) return `${parent} has ${summary(children.map(child => child.slice(parent.length + 1)))}`;
  }
  return `The top level has ${modulePaths.filter(known => !known.includes('.')).join(', ')}`;
}

function summary(names: readonly string[]): string {
  return names.length > 12 ? `${names.slice(0, 6).join(', ')} … ${names.at(-1)}` : names.join(', ');
}
