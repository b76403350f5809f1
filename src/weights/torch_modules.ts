/** Collects the tensors of a whole model, as torch.save(model) and TorchScript store it, without running its code. */
import { WeightsError } from '../errors/index.ts';
import { Dict, type PickleValue, Placeholder, Tuple } from './pickle_values.ts';
import { Parameter, Tensor } from './torch_objects.ts';

/** A tensor, or a placeholder for one that a Python global would have to make. */
export type ModuleTensor = Tensor | Placeholder;

const MAX_DEPTH = 40;
/** A ResNet-152 has 514 modules. The limit ends the walk through a file that refers to modules again and again. */
const MAX_MODULES = 20_000;

/** Returns whether an object is a torch.nn.Module or a TorchScript module. */
export function isModule(value: PickleValue): value is Placeholder {
  if (!(value instanceof Placeholder) || !(value.state instanceof Dict)) return false;
  return isScript(value) || value.state.entries.get('_modules') instanceof Dict;
}

function isScript({ global }: Placeholder): boolean {
  return global.startsWith('__torch__.');
}

/**
 * Returns the tensors of a module and all modules below it, under the names of its state dict.
 *
 * @throws WeightsError  it has dilated convolutions, or too many modules
 */
export function tensorsOfModule(module: Placeholder, where: string): Map<string, ModuleTensor> {
  const tensors = new Map<string, ModuleTensor>();
  let left = MAX_MODULES;
  const visit = (one: Placeholder, prefix: string, depth: number): void => {
    if (--left < 0 || depth > MAX_DEPTH)
      throw new WeightsError(`${where}: has too many modules (the limits are ${MAX_MODULES}, and ${MAX_DEPTH} levels)`);
    checkDilation(one, prefix, where);
    for (const [name, value] of membersOf(one)) {
      const tensor = value instanceof Parameter ? value.tensor : value;
      if (tensor instanceof Tensor) tensors.set(prefix + name, tensor);
      else if (isModule(value)) visit(value, `${prefix}${name}.`, depth + 1);
    }
  };
  visit(module, '', 0);
  return tensors;
}

function* membersOf(module: Placeholder): Generator<[string, PickleValue]> {
  const { entries } = module.state as Dict;
  const groups = isScript(module)
    ? [module.state]
    : ['_parameters', '_buffers', '_modules'].map(key => entries.get(key));
  for (const group of groups) {
    if (!(group instanceof Dict)) continue;
    for (const [name, value] of group.entries) if (typeof name === 'string') yield [name, value];
  }
}

/** A state dict does not say whether convolutions are dilated, but a whole model does. */
function checkDilation({ global, state }: Placeholder, prefix: string, where: string): void {
  const dilation = state instanceof Dict ? state.entries.get('dilation') : undefined;
  if (!/\.Conv2d$/.test(global) || !(dilation instanceof Tuple) || dilation.items.every(step => step === 1)) return;
  throw new WeightsError(
    `${where}: has dilated convolutions (${prefix.slice(0, -1)}: dilation ${dilation.items.join(' x ')}), which are not supported. Only ResNets without dilation can run`,
  );
}
