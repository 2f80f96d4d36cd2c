"""Processor seconds of one AugMix picture of 224 x 224 with Pillow and NumPy, for severities 1 (imagenet) and 3 (cifar).

Written from the description of the method: chains of operations on a Pillow image, each normalised and added up in NumPy.
"""
import time

import numpy as np
from PIL import Image, ImageOps

SIZE = 224
MEAN, STD = (np.array(v, np.float32)[:, None, None] for v in ([.485, .456, .406], [.229, .224, .225]))
random = np.random.default_rng(1)


def whole(level, most):
    return int(level * most / 10)


def sign():
    return 1 if random.random() < .5 else -1


def warp(image, *m):
    return image.transform((SIZE, SIZE), Image.AFFINE, m, resample=Image.BILINEAR)


OPERATIONS = [
    lambda im, u: ImageOps.autocontrast(im),
    lambda im, u: ImageOps.equalize(im),
    lambda im, u: ImageOps.posterize(im, 4 - whole(u, 4)),
    lambda im, u: im.rotate(sign() * whole(u, 30), resample=Image.BILINEAR),
    lambda im, u: ImageOps.solarize(im, 256 - whole(u, 256)),
    lambda im, u: warp(im, 1, sign() * u * .03, 0, 0, 1, 0),
    lambda im, u: warp(im, 1, 0, 0, sign() * u * .03, 1, 0),
    lambda im, u: warp(im, 1, 0, sign() * whole(u, SIZE / 3), 0, 1, 0),
    lambda im, u: warp(im, 1, 0, 0, 0, 1, sign() * whole(u, SIZE / 3)),
]


def normalised(image):
    return (np.asarray(image, np.float32).transpose(2, 0, 1) / 255 - MEAN) / STD


def augmix(image, severity):
    weights, share = random.dirichlet([1] * 3), random.beta(1, 1)
    mixed = np.zeros((3, SIZE, SIZE), np.float32)
    for w in weights:
        chain = image.copy()
        for _ in range(random.integers(1, 4)):
            chain = OPERATIONS[random.integers(len(OPERATIONS))](chain, random.uniform(.1, severity))
        mixed += np.float32(w) * normalised(chain)
    return np.float32(1 - share) * normalised(image) + np.float32(share) * mixed


x, y = np.meshgrid(np.arange(SIZE), np.arange(SIZE))
image = Image.fromarray(np.stack([x * (1 + c) + y * 2 + x * y // 64 for c in range(3)], -1).astype(np.uint8))
for name, severity in ("imagenet", 1), ("cifar", 3):
    augmix(image, severity)
    n, start = 60, time.process_time()
    for _ in range(n):
        augmix(image, severity)
    print(f"{name}={(time.process_time() - start) / n}")
