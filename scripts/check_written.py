#!/usr/bin/env python3
"""Loads files that Raycam wrote with the reference readers, and compares every value with PyTorch's reading of the
original.

Needs PyTorch, NumPy and Hugging Face's safetensors. For example, in a clone:

    npm run build
    for f in sequential training views legacy; do node dist/cli.js weights convert test/weights/fixtures/$f.pth /tmp/w/$f.safetensors --keep-names; done
    python3 scripts/check_written.py test/weights/fixtures /tmp/w heads/*.safetensors
"""
import os
import sys

import torch
from safetensors import safe_open
from safetensors.numpy import load_file


def tensors_of(path):
    saved = torch.load(path, map_location='cpu')
    saved = saved.get('state_dict', saved)
    return {name: t.float() for name, t in saved.items() if not name.endswith('num_batches_tracked')}


def main(originals, written, *others):
    compared = 0
    for name in sorted(os.listdir(written)):
        stem, ending = os.path.splitext(name)
        if ending != '.safetensors':
            continue
        expected, found = tensors_of(os.path.join(originals, f'{stem}.pth')), load_file(os.path.join(written, name))
        assert set(expected) == set(found), (name, set(expected) ^ set(found))
        for key, value in expected.items():
            got = torch.from_numpy(found[key])
            assert got.shape == value.shape and got.dtype == torch.float32, (name, key)
            assert torch.equal(got.view(-1).view(torch.int32), value.contiguous().view(-1).view(torch.int32)), (name, key)
            compared += 1
    for path in others:
        with safe_open(path, framework='np') as file:
            print(path, {key: list(file.get_tensor(key).shape) for key in file.keys()}, sorted(file.metadata()))
    print(f'{compared} tensors are bitwise equal')


if __name__ == '__main__':
    main(*sys.argv[1:])
