/** Checks whether a state dict is a ResNet, and detects which one. */
import { WeightsError } from '../errors/index.ts';
import { isConvertible } from './dtypes.ts';
import { otherNetwork } from './other_networks.ts';
import { expectedTensors, RESNET_ARCHITECTURES, RESNET_LAYOUTS, type ResNetArchitecture } from './resnet_shapes.ts';
import type { StateDict } from './tensor_entry.ts';

/** A list of names is cut after this many. */
const NAMES_SHOWN = 8;

/**
 * Compares names and shapes with torchvision's. `fc` may be absent, may have any number of classes, and may be replaced
 * by `fc.0` (a head trained as a Sequential). `num_batches_tracked` is ignored.
 *
 * @throws WeightsError  lists every tensor that is missing, unknown or of the wrong shape
 */
export function checkStateDict(stateDict: StateDict, architecture: ResNetArchitecture, fileName: string): void {
  const expected = expectedTensors(architecture, stateDict.get('fc.weight')?.shape[0] ?? 1000);
  const hasHead = stateDict.has('fc.weight') || stateDict.has('fc.bias');
  const [missing, misshapen, unreadable] = [[] as string[], [] as string[], [] as string[]];
  for (const [name, shape] of expected) {
    const entry = stateDict.get(name);
    if (entry === undefined) {
      if (hasHead || !name.startsWith('fc.')) missing.push(name);
    } else if (entry.unreadable !== undefined) {
      unreadable.push(`${name} (${entry.unreadable})`);
    } else if (!isConvertible(entry.dtype)) {
      unreadable.push(`${name} (${entry.dtype} cannot be converted to float32)`);
    } else if (`${entry.shape}` !== `${shape}`) {
      misshapen.push(`${name} (expected [${shape.join(', ')}], got [${entry.shape.join(', ')}])`);
    }
  }
  const unknown = [...stateDict.keys()].filter(name => !expected.has(name) && !isOptional(name));
  const problems = [
    listed(missing, 'missing'),
    listed(unknown, 'unknown'),
    listed(misshapen, 'of the wrong shape'),
    listed(unreadable, 'that cannot be read'),
  ];
  const found = problems.filter(problem => problem !== undefined);
  if (found.length === 0) return;
  const other = otherNetwork(stateDict);
  if (other !== undefined) throw new WeightsError(`weights: ${fileName}: is ${withAdvice(other)}`);
  throw new WeightsError(`weights: ${fileName}: is not a ${architecture} (${found.join('; ')})`);
}

/** Ends the sentence about another kind of network with what is supported. */
function withAdvice(other: string): string {
  return other.includes('. ') ? other : `${other}, which is not supported. Known: ${RESNET_ARCHITECTURES.join(', ')}`;
}

function isOptional(name: string): boolean {
  return name.endsWith('.num_batches_tracked') || name === 'fc.0.weight' || name === 'fc.0.bias';
}

function listed(names: readonly string[], kind: string): string | undefined {
  if (names.length === 0) return undefined;
  const shown = names.slice(0, NAMES_SHOWN).join(', ');
  const more = names.length > NAMES_SHOWN ? ` and ${names.length - NAMES_SHOWN} more` : '';
  return `${names.length} ${names.length === 1 ? 'tensor' : 'tensors'} ${kind}: ${shown}${more}`;
}

/**
 * Returns the architecture, detected from the number and kind of blocks in each layer.
 *
 * @throws WeightsError  not a ResNet, a ResNet with a deep stem (ResNet-D), or a depth that torchvision does not have
 */
export function detectArchitecture(stateDict: StateDict, fileName: string): ResNetArchitecture {
  if (!stateDict.has('conv1.weight') || !stateDict.has('layer1.0.conv1.weight')) {
    const other = otherNetwork(stateDict);
    throw new WeightsError(
      other === undefined
        ? `weights: ${fileName}: is not the state dict of a ResNet (it has no conv1.weight or no layer1.0.conv1.weight)`
        : `weights: ${fileName}: is ${withAdvice(other)}`,
    );
  }
  const block = stateDict.has('layer1.0.conv3.weight') ? 'bottleneck' : 'basic';
  const blocks = countBlocks(stateDict);
  const found = RESNET_ARCHITECTURES.find(name => {
    const layout = RESNET_LAYOUTS[name];
    return layout.block === block && `${layout.blocks}` === `${blocks}`;
  });
  if (found) return found;
  throw new WeightsError(
    `weights: ${fileName}: unknown ResNet with ${blocks.join(', ')} ${block} blocks in layer1 to layer4. Known: ${RESNET_ARCHITECTURES.join(', ')}`,
  );
}

function countBlocks(stateDict: StateDict): number[] {
  const blocks = [0, 0, 0, 0];
  for (const name of stateDict.keys()) {
    const match = /^layer([1-4])\.(\d{1,4})\.conv1\.weight$/.exec(name);
    if (!match) continue;
    const stage = Number(match[1]) - 1;
    blocks[stage] = Math.max(blocks[stage]!, Number(match[2]) + 1);
  }
  return blocks;
}
