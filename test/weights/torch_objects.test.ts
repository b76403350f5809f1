/** Objects that training scripts save: whole models, averaged weights, and what PyTorch's weights_only accepts. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { bytesSource } from '../../src/platform/bytes.ts';
import { convertWeights } from '../../src/weights/manage.ts';
import { openWeights, openWeightsSource } from '../../src/weights/open_weights.ts';
import { temporaryFolder } from '../cli/run.ts';
import { checkpoint, concat, long, open, pickle, tensorPickle, unicode } from './build.ts';

const TENSOR = tensorPickle().subarray(2 + 2 + 11, -2); // the tensor alone, without its dict
type Part = Parameters<typeof concat>[number];

const dict = (...items: [name: string, ...value: Part[]][]) =>
  concat('}(', ...items.flatMap(([name, ...value]) => [unicode(name), ...value]), 'u');
const tuple = (...values: Part[]) => concat('(', ...values, 't');
/** An object of a Python class with these attributes. */
const object = (path: string, state: Part) => {
  const dot = path.lastIndexOf('.');
  return concat(`c${path.slice(0, dot)}\n${path.slice(dot + 1)}\n)`, [0x81], state, 'b');
};
const layer = (path: string, ...more: [string, ...Part[]][]) =>
  object(path, dict(['_parameters', dict(['weight', TENSOR])], ['_buffers', '}'], ['_modules', '}'], ...more));
const model = (...modules: [string, ...Part[]][]) =>
  object(
    'torchvision.models.resnet.ResNet',
    dict(['_parameters', '}'], ['_buffers', dict(['scale', TENSOR])], ['_modules', dict(...modules)]),
  );
const saved = (object: Part) => checkpoint(pickle(object));
const openEma = (bytes: Uint8Array) => openWeightsSource(bytesSource('file', bytes), undefined, { ema: true });

describe('a whole model', () => {
  it('has the tensors of all modules under the names of its state dict', async () => {
    const file = await open(saved(model(['conv1', layer('torch.nn.modules.conv.Conv2d')], ['fc', layer('mine.Fc')])));
    expect([...file.tensors.keys()]).toEqual(['scale', 'conv1.weight', 'fc.weight']);
    expect([...(await file.tensors.get('fc.weight')!.read())]).toEqual([1, 2, 3, 4]);
    expect(file.notes).toEqual([
      'is a whole model (torchvision.models.resnet.ResNet); its tensors are read, and its code does not run',
    ]);
    expect(file.inertGlobals).toEqual(['mine.Fc', 'torch.nn.modules.conv.Conv2d', 'torchvision.models.resnet.ResNet']);
  });

  it('is found beside other objects', async () => {
    const file = await open(saved(dict(['epoch', 'K\x03'], ['model', model(['fc', layer('mine.Fc')])])));
    expect([...file.tensors.keys()]).toEqual(['scale', 'fc.weight']);
  });

  it('is refused if a convolution is dilated', async () => {
    const dilated = layer('torch.nn.modules.conv.Conv2d', ['dilation', tuple(long(2n), long(2n))]);
    await expect(open(saved(model(['conv1', dilated])))).rejects.toThrow(
      'torch: file: has dilated convolutions (conv1: dilation 2 x 2), which are not supported. Only ResNets without dilation can run',
    );
    const plain = layer('torch.nn.modules.conv.Conv2d', ['dilation', tuple(long(1n), long(1n))]);
    expect((await open(saved(model(['conv1', plain])))).tensors.size).toBe(2);
  });

  it('ends a walk through modules that contain themselves', async () => {
    const state = dict(['_parameters', '}'], ['_buffers', '}'], ['_modules', concat('}', unicode('self'), 'h\x00s')]);
    const cyclic = concat('cmine\nLoop\n)', [0x81], 'q\x00', state, 'b');
    await expect(open(saved(cyclic))).rejects.toThrow(
      'torch: file: has too many modules (the limits are 20000, and 40 levels)',
    );
  });
});

