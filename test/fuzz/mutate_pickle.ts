/** Mutates a pickle opcode by opcode. */
import { type Dice, NUMBERS } from './dice.ts';
import { mutateBytes } from './mutate_bytes.ts';

/** Length of each opcode's argument in bytes, or how to find it. */
const ARGUMENTS: Readonly<Record<number, number | 'text8' | 'text32' | 'lines'>> = {
  128: 1,
  74: 4,
  75: 1,
  77: 2,
  71: 8,
  104: 1,
  106: 4,
  113: 1,
  114: 4,
  85: 'text8',
  138: 'text8',
  88: 'text32',
  99: 'lines',
};

/** Opcodes without arguments, including some that are rejected. */
const PLAIN = Buffer.from('(Rb\x81Q}]\x8f)\x85\x86\x87taesuN\x88\x89.0129i\x93\x94\x95o', 'latin1');

const GLOBALS = [
  'collections\nOrderedDict\n',
  'torch._utils\n_rebuild_tensor_v2\n',
  'torch._utils\n_rebuild_tensor\n',
  'torch._utils\n_rebuild_parameter\n',
  'torch\nFloatStorage\n',
  'torch\nUntypedStorage\n',
  'torch\nDoubleStorage\n',
  'torch\nSize\n',
  'torch\nfloat16\n',
  'torch.nn.parameter\nParameter\n',
  'os\nsystem\n',
  '__builtin__\neval\n',
];

/** Returns the pickle with one to four opcodes changed, removed, repeated or inserted. */
export function mutatePickle(dice: Dice, pickle: Uint8Array): Uint8Array {
  if (dice.chance(8)) return mutateBytes(dice, pickle);
  const opcodes = disassemble(pickle);
  for (let left = 1 + dice.below(4); left > 0; left--) {
    const at = dice.below(opcodes.length);
    switch (dice.below(6)) {
      case 0:
        opcodes.splice(at, 1);
        break;
      case 1:
        opcodes.splice(at, 0, opcodes[dice.below(opcodes.length)] ?? Buffer.alloc(1));
        break;
      case 2:
        opcodes.splice(at, 0, newOpcode(dice));
        break;
      case 3:
        opcodes.splice(at, 0, ...opcodes.slice(at, at + dice.below(30)));
        break;
      default:
        opcodes[at] = changedArgument(dice, opcodes[at] ?? Buffer.alloc(1));
    }
  }
  return Buffer.concat(opcodes);
}

/** Splits a pickle into opcodes with their arguments, up to STOP or the end. */
export function disassemble(pickle: Uint8Array): Buffer[] {
  const bytes = Buffer.from(pickle);
  const opcodes: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = 1 + argumentBytes(bytes, at);
    opcodes.push(bytes.subarray(at, at + length));
    if (bytes[at] === 0x2e) break;
    at += length;
  }
  return opcodes;
}

function argumentBytes(bytes: Buffer, at: number): number {
  const argument = ARGUMENTS[bytes[at]!] ?? 0;
  if (typeof argument === 'number') return argument;
  if (argument === 'text8') return 1 + (bytes[at + 1] ?? 0);
  if (argument === 'text32') return 4 + (at + 5 <= bytes.length ? bytes.readUInt32LE(at + 1) : 0);
  return bytes.indexOf(0x0a, bytes.indexOf(0x0a, at) + 1) - at;
}

function newOpcode(dice: Dice): Buffer {
  switch (dice.below(4)) {
    case 0:
      return number(dice);
    case 1:
      return Buffer.from(`c${dice.pick(GLOBALS)}`);
    case 2:
      return Buffer.from([dice.pick([0x68, 0x71]), dice.below(40)]);
    default:
      return Buffer.from([PLAIN[dice.below(PLAIN.length)]!]);
  }
}

/** LONG1 of eight bytes. */
function number(dice: Dice): Buffer {
  const bytes = Buffer.alloc(10, 8);
  bytes[0] = 0x8a;
  bytes.writeBigInt64LE(BigInt.asIntN(64, dice.pick(NUMBERS)), 2);
  return bytes;
}

function changedArgument(dice: Dice, opcode: Buffer): Buffer {
  switch (opcode[0]) {
    case 0x4a:
    case 0x4b:
    case 0x4d:
    case 0x8a:
      return number(dice);
    case 0x63:
      return Buffer.from(`c${dice.pick(GLOBALS)}`);
    case 0x58: {
      const text = dice.pick(['storage', 'module', '0', '1', '__proto__', 'constructor', '', 'cpu', 'state_dict']);
      return Buffer.concat([Buffer.from([0x58, text.length, 0, 0, 0]), Buffer.from(text)]);
    }
    default:
      return newOpcode(dice);
  }
}
