"""Makes checkpoints in every layout that people save a ResNet-18 in, and PyTorch's logits for each.

/usr/bin/python3 scripts/make_checkpoints.py DIR      needs torch and torchvision (Debian: python3-torch, python3-torchvision)

DIR/cases.json lists the files: {"file", "what", "options", "logits", "logits64"}, where "logits64" are computed in
float64. DIR/x.f32 is the input, float32 [1, 3, 64, 64].
"""
import argparse
import collections
import copy
import gzip
import json
import os
import pathlib
import struct
import sys
import zipfile

import numpy as np
import torch
import torchvision

OUT = sys.argv[1]
os.makedirs(OUT, exist_ok=True)
torch.manual_seed(1)
CASES = []
X = torch.randn(1, 3, 64, 64)
X.numpy().tofile(f"{OUT}/x.f32")


def network(build=torchvision.models.resnet18, **options):
    model = build(weights=None, **options)
    with torch.no_grad():
        for module in model.modules():
            if isinstance(module, torch.nn.BatchNorm2d) and module.track_running_stats:
                module.running_mean.normal_(0, 0.1)
                module.running_var.uniform_(0.5, 1.5)
                module.weight.uniform_(0.5, 1.5)
                module.bias.normal_(0, 0.1)
    return model.eval()


def case(file, what, saved, model=None, options=None, save=torch.save, **how):
    save(saved, f"{OUT}/{file}", **how)
    logits = logits64 = None
    if model is not None:
        with torch.no_grad():
            logits = model(X)[0].double().tolist()
            logits64 = copy.deepcopy(model).double()(X.double())[0].tolist()
    CASES.append({"file": file, "what": what, "options": options or {}, "logits": logits, "logits64": logits64})


def prefixed(prefix, tensors):
    return collections.OrderedDict((prefix + name, value) for name, value in tensors.items())


def renamed(tensors, change):
    return collections.OrderedDict((change(name), value) for name, value in tensors.items())


def with_fc(fc):
    model = copy.deepcopy(M)
    model.fc = fc
    return model.eval()


def logits_of(model):
    """The logits before a final LogSoftmax."""
    last = list(model.fc)[-1] if isinstance(model.fc, torch.nn.Sequential) else None
    if isinstance(last, torch.nn.LogSoftmax):
        model = copy.deepcopy(model)
        model.fc[-1] = torch.nn.Identity()
    return model


M = network()
SD = M.state_dict()
NAMES = {torch.float32: "F32", torch.float16: "F16", torch.int64: "I64"}


def safetensors(tensors, path, metadata=None):
    header, blobs, offset = {}, [], 0
    if metadata:
        header["__metadata__"] = metadata
    for name, value in tensors.items():
        dtype, data = (NAMES[value.dtype], value.contiguous().numpy().tobytes()) if torch.is_tensor(value) else value[:2]
        shape = list(value.shape) if torch.is_tensor(value) else value[2]
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [offset, offset + len(data)]}
        offset += len(data)
        blobs.append(data)
    text = json.dumps(header).encode()
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + b"".join(blobs))


# Prefixes
case("plain.pth", "a plain state dict", SD, M)
case("legacy.pth", "the format before PyTorch 1.6", SD, M, _use_new_zipfile_serialization=False)
case("proto4.pth", "pickle protocol 4", SD, M, pickle_protocol=4)
for prefix in ["module.", "_orig_mod.", "module._orig_mod.", "net.", "resnet.", "model.model.", "a.b.c.d."]:
    case(f"prefix_{prefix.strip('.')}.pth", f"prefix `{prefix}`", prefixed(prefix, SD), M)
case("criterion.ckpt", "Lightning, a loss's weight beside `model.`", {"epoch": 3, "state_dict": {**prefixed("model.", SD), "criterion.weight": torch.ones(2)}}, M)
moco = {**prefixed("module.encoder_q.", SD), **prefixed("module.encoder_k.", SD), "module.queue": torch.randn(8, 8)}
case("moco.pth", "MoCo: two networks", {"state_dict": moco})
case("moco_q.pth", "MoCo with --prefix", {"state_dict": moco}, M, {"prefix": "module.encoder_q."})
case("dino.pth", "student and teacher that share their tensors", {"student": SD, "teacher": SD})

