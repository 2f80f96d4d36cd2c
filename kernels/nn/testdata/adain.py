"""Makes adain.vec beside it: AdaIN in PyTorch on small images of odd sizes.

    python3 adain.py

needs torch and numpy. Weights are those of flows.py.
"""
import json
import math
import zlib

import numpy as np
import torch
from torch import nn


def conv(i, o):
    return [nn.ReflectionPad2d(1), nn.Conv2d(i, o, 3), nn.ReLU()]


def pool():
    return [nn.MaxPool2d(2, ceil_mode=True)]


def up():
    return [nn.Upsample(scale_factor=2, mode="nearest")]


encoder = nn.Sequential(
    nn.Conv2d(3, 3, 1), *conv(3, 64), *conv(64, 64), *pool(), *conv(64, 128), *conv(128, 128), *pool(),
    *conv(128, 256), *conv(256, 256), *conv(256, 256), *conv(256, 256), *pool(), *conv(256, 512))
decoder = nn.Sequential(
    *conv(512, 256), *up(), *conv(256, 256), *conv(256, 256), *conv(256, 256), *conv(256, 128), *up(),
    *conv(128, 128), *conv(128, 64), *up(), *conv(64, 64), *conv(64, 3)[:2])


def fill(net):
    for name, p in net.named_parameters():
        layer = net.get_submodule(name.rsplit(".", 1)[0])
        fan = layer.in_channels * layer.kernel_size[0] ** 2
        i = np.arange(p.numel(), dtype=np.uint64)
        u = (i * 2654435761 + zlib.crc32(name.encode())) % 2**32
        p.data = torch.from_numpy(((u / 2**31 - 1) * (1.6 / math.sqrt(fan))).astype(np.float32)).reshape(p.shape)


def style(f):
    return f.mean((2, 3), keepdim=True), (f.var((2, 3), keepdim=True) + 1e-5).sqrt()


torch.manual_seed(6)
with torch.no_grad():
    fill(encoder)
    fill(decoder)
    x, s = torch.rand(1, 3, 18, 27), torch.rand(1, 3, 21, 17) ** 2
    code = encoder(x)
    (m, d), (ms, ds) = style(code), style(encoder(s))
    mixed = .75 * ((code - m) / d * ds + ms) + .25 * code
    keep = [("x", x[0]), ("s", s[0]), ("code", code[0]), ("mixed", mixed[0]), ("y", decoder(mixed)[0])]
    with open("adain.vec", "wb") as f:
        f.write((json.dumps({"settings": {}, "tensors": [[n, list(v.shape)] for n, v in keep]}) + "\n").encode())
        for _, v in keep:
            f.write(v.contiguous().numpy().astype("<f4").tobytes())
