#!/usr/bin/env python3
"""Writes test/weights/fixtures/formats: one dict of tensors in every format that torch.save has ever written, and their
bytes.

The dict has every dtype, tensors that share a storage, views with offsets, strides and repetitions, a scalar and an
empty tensor. torch.save writes the ZIP and the legacy file. PyTorch still reads, but no longer writes, legacy files with
storage views and the tar format of 2017; this script builds both around PyTorch's own storage writer. torch.load must
return the same bits for every file. Needs PyTorch 1.13 (Debian's python3-torch); the tests need no Python.

    python3 scripts/make_format_fixtures.py test/weights/fixtures/formats
"""
import json
import os
import pickle
import struct
import sys
import tarfile
import tempfile
import zipfile
from collections import OrderedDict

import torch

DTYPES = ['float32', 'float64', 'float16', 'bfloat16', 'complex64', 'complex128', 'int64', 'int32', 'int16', 'int8', 'uint8', 'bool']
CLASSES = {torch.float32: 'Float', torch.float64: 'Double', torch.float16: 'Half', torch.bfloat16: 'BFloat16', torch.complex64: 'ComplexFloat',
           torch.complex128: 'ComplexDouble', torch.int64: 'Long', torch.int32: 'Int', torch.int16: 'Short', torch.int8: 'Char', torch.uint8: 'Byte',
           torch.bool: 'Bool'}


def every_tensor():
    torch.manual_seed(7)
    tensors = OrderedDict()
    for name in DTYPES:
        dtype = getattr(torch, name)
        size = torch.tensor([], dtype=dtype).element_size()
        bits = torch.randint(0, 256, (24 * size,), dtype=torch.uint8)
        if dtype == torch.bool:
            bits &= 1
        # Random bits, which include NaNs with payloads and subnormals.
        base = torch.frombuffer(bytearray(bits.numpy().tobytes()), dtype=dtype).reshape(4, 6)
        tensors[name] = base
        tensors[f'{name}.transposed'] = base.t()
        tensors[f'{name}.offset'] = base.view(-1)[5:15]
        tensors[f'{name}.columns'] = base[1:, 1:6:2]
    base = tensors['float32']
    tensors['permuted'] = base.reshape(2, 3, 4).permute(2, 0, 1)
    tensors['expanded'] = base[0, :3].reshape(3, 1).expand(3, 4)
    tensors['scalar'] = base[3, 5]
    tensors['empty'] = torch.zeros(0, 3)
    tensors['overlapping'] = base.as_strided((5, 4), (2, 1), 3)
    return tensors


def bytes_of(tensor):
    return tensor.detach().contiguous().view(-1).numpy().tobytes() if tensor.dtype != torch.bfloat16 else bytes_of(tensor.contiguous().view(torch.int16))


def check(path, tensors):
    loaded = torch.load(path)
    assert list(loaded) == list(tensors), path
    for name, tensor in tensors.items():
        assert loaded[name].dtype == tensor.dtype and loaded[name].shape == tensor.shape, (path, name)
        assert bytes_of(loaded[name]) == bytes_of(tensor), (path, name)


def write_storage(file, tensor):
    """Writes the number of elements and the elements, using PyTorch."""
    tensor.storage()._storage._write_file(file, False, True, tensor.element_size())


class Pickler(pickle.Pickler):
    def __init__(self, file, ids):
        super().__init__(file, protocol=2)
        self.ids = ids

    def persistent_id(self, value):
        return self.ids(value)


def save_legacy_with_parts(tensors, path):
    """Writes each tensor's storage as a view of a larger one."""
    storages = OrderedDict()

    def ids(value):
        if not torch.is_storage(value):
            return None
        key = str(value._cdata)
        dtype, numel = value.dtype, len(value)
        storages[key] = (value, dtype)
        cls = getattr(torch, f'{CLASSES[dtype]}Storage')
        return ('storage', cls, key, 'cpu', numel, (f'{key}-part', 0, numel) if numel != 24 else (f'{key}-part', 4, numel - 4))

    class Rebuilt:
        def __init__(self, tensor):
            self.tensor = tensor

        def __reduce__(self):
            tensor = self.tensor
            shift = 4 if len(tensor.storage()) == 24 else 0
            assert tensor.storage_offset() >= shift
            return torch._utils._rebuild_tensor, (tensor.storage(), tensor.storage_offset() - shift, tuple(tensor.size()), tensor.stride())

    with open(path, 'wb') as file:
        pickle.dump(0x1950a86a20f9469cfc6c, file, protocol=2)
        pickle.dump(1001, file, protocol=2)
        pickle.dump({'protocol_version': 1001, 'little_endian': True, 'type_sizes': {'short': 2, 'int': 4, 'long': 4}}, file, protocol=2)
        Pickler(file, ids).dump(OrderedDict((name, Rebuilt(tensor)) for name, tensor in tensors.items()))
        keys = sorted(storages)
        pickle.dump(keys, file, protocol=2)
        file.flush()
        for key in keys:
            value, dtype = storages[key]
            value._storage._write_file(file, False, True, torch._utils._element_size(dtype))