# Beside the state dict
Namespace = argparse.Namespace
for name, what, extra in [
    ("namespace", "argparse.Namespace", {"args": Namespace(lr=0.1)}),
    ("counter", "collections.Counter", {"c": collections.Counter([3, 6])}),
    ("defaultdict", "collections.defaultdict", {"d": collections.defaultdict(list, {"loss": [1.0]})}),
    ("device", "torch.device", {"device": torch.device("cpu")}),
    ("numpy_scalar", "a numpy scalar", {"acc": np.float64(0.93)}),
    ("numpy_array", "a numpy array", {"losses": np.zeros(5)}),
    ("path", "pathlib.PosixPath", {"path": pathlib.PosixPath("/x")}),
    ("set", "a set and a frozenset", {"s": {1, 2}, "f": frozenset([3])}),
    ("dtype", "torch.dtype, torch.Size, complex", {"t": torch.float32, "z": torch.Size([1]), "c": 1j}),
    ("history", "a history of 400,000 numbers", {"losses": [i * 1e-6 for i in range(400000)]}),
]:
    case(f"beside_{name}.pth", f"{what} beside the state dict", {"state_dict": SD, **extra}, M)
opt = torch.optim.SGD(M.parameters(), 0.1)
case("multistep.pth", "optimizer and MultiStepLR", {"model_state_dict": SD, "optimizer": opt.state_dict(), "scheduler": torch.optim.lr_scheduler.MultiStepLR(opt, [3, 6]).state_dict()}, M)
case("whole.pth", "a whole model", M, M)
case("whole_legacy.pth", "a whole model, old format", M, M, _use_new_zipfile_serialization=False)
dilated = network(torchvision.models.resnet50, replace_stride_with_dilation=[False, False, True])
case("dilated.pth", "a whole dilated ResNet-50", dilated)
case("script.pt", "TorchScript", torch.jit.script(M), M, save=torch.jit.save)
E2 = network()
case("ema.pth", "`state_dict_ema` beside `state_dict`", {"state_dict": SD, "state_dict_ema": E2.state_dict()}, M)
case("ema_chosen.pth", "the same with --ema", {"state_dict": SD, "state_dict_ema": E2.state_dict()}, E2, {"ema": True})
case("list.pth", "a list with a state dict", [SD], M)
case("half.pth", "float16", {k: v.half() if v.is_floating_point() else v for k, v in SD.items()}, copy.deepcopy(M).half().float())
case("sparse.pth", "one sparse tensor", {**SD, "bn1.weight": SD["bn1.weight"].to_sparse()})

# Other names
children = torch.nn.Sequential(*list(M.children())[:-1], torch.nn.Flatten(), M.fc)
case("sequential.pth", "Sequential of the children", children.state_dict(), M)
bare = torch.nn.Sequential(*list(M.children())[:-1]).state_dict()
case("radimagenet.pth", "Sequential under `backbone.`, no fc (RadImageNet)", prefixed("backbone.", bare))


def transformers(name):
    if name.startswith("fc."):
        return "classifier.1." + name[3:]
    if name.startswith("conv1."):
        return "resnet.embedder.embedder.convolution." + name[6:]
    if name.startswith("bn1."):
        return "resnet.embedder.embedder.normalization." + name[4:]
    layer, block, part, *rest = name.split(".")
    if part == "downsample":
        inner = "shortcut." + ("convolution" if rest.pop(0) == "0" else "normalization")
    else:
        inner = f"layer.{int(part[-1]) - 1}." + ("convolution" if part.startswith("conv") else "normalization")
    return f"resnet.encoder.stages.{int(layer[5]) - 1}.layers.{block}.{inner}." + ".".join(rest)


case("transformers.safetensors", "Hugging Face transformers", renamed(SD, transformers), M, save=safetensors)

# Classifiers
two = with_fc(torch.nn.Linear(512, 2))
case("fc2.pth", "fc with 2 classes", two.state_dict(), two)
case("class_to_idx.pth", "`class_to_idx` beside it", {"state_dict": two.state_dict(), "class_to_idx": {"NORMAL": 0, "PNEUMONIA": 1}}, two)
fourteen = with_fc(torch.nn.Linear(512, 14))
case("fc14.pth", "14 labels", fourteen.state_dict(), fourteen)
soft = with_fc(torch.nn.Sequential(torch.nn.Linear(512, 2), torch.nn.LogSoftmax(dim=1)))
case("fc_log_softmax.pth", "`fc.0` and LogSoftmax", soft.state_dict(), logits_of(soft))
drop = with_fc(torch.nn.Sequential(torch.nn.Dropout(0.5), torch.nn.Linear(512, 2)))
case("fc_dropout.pth", "`fc.1` after Dropout", drop.state_dict(), drop)
for name in ["last_linear", "classifier", "head.fc"]:
    case(f"{name}.pth", f"`{name}`", renamed(SD, lambda key: key.replace("fc.", name + ".") if key.startswith("fc.") else key), M)
