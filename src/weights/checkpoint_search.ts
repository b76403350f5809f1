/** Finds the state dict in the object that was passed to torch.save, and what lies beside it. */
import { WeightsError } from '../errors/index.ts';
import { Dict, List, type PickleValue, Placeholder, Tuple } from './pickle_values.ts';
import { isModule, type ModuleTensor, tensorsOfModule } from './torch_modules.ts';
import { Parameter, Storage, Tensor } from './torch_objects.ts';

/** Keys under which checkpoints store the state dict beside the optimizer and the epoch, in order of preference. */
const WRAPPERS = ['state_dict', 'model_state_dict', 'model_state', 'model', 'net', 'network', 'weights'];
/** Keys of averaged weights: `state_dict_ema`, `model_ema`, `ema_state_dict`, `swa_model`. */
const AVERAGED = /(^|[_.])(ema|swa|averaged)([_.]|$)/i;

/** How deep a state dict may be nested. */
const MAX_DEPTH = 4;
/** A list or tuple that contains a state dict is short; a history is long. */
const MAX_LIST_ITEMS = 16;
/** How deep the arguments of a call are searched for a tensor. */
const MAX_ARGUMENT_DEPTH = 6;
const KEYS_SHOWN = 8;

export interface FoundStateDict {
  readonly tensors: ReadonlyMap<string, ModuleTensor>;
  /** What a user should know about the choice. */
  readonly notes: readonly string[];
}

interface Candidate {
  /** Keys from the root: `model`, `state_dict`. */
  readonly keys: readonly string[];
  readonly tensors: Map<string, ModuleTensor>;
  /** The class of a whole model. */
  readonly module?: string;
}

/**
 * Returns the dict or the whole model with the most tensors. If several networks lie beside each other under keys of
 * equal rank, returns all, with their keys as prefixes. With `ema`, chooses among averaged weights.
 *
 * @throws WeightsError  there is no state dict, or no averaged weights with `ema`
 */
export function findStateDict(root: PickleValue, where: string, ema = false): FoundStateDict {
  const all = candidatesIn(root, where);
  const averaged = all.filter(isAveraged);
  const plain = all.filter(candidate => !isAveraged(candidate));
  if (ema && averaged.length === 0)
    throw new WeightsError(`${where}: has no averaged weights (EMA). Omit --ema, or use the file that has them`);
  const pool = ema || plain.length === 0 ? averaged : plain;
  if (pool.length === 0) throw new WeightsError(nothingFound(root, where));
  const { tensors, module } = chosen(pool);
  const other = largest(averaged);
  const notes: string[] = [];
  if (module !== undefined) {
    const what = module.startsWith('__torch__.') ? 'a TorchScript program' : `a whole model (${module})`;
    notes.push(`is ${what}; its tensors are read, and its code does not run`);
  }
  if (pool === averaged) notes.push(`uses the averaged weights (EMA) of ${quoted(largest(averaged)!)}`);
  else if (other && 2 * other.tensors.size >= tensors.size)
    notes.push(`also has averaged weights (EMA) in ${quoted(other)}, which are not used. Use them with --ema`);
  return { tensors, notes };
}

function isAveraged({ keys }: Candidate): boolean {
  return keys.some(key => AVERAGED.test(key));
}

function quoted({ keys }: Candidate): string {
  return JSON.stringify(keys.join('.'));
}

function largest(candidates: readonly Candidate[]): Candidate | undefined {
  return candidates.reduce<Candidate | undefined>(
    (best, one) => (best === undefined || one.tensors.size > best.tensors.size ? one : best),
    undefined,
  );
}

