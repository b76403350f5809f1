"""Writes PyTorch's results for the head, as references: python3 scripts/make_training_fixtures.py test/train/fixtures

Inputs are not stored: `pattern` computes them from integers, and test/train/pattern.ts computes the same values.
The committed fixtures come from torch 1.13 on a CPU with AVX2. Without fused multiply-add, torch's initial weights round
differently.
"""
import hashlib
import json
import sys
from pathlib import Path

import numpy as np
import torch
from torch.utils.data import DataLoader, TensorDataset


def pattern(shape, seed):
    """Returns Murmur3's finaliser of seed * 2^24 + index, scaled to [-1, 1): exact in float32."""
    h = (np.arange(int(np.prod(shape)), dtype=np.uint64) + np.uint64(seed << 24)).astype(np.uint32)
    with np.errstate(over="ignore"):
        h ^= h >> np.uint32(16)
        h *= np.uint32(0x85EBCA6B)
        h ^= h >> np.uint32(13)
        h *= np.uint32(0xC2B2AE35)
        h ^= h >> np.uint32(16)
    return torch.from_numpy(((h >> np.uint32(8)).astype(np.float32) / np.float32(2**23) - 1).reshape(shape))


def targets(n, classes, seed):
    """Returns the class with the largest pattern value."""
    return pattern((n, classes), seed).argmax(1)


def head(classes, features):
    linear = torch.nn.Linear(features, classes)
    with torch.no_grad():
        linear.weight.copy_(pattern((classes, features), 1) * 0.125)
        linear.bias.copy_(pattern((classes,), 2) * 0.125)
    return torch.nn.Sequential(linear, torch.nn.LogSoftmax(dim=1))


def gradients():
    """Returns the gradients of every tensor for one small batch."""
    net = head(3, 33)
    x = pattern((10, 33), 3).requires_grad_()
    y = net(x)
    y.retain_grad()
    loss = torch.nn.NLLLoss()(y, targets(10, 3, 4))
    loss.backward()
    flat = lambda tensor: tensor.detach().flatten().tolist()
    return {
        "loss": loss.item(),
        "y": flat(y),
        "gradY": flat(y.grad),
        "gradX": flat(x.grad),
        "gradWeight": flat(net[0].weight.grad),
        "gradBias": flat(net[0].bias.grad),
    }


def ten_steps(make_optimizer):
    """Returns the losses of ten steps of the whole head, each on its own batch, and the start of the weight
    afterwards."""
    net = head(2, 2048)
    optimizer = make_optimizer(net.parameters())
    losses = []
    for step in range(10):
        optimizer.zero_grad()
        loss = torch.nn.NLLLoss()(net(pattern((64, 2048), 10 + step)), targets(64, 2, 30 + step))
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return {"losses": losses, "weight": net[0].weight.detach()[:, :16].flatten().tolist(), "bias": net[0].bias.tolist()}


def step_lr(step_size, gamma):
    optimizer = torch.optim.SGD(head(2, 4).parameters(), lr=1e-3)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size, gamma)
    rates = []
    for _ in range(10):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return rates


def draws(seed):
    """Returns the first uniforms, and what the training loop draws before and during its first two epochs."""
    bits = lambda tensor: hashlib.sha256(tensor.detach().numpy().tobytes()).hexdigest()
    torch.manual_seed(seed)
    uniforms = torch.rand(8).tolist()

    torch.manual_seed(seed)
    linear = torch.nn.Linear(2048, 2)
    orders = {}
    for n in (5216, 10):
        train = DataLoader(TensorDataset(torch.arange(n, dtype=torch.int32)), batch_size=256, shuffle=True)
        val = DataLoader(TensorDataset(torch.arange(3)), batch_size=256)
        orders[n] = []
        for _ in range(2):
            order = torch.cat([rows for rows, in train])
            for _ in val:
                pass
            orders[n].append({"sha256": bits(order), "first": order[:10].tolist()})
    return {
        "seed": seed,
        "uniforms": uniforms,
        "weight": {"sha256": bits(linear.weight), "first": linear.weight.flatten()[:4].tolist()},
        "bias": linear.bias.tolist(),
        "orders": orders,
    }


def blobs(count, seed, features=36):
    """Returns noise with a direction that separates the classes."""
    x = pattern((count, features), seed)
    labels = (torch.arange(count) * 5 + seed) % 2
    x[:, :4] += labels[:, None] - 0.5
    return TensorDataset(x, labels)


def fit(seed, epochs=4):
    """Runs the tutorial's training loop on a head, starting from the seed only."""
    train, val = blobs(150, 71), blobs(41, 72)
    torch.manual_seed(seed)
    net = torch.nn.Sequential(torch.nn.Linear(36, 2), torch.nn.LogSoftmax(dim=1))
    loaders = {"train": DataLoader(train, batch_size=32, shuffle=True), "val": DataLoader(val, batch_size=32)}
    optimizer = torch.optim.Adam(net.parameters(), lr=0.05)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=2, gamma=0.5)
    history = []
    for _ in range(epochs):
        record = {}
        for phase, loader in loaders.items():
            net.train(phase == "train")
            loss_sum, correct = 0.0, 0
            for x, labels in loader:
                optimizer.zero_grad()
                with torch.set_grad_enabled(phase == "train"):
                    y = net(x)
                    loss = torch.nn.NLLLoss()(y, labels)
                    if phase == "train":
                        loss.backward()
                        optimizer.step()
                loss_sum += loss.item() * len(x)
                correct += (y.argmax(1) == labels).sum().item()
            count = len(loader.dataset)
            record[phase] = {"loss": loss_sum / count, "accuracy": correct / count}
        scheduler.step()
        history.append(record)
    return {"seed": seed, "history": history, "weight": net[0].weight.detach().flatten().tolist(), "bias": net[0].bias.tolist()}


def training():
    return {
        "torch": torch.__version__,
        "gradients": gradients(),
        "optimizers": {
            "adam": ten_steps(lambda p: torch.optim.Adam(p)),
            "adamDecay": ten_steps(lambda p: torch.optim.Adam(p, lr=3e-3, betas=(0.8, 0.99), eps=1e-6, weight_decay=0.1)),
            "sgd": ten_steps(lambda p: torch.optim.SGD(p, lr=1e-2)),
            "sgdMomentum": ten_steps(lambda p: torch.optim.SGD(p, lr=1e-2, momentum=0.9, dampening=0.5, weight_decay=0.1)),
            "sgdNesterov": ten_steps(lambda p: torch.optim.SGD(p, lr=1e-2, momentum=0.9, nesterov=True)),
        },
        "stepLR": step_lr(4, 0.1),
    }


def main(folder):
    torch.set_num_threads(1)
    write = lambda name, fixtures: Path(folder, name).write_text(json.dumps(fixtures, indent=1) + "\n")
    write("training.json", training())
    write("torch_random.json", {"torch": torch.__version__, "draws": [draws(s) for s in (0, 1, 2)], "fit": fit(1)})


if __name__ == "__main__":
    main(sys.argv[1])
