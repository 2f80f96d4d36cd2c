"""Makes edsr.vec and cae.vec beside it: EDSR (baseline, x4) and CAE in PyTorch on small images.

    python3 flows.py

needs torch and numpy. The files have the form of vectors.py. Weights are too many to keep: value i of the tensor NAME is
((i*2654435761 + crc32(NAME)) mod 2^32) / 2^31 - 1, times gain/sqrt(fan in), and flows_test.go makes the same.
"""

import json
import math
import zlib

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

GAIN = 1.6


def fill(net, fixed=()):
    for name, p in net.named_parameters():
        if name.startswith(tuple(fixed)):
            continue
        layer = net.get_submodule(name.rsplit(".", 1)[0])
        transposed = isinstance(layer, nn.ConvTranspose2d)
        fan = (layer.out_channels if transposed else layer.in_channels) * layer.kernel_size[0] ** 2
        i = np.arange(p.numel(), dtype=np.uint64)
        u = (i * 2654435761 + zlib.crc32(name.encode())) % 2**32
        p.data = torch.from_numpy(((u / 2**31 - 1) * (GAIN / math.sqrt(fan))).astype(np.float32)).reshape(p.shape)


class Shift(nn.Conv2d):
    def __init__(self, sign):
        super().__init__(3, 3, 1)
        self.weight.data = torch.eye(3).view(3, 3, 1, 1)
        self.bias.data = sign * 255 * torch.tensor([0.4488, 0.4371, 0.4040])


class Residual(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(64, 64, 3, 1, 1), nn.ReLU(), nn.Conv2d(64, 64, 3, 1, 1))

    def forward(self, x):
        return x + self.body(x)


class EDSR(nn.Module):
    def __init__(self):
        super().__init__()
        self.sub_mean, self.add_mean = Shift(-1), Shift(1)
        self.head = nn.Sequential(nn.Conv2d(3, 64, 3, 1, 1))
        self.body = nn.Sequential(*[Residual() for _ in range(16)], nn.Conv2d(64, 64, 3, 1, 1))
        up = nn.Sequential(nn.Conv2d(64, 256, 3, 1, 1), nn.PixelShuffle(2), nn.Conv2d(64, 256, 3, 1, 1), nn.PixelShuffle(2))
        self.tail = nn.Sequential(up, nn.Conv2d(64, 3, 3, 1, 1))

    def forward(self, x):
        x = self.head(self.sub_mean(x))
        return self.add_mean(self.tail(self.body(x) + x))


def block():
    return nn.Sequential(nn.ZeroPad2d(1), nn.Conv2d(128, 128, 3), nn.LeakyReLU(), nn.ZeroPad2d(1), nn.Conv2d(128, 128, 3))


def up(inp, middle, out):
    return nn.Sequential(nn.Conv2d(inp, middle, 3), nn.LeakyReLU(), nn.ZeroPad2d(1), nn.ConvTranspose2d(middle, out, 2, 2))


class CAE(nn.Module):
    def __init__(self):
        super().__init__()
        pad = nn.ZeroPad2d((1, 2, 1, 2))
        self.e_conv_1 = nn.Sequential(pad, nn.Conv2d(3, 64, 5, 2), nn.LeakyReLU())
        self.e_conv_2 = nn.Sequential(pad, nn.Conv2d(64, 128, 5, 2), nn.LeakyReLU())
        for i in range(1, 4):
            setattr(self, f"e_block_{i}", block())
            setattr(self, f"d_block_{i}", block())
        self.e_conv_3 = nn.Sequential(nn.Conv2d(128, 32, 5, padding=2), nn.Tanh())
        self.d_up_conv_1 = up(32, 64, 128)
        self.d_up_conv_2 = up(128, 32, 256)
        self.d_up_conv_3 = nn.Sequential(
            nn.Conv2d(256, 16, 3), nn.LeakyReLU(), nn.ReflectionPad2d(2), nn.Conv2d(16, 3, 3), nn.Tanh())

    def encode(self, x):
        x = self.e_conv_2(self.e_conv_1(x))
        for i in range(1, 4):
            x = getattr(self, f"e_block_{i}")(x) + x
        return self.e_conv_3(x)

    def decode(self, y):
        x = self.d_up_conv_1(y)
        for i in range(1, 4):
            x = getattr(self, f"d_block_{i}")(x) + x
        return self.d_up_conv_3(self.d_up_conv_2(x))


def write(file, keep):
    with open(file, "wb") as f:
        f.write((json.dumps({"settings": {}, "tensors": [[n, list(v.shape)] for n, v in keep]}) + "\n").encode())
        for _, v in keep:
            f.write(v.contiguous().numpy().astype("<f4").tobytes())


def main():
    torch.manual_seed(5)
    with torch.no_grad():
        net = EDSR()
        fill(net, ("sub_mean", "add_mean"))
        x = torch.rand(1, 3, 5, 7) * 255
        head = net.head(net.sub_mean(x))
        write("edsr.vec", [("x", x[0]), ("head", head[0]), ("five", net.body[:5](head)[0]), ("y", net(x)[0])])
        net = CAE()
        fill(net)
        x = torch.rand(1, 3, 14, 21)
        code = net.encode(x)
        signs = (torch.rand_like(code) < 0.5).float() * 2 - 1
        write("cae.vec", [("x", x[0]), ("code", code[0]), ("signs", signs[0]), ("y", net.decode(signs)[0])])


if __name__ == "__main__":
    main()