mm = {**prefixed("backbone.", {k: v for k, v in two.state_dict().items() if k[:2] != "fc"}), "head.fc.weight": two.fc.weight.data, "head.fc.bias": two.fc.bias.data}
case("mmcls.pth", "mmcls: `backbone.` and `head.fc`", {"meta": {}, "state_dict": mm}, two)
nobias = with_fc(torch.nn.Linear(512, 2, bias=False))
case("fc_nobias.pth", "fc without a bias", nobias.state_dict(), nobias)
case("nofc.pth", "no fc", {k: v for k, v in SD.items() if k[:2] != "fc"})
mlp = with_fc(torch.nn.Sequential(torch.nn.Linear(512, 64), torch.nn.ReLU(), torch.nn.Linear(64, 2)))
case("fc_mlp.pth", "fc with a hidden layer", mlp.state_dict())

# safetensors
safetensors({k: SD[k] for k in list(SD)[:60]}, f"{OUT}/model-00001-of-00002.safetensors")
safetensors({k: SD[k] for k in list(SD)[60:]}, f"{OUT}/model-00002-of-00002.safetensors")
weight_map = {k: f"model-0000{1 if i < 60 else 2}-of-00002.safetensors" for i, k in enumerate(SD)}
case("model.safetensors.index.json", "sharded safetensors", {"weight_map": weight_map}, M, save=lambda value, path: json.dump(value, open(path, "w")))
case("plain.safetensors", "safetensors", SD, M, save=safetensors)
case("fnuz.safetensors", "an extra F8_E4M3FNUZ tensor under another name", {**prefixed("model.", SD), "x": ("F8_E4M3FNUZ", b"\0\0", [2])}, M, save=safetensors)
case("f8.safetensors", "conv1 as F8_E4M3", {**SD, "conv1.weight": ("F8_E4M3", b"\x38" * 9408, [64, 3, 7, 7])}, save=safetensors)

# Other networks and other files
case("resnext.pth", "ResNeXt", network(torchvision.models.resnext50_32x4d).state_dict())
case("wide.pth", "Wide ResNet", network(torchvision.models.wide_resnet50_2).state_dict())
case("groupnorm.pth", "GroupNorm", network(norm_layer=lambda c: torch.nn.GroupNorm(8, c)).state_dict())
case("nostats.pth", "batch norm without statistics", network(norm_layer=lambda c: torch.nn.BatchNorm2d(c, track_running_stats=False)).state_dict())
case("se.pth", "squeeze-and-excitation", {**SD, "layer1.0.se.fc1.weight": torch.zeros(4, 64, 1, 1)})
case("grey.pth", "conv1 for grey images", {**SD, "conv1.weight": SD["conv1.weight"].sum(1, keepdim=True)})
case("weight_norm.pth", "weight norm on conv1", {**{k: v for k, v in SD.items() if k != "conv1.weight"}, "conv1.weight_g": torch.ones(64, 1, 1, 1), "conv1.weight_v": SD["conv1.weight"]})
case("densenet.pth", "DenseNet-121", torchvision.models.densenet121(weights=None).state_dict())


def write(data):
    return lambda _, path: pathlib.Path(path).write_bytes(data)


case("model.h5", "Keras .h5", None, save=write(b"\x89HDF\r\n\x1a\n" + bytes(100)))
case("model.onnx", "ONNX", None, save=write(b"\x08\x07\x12\x07pytorch\x1a\x051.13." + bytes(50)))
case("x.pth.gz", "gzip of a .pth", None, save=write(gzip.compress(pathlib.Path(f"{OUT}/fc2.pth").read_bytes(), 1)))


def zipped(names, _, path):
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, b"x")


case("model.keras", "Keras .keras", None, save=lambda *a: zipped(["metadata.json", "config.json", "model.weights.h5"], *a))
case("zipped.zip", "zip of a .pth", None, save=lambda *a: zipped(["resnet.pth"], *a))
json.dump(CASES, open(f"{OUT}/cases.json", "w"))
print(len(CASES), "files in", OUT)
