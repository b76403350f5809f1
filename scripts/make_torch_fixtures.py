#!/usr/bin/env python3
"""Writes test/weights/fixtures: small checkpoints saved by PyTorch, and expected.json with all their values.

Needs PyTorch 1.13 or later. The tests read the committed files and need no Python:

    python3 scripts/make_torch_fixtures.py test/weights/fixtures
"""
import json
import math
import os
import sys

import torch
from torch import nn

DTYPES = ['float32', 'float64', 'float16', 'bfloat16', 'int64', 'int32', 'int16', 'int8', 'uint8', 'bool']


def views():
    base = torch.arange(24, dtype=torch.float32).reshape(4, 6) / 8
    return {
        'base': base,
        'transposed': base.t(),
        'offset': base.view(-1)[5:15],
        'columns': base[:, 1:4],
        'every_other_row': base[::2],
        'permuted': base.reshape(2, 3, 4).permute(2, 0, 1),
        'expanded': torch.tensor([1.5, -2.5, 3.5]).reshape(3, 1).expand(3, 4),
        'scalar': torch.tensor(7.25),
        'empty': torch.zeros(0, 3),
        'half_view': torch.arange(12, dtype=torch.float16).reshape(3, 4).t(),
    }


def dtypes():
    special = torch.tensor([0.0, -0.0, 1.0, -2.5, 0.1, 65504.0, 6e-8, 3.4e38, math.inf, -math.inf, math.nan])
    whole = torch.tensor([0, 1, 2, 3, 100, 127])
    tensors = {name: (special if getattr(torch, name).is_floating_point else whole).to(getattr(torch, name)) for name in DTYPES}
    tensors['int64_large'] = torch.tensor([2**53 + 1, -(2**62), 16777217])
    tensors['int8_negative'] = torch.tensor([-128, -1, 127], dtype=torch.int8)
    return tensors


def network():
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(8, 2))


def training_checkpoint():
    net = nn.DataParallel(network())
    optimizer = torch.optim.Adam(net.parameters())
    sum(p.sum() for p in net.parameters()).backward()
    optimizer.step()
    return {'epoch': 3, 'arch': 'tiny', 'best': 0.875, 'state_dict': net.state_dict(), 'optimizer': optimizer.state_dict()}


def described(tensors):
    return {name: {'shape': list(t.shape), 'values': [number(v) for v in t.detach().float().reshape(-1).tolist()]} for name, t in tensors.items()}


def number(value):
    return value if math.isfinite(value) and (value or math.copysign(1, value) > 0) else {'text': repr(value)}


def main(folder):
    os.makedirs(folder, exist_ok=True)
    checkpoint = training_checkpoint()
    saved = {
        'views.pth': views(),
        'dtypes.pth': dtypes(),
        'sequential.pth': network().state_dict(),
        'parameters.pth': {name: p for name, p in network().named_parameters()},
    }
    for name, tensors in saved.items():
        torch.save(tensors, os.path.join(folder, name))
    torch.save(checkpoint, os.path.join(folder, 'training.pth'))
    torch.save(saved['sequential.pth'], os.path.join(folder, 'legacy.pth'), _use_new_zipfile_serialization=False)
    torch.jit.script(nn.Linear(2, 2)).save(os.path.join(folder, 'torchscript.pt'))
    expected = {name: described(tensors) for name, tensors in {**saved, 'training.pth': checkpoint['state_dict']}.items()}
    with open(os.path.join(folder, 'expected.json'), 'w') as file:
        json.dump(expected, file)


if __name__ == '__main__':
    main(sys.argv[1])
