"""Writes noise2net.txt: Noise2Net as published, one batch-collapsed network with groups = images, in PyTorch float64.

Run in this folder: python noise2net.py > noise2net.txt
Each line is an image: height, width, epsilon, draw, row id, then its 3*h*w output values.
"""
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

import philox


class Block(nn.Module):
    """The Res2Net bottleneck of Noise2Net for `images` images side by side in the channels."""

    def __init__(self, images, convs, width=16, scale=4):
        super().__init__()
        self.images, self.width, self.scale = images, width, scale
        hidden = width * scale
        self.entry = nn.Conv2d(3 * images, hidden * images, 1, groups=images, bias=False)
        self.entry_norm = nn.BatchNorm2d(hidden * images)
        self.convs = nn.ModuleList(
            nn.Conv2d(width * images, width * images, k, padding=(k - 1) // 2 * d, dilation=d, groups=images) for k, d in convs)
        self.norms = nn.ModuleList(nn.BatchNorm2d(width * images) for _ in convs)
        self.exit = nn.Conv2d(hidden * images, 3 * images, 1, groups=images, bias=False)
        self.exit_norm = nn.BatchNorm2d(3 * images)

    def forward(self, x):
        n, _, h, w = x.shape
        b, s, c = self.images, self.scale, self.width
        hidden = F.relu(self.entry_norm(self.entry(x)))
        hidden = hidden.view(n, b, s, c, h, w).transpose(1, 2).reshape(n, s * b * c, h, w)
        slices = hidden.split(b * c, 1)
        outs = []
        for i, (conv, norm) in enumerate(zip(self.convs, self.norms)):
            y = slices[i] if i == 0 else outs[-1] + slices[i]
            outs.append(F.relu(norm(conv(y))))
        outs.append(slices[-1])
        y = torch.cat(outs, 1).view(n, s, b, c, h, w).transpose(1, 2).reshape(n, b * s * c, h, w)
        return self.exit_norm(self.exit(y))


def structure(draw):
    """DrawNoise2NetStructure of the key that the Go test uses."""
    w = philox.words(philox.key("noise2net", 1, 3, "structure", draw), "", 0, 24).astype(np.uint64)
    word = (w[:, 1] << np.uint64(32)) | w[:, 0]
    pick = [int(v) * (2 if i % 2 == 0 else 3) >> 64 for i, v in enumerate(map(int, word))]
    return [[(1 + 2 * pick[6 * b + 2 * i], 1 + pick[6 * b + 2 * i + 1]) for i in range(3)] for b in range(4)]


def load(blocks, convs, image, row, draw):
    """Puts one image's weights into its group of every convolution."""
    k, element = philox.key("noise2net", 1, 3, "weights", draw), 0

    def put(tensor, count, fan_in):
        nonlocal element
        bound = np.float32(1) / np.sqrt(np.float32(fan_in))
        v = philox.ranges(k, row, element, count, -bound, bound)
        element += (count + 3) // 4
        per = tensor.shape[0] // blocks[0].images
        tensor.data[image * per : (image + 1) * per] = torch.from_numpy(v.astype(np.float64)).reshape(tensor[:per].shape)

    for block, cs in zip(blocks, convs):
        put(block.entry.weight, 192, 3)
        for conv, (size, _) in zip(block.convs, cs):
            fan_in = 16 * size * size
            put(conv.weight, 16 * fan_in, fan_in)
            put(conv.bias, 16, fan_in)
        put(block.exit.weight, 192, 64)


def main():
    h, w, epsilon = 12, 13, 0.625
    rows = ["image", "other"]
    for draw in range(2):
        convs = structure(draw)
        blocks = [Block(len(rows), c).double() for c in convs]
        x = np.stack([philox.values(row, 3 * h * w).reshape(3, h, w) for row in rows])
        for i, row in enumerate(rows):
            load(blocks, convs, i, row, draw)
        with torch.no_grad():
            y = torch.from_numpy(x.astype(np.float64)).reshape(1, -1, h, w)
            for block in blocks:
                y = y + epsilon * block(y)
            # The published network collapses images into channels; each image alone must give the same.
            for i, row in enumerate(rows):
                alone = [Block(1, c).double() for c in convs]
                load(alone, convs, 0, row, draw)
                z = torch.from_numpy(x[i : i + 1].astype(np.float64))
                for block in alone:
                    z = z + epsilon * block(z)
                assert torch.allclose(z[0], y[0, 3 * i : 3 * i + 3], atol=1e-10)
        for i, row in enumerate(rows):
            out = y[0, 3 * i : 3 * i + 3].reshape(-1).numpy()
            print(h, w, epsilon, draw, row, *(f"{v:.7g}" for v in out))


if __name__ == "__main__":
    main()
