"""Writes PIL's and torchvision's pixels, as references: python3 scripts/make_transform_fixtures.py test/data/fixtures

Inputs are not stored: `pattern` computes them from integers, and test/data/transforms.test.ts computes the same pixels.
The committed fixtures come from Pillow 9.4 and torchvision 0.14.
"""
import base64
import json
import sys
from pathlib import Path

import numpy as np
from PIL import Image
from torchvision.transforms import functional as F
from torchvision.transforms import CenterCrop, Resize


def pattern(width, height):
    """Returns the high byte of Murmur3's finaliser of each byte's index. Noise reveals wrong weights best."""
    h = np.arange(3 * width * height, dtype=np.uint32)
    with np.errstate(over="ignore"):
        h ^= h >> np.uint32(16)
        h *= np.uint32(0x85EBCA6B)
        h ^= h >> np.uint32(13)
        h *= np.uint32(0xC2B2AE35)
        h ^= h >> np.uint32(16)
    return Image.fromarray((h >> np.uint32(24)).astype(np.uint8).reshape(height, width, 3), "RGB")


def stored(image):
    return {"width": image.width, "height": image.height, "pixels": base64.b64encode(image.tobytes()).decode()}


def squashed(why, size, to):
    return {"why": why, "size": size, "to": to, "result": stored(pattern(*size).resize(to, Image.BILINEAR))}


def evaluated(why, size, side, crop):
    image = CenterCrop(crop)(Resize(side)(pattern(*size)))
    return {"why": why, "size": size, "shorterSide": side, "crop": crop, "result": stored(image)}


def augmented(why, size=(31, 26), horizontal=False, vertical=False, rotation=0, angle=0, translate=(0, 0), scale=1, shear=(0, 0), gray=False):
    image = pattern(*size)
    image = F.hflip(image) if horizontal else image
    image = F.vflip(image) if vertical else image
    image = F.rotate(image, rotation)
    shift = [int(round(part * side)) for part, side in zip(translate, size)]
    image = F.affine(image, angle, shift, scale, list(shear))
    image = F.rgb_to_grayscale(image, 3) if gray else image
    parameters = {
        "horizontalFlip": horizontal,
        "verticalFlip": vertical,
        "rotation": rotation,
        "affine": {"angle": angle, "translate": translate, "scale": scale, "shear": shear},
        "grayscale": gray,
    }
    return {"why": why, "size": size, "parameters": parameters, "result": stored(image)}


def main(folder):
    fixtures = {
        "squashed": [
            squashed("smaller, odd sizes", (97, 61), (31, 29)),
            squashed("larger, odd sizes", (13, 9), (40, 31)),
            squashed("one pixel", (1, 1), (5, 3)),
            squashed("to one pixel", (57, 43), (1, 1)),
            squashed("a strip, shrunk in width and enlarged in height", (1000, 17), (33, 32)),
            squashed("the width stays the same", (53, 64), (53, 20)),
            squashed("an exact half", (64, 48), (32, 24)),
            squashed("a large reduction", (640, 512), (24, 24)),
            squashed("a little smaller", (33, 33), (32, 32)),
        ],
        "evaluated": [
            evaluated("landscape, a border of half a pixel", (75, 50), 32, 28),
            evaluated("portrait, the height truncated to whole pixels", (41, 77), 32, 27),
            evaluated("square", (60, 60), 33, 28),
            evaluated("the shorter side stays the same", (47, 32), 32, 29),
        ],
        "augmented": [
            augmented("flipped horizontally", horizontal=True),
            augmented("flipped vertically", vertical=True),
            augmented("rotated", rotation=7.3),
            augmented("rotated by a negative angle", rotation=-11.9),
            augmented("rotated by 90 degrees", rotation=90),
            augmented("rotated by 180 degrees", rotation=180),
            augmented("translated", translate=(0.11, -0.07)),
            augmented("translated by half pixels, rounded to even", size=(20, 30), translate=(0.05, 0.15)),
            augmented("enlarged", scale=1.13),
            augmented("reduced", scale=0.87, translate=(-0.05, 0.05)),
            augmented("sheared", shear=(5.5, 0)),
            augmented("sheared along both axes and rotated", angle=-4.4, shear=(-3.5, 6.25)),
            augmented("grey", gray=True),
            augmented("all augmentations together", (30, 30), True, True, 9.1, 3.3, (0.04, 0.05), 1.04, (4.5, -2.5), True),
        ],
    }
    Path(folder).mkdir(parents=True, exist_ok=True)
    Path(folder, "transforms.json").write_text(json.dumps(fixtures, indent=1) + "\n")


main(sys.argv[1])