describe('averaged weights', () => {
  const plain = dict(['w', TENSOR]);
  const averaged = dict(['w', TENSOR], ['v', TENSOR]);

  it.each(['state_dict_ema', 'model_ema', 'ema', 'ema_state_dict', 'swa_model', 'averaged_model'])(
    'are used with the option, and noted without it: %s',
    async key => {
      const bytes = saved(dict(['state_dict', plain], [key, averaged]));
      const [file, ema] = [await open(bytes), await openEma(bytes)];
      expect([...file.tensors.keys()]).toEqual(['w']);
      expect(file.notes).toEqual([
        `also has averaged weights (EMA) in "${key}", which are not used. Use them with --ema`,
      ]);
      expect([...ema.tensors.keys()]).toEqual(['w', 'v']);
      expect(ema.notes).toEqual([`uses the averaged weights (EMA) of "${key}"`]);
    },
  );

  it('are used, with a note, if there are no others', async () => {
    const file = await open(saved(dict(['model_ema', plain])));
    expect(file.notes).toEqual(['uses the averaged weights (EMA) of "model_ema"']);
  });

  it('are an error if there are none', async () => {
    await expect(openEma(saved(dict(['state_dict', plain])))).rejects.toThrow(
      'torch: file: has no averaged weights (EMA). Omit --ema, or use the file that has them',
    );
  });
});

describe('convertWeights', () => {
  const folder = temporaryFolder();
  const input = join(folder, 'in.pth');
  const output = join(folder, 'out.safetensors');
  const state = dict(['w', TENSOR]);

  it('converts the averaged weights on request, and keeps the names of the classes', async () => {
    const classes = dict(['B', 'K\x01'], ['A', 'K\x00']);
    const averaged = dict(['v', TENSOR]);
    writeFileSync(input, saved(dict(['state_dict', state], ['model_ema', averaged], ['class_to_idx', classes])));
    await convertWeights(input, output, { ema: true });
    const file = await openWeights(output);
    expect([...file.tensors.keys()]).toEqual(['v']);
    expect(file.metadata.classes).toBe('["A","B"]');
    await file.close();
  });

  it('keeps the names of a file with several networks', async () => {
    const both = ['a', 'b'].flatMap((key): [string, Part][] =>
      ['conv1.weight', 'layer4.0.conv1.weight'].map(name => [`${key}.${name}`, TENSOR]),
    );
    writeFileSync(input, saved(dict(...both)));
    await expect(convertWeights(input, output)).rejects.toThrow('contains 2 networks (under "a.", "b.")');
    await convertWeights(input, output, { names: 'keep', replaceInput: true });
    const file = await openWeights(output);
    expect([...file.tensors.keys()].sort()).toEqual(both.map(([name]) => name).sort());
    await file.close();
  });
});