function chosen(pool: readonly Candidate[]): Candidate {
  const best = largest(pool)!;
  const rivals = pool.filter(({ tensors }) => 2 * tensors.size >= best.tensors.size);
  const preferred = WRAPPERS.flatMap(name => rivals.filter(({ keys }) => keys.length === 1 && keys[0] === name));
  if (preferred.length > 0) return largest(preferred)!;
  if (rivals.length === 1 || best.keys.length === 0 || rivals.some(({ keys }) => WRAPPERS.includes(keys.at(-1)!)))
    return best;
  const tensors = new Map<string, ModuleTensor>();
  for (const { keys, tensors: own } of rivals)
    for (const [name, tensor] of own) tensors.set(`${keys.join('.')}.${name}`, tensor);
  return { keys: [], tensors };
}

/** Lists every dict and every whole model that has tensors, from the root downwards. */
function candidatesIn(root: PickleValue, where: string): Candidate[] {
  const found: Candidate[] = [];
  const seen = new Set<PickleValue>();
  let level: { value: PickleValue; keys: readonly string[] }[] = [{ value: root, keys: [] }];
  for (let depth = 0; depth < MAX_DEPTH && level.length > 0; depth++) {
    const next: typeof level = [];
    for (const { value, keys } of level) {
      if (seen.has(value)) continue;
      if (typeof value === 'object') seen.add(value);
      const module = isModule(value) ? value : undefined;
      const tensors = module ? tensorsOfModule(module, where) : tensorsOf(value);
      if (tensors.size > 0) found.push({ keys, tensors, module: module?.global });
      if (!module) for (const [key, child] of childrenOf(value)) next.push({ value: child, keys: [...keys, key] });
    }
    level = next;
  }
  return found;
}

function childrenOf(value: PickleValue): [string, PickleValue][] {
  if (value instanceof List || value instanceof Tuple) {
    if (value.items.length > MAX_LIST_ITEMS) return [];
    return value.items.map((item, index) => [String(index), item]);
  }
  const children: [string, PickleValue][] = [];
  for (const [key, child] of entriesOf(value)) if (typeof key === 'string') children.push([key, child]);
  return children;
}

/** The items of a dict or of an object that is a kind of dict, and the attributes of an object. */
function* entriesOf(value: PickleValue): Generator<[PickleValue, PickleValue]> {
  if (value instanceof Dict) yield* value.entries;
  if (!(value instanceof Placeholder)) return;
  if (value.items) yield* value.items.entries;
  if (value.state instanceof Dict) yield* value.state.entries;
}

function tensorsOf(value: PickleValue): Map<string, ModuleTensor> {
  const tensors = new Map<string, ModuleTensor>();
  for (const [name, item] of entriesOf(value)) {
    const tensor = item instanceof Parameter ? item.tensor : item;
    const isOne = tensor instanceof Tensor || (tensor instanceof Placeholder && dependsOnTensor(tensor));
    if (typeof name === 'string' && isOne) tensors.set(name, tensor);
  }
  return tensors;
}

/** Returns whether an object was made from a tensor, so that it may be a tensor of a kind that is not known. */
function dependsOnTensor(value: PickleValue | undefined, depth = 0): boolean {
  if (value instanceof Tensor || value instanceof Storage) return true;
  if (depth > MAX_ARGUMENT_DEPTH) return false;
  if (value instanceof Placeholder)
    return /^torch\._utils\._rebuild_|^torch\.\w*Storage$/.test(value.global) || dependsOnTensor(value.args, depth + 1);
  return value instanceof Tuple && value.items.some(item => dependsOnTensor(item, depth + 1));
}

function nothingFound(root: PickleValue, where: string): string {
  const advice = 'Save the state dict in Python: torch.save(model.state_dict(), f)';
  if (root instanceof Placeholder)
    return `${where}: has no state dict, but an object of the Python class ${JSON.stringify(root.global)}. ${advice}`;
  if (!(root instanceof Dict)) return `${where}: has no state dict, but not a dict. ${advice}`;
  const keys: string[] = [];
  for (const key of root.entries.keys()) if (keys.push(JSON.stringify(String(key))) === KEYS_SHOWN) break;
  return `${where}: has no state dict, but a dict with the keys ${keys.join(', ') || 'none'}. ${advice}`;
}