def save_tar(tensors, path, parameters=()):
    with tempfile.TemporaryDirectory() as folder:
        serialized, storages = OrderedDict(), OrderedDict()

        def ids(value):
            if torch.is_tensor(value):
                serialized[str(value._cdata)] = value
                return str(value._cdata)
            return None

        with open(os.path.join(folder, 'sys_info'), 'wb') as file:
            pickle.dump({'protocol_version': 1000, 'little_endian': True, 'type_sizes': {'short': 2, 'int': 4, 'long': 4}}, file, protocol=2)
        with open(os.path.join(folder, 'pickle'), 'wb') as file:
            Pickler(file, ids).dump(OrderedDict(tensors))
        wrap_parameters(os.path.join(folder, 'pickle'), [str(tensors[name]._cdata) for name in parameters])
        with open(os.path.join(folder, 'tensors'), 'wb') as file:
            pickle.dump(len(serialized), file, protocol=2)
            for key, tensor in serialized.items():
                storage = tensor.storage()
                storages[storage._cdata] = tensor
                kind = f'{CLASSES[tensor.dtype]}Storage'
                part = storage._cdata + 1 if len(storage) == 24 and tensor.storage_offset() >= 4 else storage._cdata
                pickle.dump((int(key), part, getattr(torch, kind)), file, protocol=2)
                file.write(struct.pack('<i', tensor.dim()) + b'\0\0\0\0')
                file.write(struct.pack(f'<{tensor.dim()}q', *tensor.size()) + struct.pack(f'<{tensor.dim()}q', *tensor.stride()))
                file.write(struct.pack('<q', tensor.storage_offset() - (4 if part != storage._cdata else 0)))
        with open(os.path.join(folder, 'storages'), 'wb') as file:
            pickle.dump(len(storages), file, protocol=2)
            for key, tensor in storages.items():
                pickle.dump((key, 'cpu', getattr(torch, f'{CLASSES[tensor.dtype]}Storage')), file, protocol=2)
                file.flush()
                write_storage(file, tensor)
            # A view of each large storage that begins at its fifth element.
            pickle.dump([(key + 1, key, 4, len(t.storage()) - 4) for key, t in storages.items() if len(t.storage()) == 24], file, protocol=2)
        with tarfile.open(path, mode='w:', format=tarfile.PAX_FORMAT) as tar:
            for name in ['sys_info', 'pickle', 'tensors', 'storages']:
                tar.add(os.path.join(folder, name), arcname=name)


def wrap_parameters(path, keys):
    """Wraps tensors as Parameters of 2017, created empty and filled by their state: GLOBAL, EMPTY_TUPLE, NEWOBJ, (id,
    None, None, True, False), BUILD."""
    with open(path, 'rb') as file:
        raw = file.read()
    for key in keys:
        at = raw.index(b'X' + struct.pack('<I', len(key)) + key.encode())
        end = raw.index(b'Q', at) + 1
        raw = raw[:at] + b'ctorch.nn.parameter\nParameter\n)\x81(' + raw[at:end] + b'NN\x88\x89tb' + raw[end:]
    with open(path, 'wb') as file:
        file.write(raw)


def deflated(source, target):
    with zipfile.ZipFile(source) as stored, zipfile.ZipFile(target, 'w', zipfile.ZIP_DEFLATED) as packed:
        for name in stored.namelist():
            packed.writestr(name.replace('every/', 'another name/', 1), stored.read(name))


def main(folder):
    os.makedirs(folder, exist_ok=True)
    at = lambda name: os.path.join(folder, name)
    tensors = every_tensor()
    torch.save(tensors, at('every.pth'))
    torch.save(tensors, at('every_legacy.pth'), _use_new_zipfile_serialization=False)
    deflated(at('every.pth'), at('every_deflated.pth'))
    save_tar(tensors, at('every_tar.pth'), parameters=['permuted', 'scalar'])
    parts = OrderedDict((name, t) for name, t in tensors.items() if len(t.storage()) != 24 or t.storage_offset() >= 4)
    save_legacy_with_parts(parts, at('parts_legacy.pth'))
    for name in ['every.pth', 'every_legacy.pth', 'every_deflated.pth', 'every_tar.pth']:
        check(at(name), tensors)
    check(at('parts_legacy.pth'), parts)
    expected = {name: {'dtype': str(t.dtype)[6:], 'shape': list(t.shape), 'hex': bytes_of(t).hex()} for name, t in tensors.items()}
    with open(at('every.json'), 'w') as file:
        json.dump(expected, file, indent=0)


if __name__ == '__main__':
    main(sys.argv[1])