describe('what torch.load accepts with weights_only', () => {
  const STORAGE = concat(
    tuple(unicode('storage'), 'ctorch\nFloatStorage\n', unicode('0'), unicode('cpu'), long(4n)),
    'Q',
  );
  const beside = (...value: Part[]) => saved(dict(['state_dict', dict(['w', TENSOR])], ['other', ...value]));

  it.each<[string, Part]>([
    ['Counter', concat('ccollections\nCounter\n}', [0x85], 'R')],
    ['OrderedDict', 'ccollections\nOrderedDict\n)R'],
    ['device', concat('ctorch\ndevice\n', unicode('cpu'), [0x85], 'R')],
    ['Size', concat('ctorch\nSize\n', tuple(long(3n)), [0x85], 'R')],
    ['layout', concat('ctorch.serialization\n_get_layout\n', unicode('torch.strided'), [0x85], 'R')],
    ['bytearray', concat('cbuiltins\nbytearray\n)R')],
    ['set', concat('cbuiltins\nset\n](K\x01e', [0x85], 'R')],
    ['complex', concat('cbuiltins\ncomplex\n', tuple('K\x01', 'K\x02'), 'R')],
    ['bytes', concat('c_codecs\nencode\n', tuple(unicode('ab'), unicode('latin1')), 'R')],
    ['dtype', 'ctorch\nfloat16\n'],
    ['small integers', 'ctorch\nuint4\n'],
    ['float8', 'ctorch\nfloat8_e4m3fnuz\n'],
    ['float4', 'ctorch\nfloat4_e2m1fn_x2\n'],
    ['bits', 'ctorch\nbits8\n'],
    ['quantised dtype', 'ctorch\nquint8\n'],
    ['quantisation scheme', 'ctorch\nper_channel_affine\n'],
    ['a file name that is not UTF-8', concat('X', [5, 0, 0, 0], 'a', [0xed, 0xb2, 0x80], 'b')],
  ])('reads a checkpoint with %s', async (_, value) => {
    const file = await open(beside(value));
    expect(file.inertGlobals).toEqual([]);
    expect([...(await file.tensors.get('w')!.read())]).toEqual([1, 2, 3, 4]);
  });

  it.each<[string, Part]>([
    [
      'torch.Tensor whose data is its state',
      concat('ctorch\nTensor\n)', [0x81], tuple(STORAGE, 'K\x00', tuple('K\x04'), tuple('K\x01')), 'b'),
    ],
    ['_rebuild_parameter', concat('ctorch._utils\n_rebuild_parameter\n', tuple(TENSOR, [0x88], '}'), 'R')],
    [
      '_rebuild_parameter_with_state',
      concat('ctorch._utils\n_rebuild_parameter_with_state\n', tuple(TENSOR, [0x88], '}', '}'), 'R'),
    ],
    [
      'a tensor of another device',
      concat(
        'ctorch._utils\n_rebuild_device_tensor_from_cpu_tensor\n',
        tuple(TENSOR, 'ctorch\nfloat32\n', unicode('xla'), [0x89]),
        'R',
      ),
    ],
    [
      'a tensor with attributes',
      concat(
        'ctorch._tensor\n_rebuild_from_type_v2\n',
        tuple(
          'ctorch._utils\n_rebuild_tensor_v2\n',
          'ctorch\nTensor\n',
          tuple(STORAGE, 'K\x00', tuple('K\x04'), tuple('K\x01'), [0x89], '}'),
          '}',
        ),
        'R',
      ),
    ],
  ])('reads %s', async (_, value) => {
    const file = await open(saved(dict(['w', value])));
    expect([...(await file.tensors.get('w')!.read())]).toEqual([1, 2, 3, 4]);
  });

  it.each<[string, Part, string]>([
    [
      'sparse',
      concat('ctorch._utils\n_rebuild_sparse_tensor\n', tuple('N', tuple(TENSOR, TENSOR, 'N')), 'R'),
      'torch._utils._rebuild_sparse_tensor',
    ],
    [
      'quantised',
      concat('ctorch._utils\n_rebuild_qtensor\n', tuple(STORAGE, 'K\x00'), 'R'),
      'torch._utils._rebuild_qtensor',
    ],
    [
      'float8 e8m0',
      concat(
        'ctorch._utils\n_rebuild_tensor_v3\n',
        tuple(STORAGE, 'K\x00', tuple('K\x04'), tuple('K\x01'), [0x89], '}', 'ctorch\nfloat8_e8m0fnu\n'),
        'R',
      ),
      'torch.float8_e8m0fnu',
    ],
  ])('refuses only the tensor that is %s, by name', async (_, value, global) => {
    const file = await open(saved(dict(['good', TENSOR], ['odd', value])));
    expect([...(await file.tensors.get('good')!.read())]).toEqual([1, 2, 3, 4]);
    await expect(file.tensors.get('odd')!.read()).rejects.toThrow(
      `torch: file, odd: cannot be read (it depends on the Python global "${global}", which is never run). Save it as a plain tensor`,
    );
  });
});
