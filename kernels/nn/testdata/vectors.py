"""Makes the *.bin files beside it: one training step of each architecture in PyTorch.

    python3 vectors.py

needs torch, torchvision and numpy. torchvision.txt has each network's parameters and a digest of its state's names and shapes. A file is a line of JSON, {"tensors": [[name, shape], ...], "settings": {...}}, and
the tensors' values after it, float32, little-endian, in that order. Names: x (images), t (class numbers),
state/NAME (before the step), eval (logits with running statistics, before), train (logits in training), loss, grad/NAME,
after/NAME (state after the step).
"""

import hashlib
import json

import torch
import torchvision
from torch import nn
from torch.nn import functional as F


class SE(nn.Module):
    """As placed and named by senet.pytorch."""

    def __init__(self, channels):
        super().__init__()
        inner = max(1, channels // 16)
        self.fc = nn.Sequential(nn.Linear(channels, inner, bias=False), nn.ReLU(), nn.Linear(inner, channels, bias=False), nn.Sigmoid())

    def forward(self, x):
        return x * self.fc(x.mean((2, 3)))[:, :, None, None]


class CBAM(nn.Module):
    """As named by the attention-module package: a gate of channels, then a gate of pixels."""

    def __init__(self, channels):
        super().__init__()
        inner = max(1, channels // 16)
        self.ChannelGate = nn.Module()
        self.ChannelGate.mlp = nn.Sequential(nn.Flatten(), nn.Linear(channels, inner), nn.ReLU(), nn.Linear(inner, channels))
        self.SpatialGate = nn.Module()
        self.SpatialGate.spatial = nn.Module()
        self.SpatialGate.spatial.conv = nn.Conv2d(2, 1, 7, padding=3, bias=False)
        self.SpatialGate.spatial.bn = nn.BatchNorm2d(1, momentum=0.01)

    def forward(self, x):
        mlp, spatial = self.ChannelGate.mlp, self.SpatialGate.spatial
        x = x * torch.sigmoid(mlp(x.mean((2, 3))) + mlp(x.amax((2, 3))))[:, :, None, None]
        both = torch.stack([x.max(1).values, x.mean(1)], 1)
        return x * torch.sigmoid(spatial.bn(spatial.conv(both)))


class Block(nn.Module):
    def __init__(self, inp, out, stride, attention="", inner=0, groups=1):
        super().__init__()
        self.inner = inner
        if inner:
            out = 4 * out
            self.conv1 = nn.Conv2d(inp, inner, 1, bias=False)
            self.bn1 = nn.BatchNorm2d(inner)
            self.conv2 = nn.Conv2d(inner, inner, 3, stride, 1, groups=groups, bias=False)
            self.bn2 = nn.BatchNorm2d(inner)
            self.conv3 = nn.Conv2d(inner, out, 1, bias=False)
            self.bn3 = nn.BatchNorm2d(out)
        else:
            self.conv1 = nn.Conv2d(inp, out, 3, stride, 1, bias=False)
            self.bn1 = nn.BatchNorm2d(out)
            self.conv2 = nn.Conv2d(out, out, 3, 1, 1, bias=False)
            self.bn2 = nn.BatchNorm2d(out)
        if attention == "se":
            self.se = SE(out)
        if attention == "cbam":
            self.cbam = CBAM(out)
        self.attention = attention
        self.downsample = None
        if stride != 1 or inp != out:
            self.downsample = nn.Sequential(nn.Conv2d(inp, out, 1, stride, bias=False), nn.BatchNorm2d(out))

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        if self.inner:
            y = self.bn3(self.conv3(F.relu(y)))
        if self.attention:
            y = getattr(self, self.attention)(y)
        return F.relu(y + (x if self.downsample is None else self.downsample(x)))


class ResNet(nn.Module):
    def __init__(self, blocks, width, classes, imagenet, attention="", groups=1, group_width=0):
        super().__init__()
        self.imagenet = imagenet
        self.conv1 = nn.Conv2d(3, width, 7, 2, 3, bias=False) if imagenet else nn.Conv2d(3, width, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        inp = width
        self.stages = len(blocks)
        for s, n in enumerate(blocks):
            out = width << s
            inner, wide = out * group_width // 64 * groups, out * (4 if group_width else 1)
            layer = [Block(inp if i == 0 else wide, out, 2 if s > 0 and i == 0 else 1, attention, inner, groups) for i in range(n)]
            setattr(self, f"layer{s + 1}", nn.Sequential(*layer))
            inp = wide
        self.fc = nn.Linear(inp, classes)

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)))
        if self.imagenet:
            x = F.max_pool2d(x, 3, 2, 1)
        for s in range(self.stages):
            x = getattr(self, f"layer{s + 1}")(x)
        return self.fc(x.mean((2, 3)))


class ConvNet(nn.Module):
    def __init__(self, width, classes):
        super().__init__()
        for i in range(3):
            setattr(self, f"conv{i + 1}", nn.Conv2d(3 if i == 0 else width << (i - 1), width << i, 3, 1, 1, bias=False))
            setattr(self, f"bn{i + 1}", nn.BatchNorm2d(width << i))
        self.fc = nn.Linear(width << 2, classes)

    def forward(self, x):
        for i in range(3):
            if i > 0:
                x = F.max_pool2d(x, 2)
            x = F.relu(getattr(self, f"bn{i + 1}")(getattr(self, f"conv{i + 1}")(x)))
        return self.fc(x.mean((2, 3)))


def write(file, net, settings, size, batch):
    torch.manual_seed(1)
    for p in net.parameters():
        p.data = torch.randn_like(p) * (2 / max(p[0].numel(), 2)) ** 0.5 + (1 if p.dim() == 1 else 0)
    for name, b in net.named_buffers():
        if name.endswith("running_mean"):
            b.normal_(0, 0.2)
        if name.endswith("running_var"):
            b.uniform_(0.5, 1.5)
    keep = []

    def save(name, t):
        keep.append((name, t.detach().clone().float()))

    def state(prefix):
        for name, t in net.state_dict().items():
            if not name.endswith("num_batches_tracked"):
                save(prefix + name, t)

    x = torch.randn(batch, 3, size, size)
    t = torch.arange(batch) % settings["classes"]
    save("x", x)
    save("t", t)
    state("state/")
    net.eval()
    save("eval", net(x))
    net.train()
    opt = torch.optim.SGD(net.parameters(), lr=settings["lr"], momentum=0.9, nesterov=True, weight_decay=settings["weight_decay"])
    logits = net(x)
    save("train", logits)
    loss = F.cross_entropy(logits, t, label_smoothing=settings["label_smoothing"])
    save("loss", loss)
    loss.backward()
    for name, p in net.named_parameters():
        save("grad/" + name, p.grad)
    opt.step()
    state("after/")
    with open(file, "wb") as f:
        head = {"settings": dict(settings, size=size, batch=batch), "tensors": [[n, list(v.shape)] for n, v in keep]}
        f.write((json.dumps(head) + "\n").encode())
        for _, v in keep:
            f.write(v.contiguous().numpy().astype("<f4").tobytes())


def names(file):
    """Digests of names and shapes of torchvision's networks."""
    with open(file, "w") as f:
        for arch in ["resnet18", "resnet34", "resnet50", "resnet101", "resnet152", "resnext50_32x4d", "resnext101_32x8d"]:
            net = getattr(torchvision.models, arch)()
            lines = sorted(f"{n} {list(t.shape)}\n" for n, t in net.state_dict().items() if not n.endswith("num_batches_tracked"))
            digest = hashlib.sha256("".join(lines).encode()).hexdigest()[:32]
            f.write(f"{arch} {sum(p.numel() for p in net.parameters())} {digest}\n")


step = {"lr": 0.1, "weight_decay": 0.01, "label_smoothing": 0.1, "classes": 3, "stem": ""}
write("convnet.bin", ConvNet(4, 3), dict(step, arch="convnet", width=4), 9, 4)
write("resnet8.bin", ResNet([1, 1, 1], 2, 3, False), dict(step, arch="resnet8", width=2, stem="cifar"), 8, 4)
write("resnet20.bin", ResNet([3, 3, 3], 2, 3, False), dict(step, arch="resnet20", width=2, stem="cifar"), 8, 4)
write("resnet18.bin", ResNet([2, 2, 2, 2], 2, 3, True), dict(step, arch="resnet18", width=2, stem="imagenet"), 33, 3)
write("resnet8-se.bin", ResNet([1, 1, 1], 4, 3, False, "se"), dict(step, arch="resnet8", width=4, stem="cifar", attention="se"), 8, 4)
write("resnet8-cbam.bin", ResNet([1, 1, 1], 4, 3, False, "cbam"), dict(step, arch="resnet8", width=4, stem="cifar", attention="cbam"), 8, 4)
write("resnet50.bin", ResNet([1, 2, 1], 2, 3, True, "", 1, 64), dict(step, arch="resnet50", width=2, stem="imagenet", blocks=[1, 2, 1]), 33, 3)
write("resnet50-se.bin", ResNet([1, 1], 4, 3, False, "se", 1, 64), dict(step, arch="resnet50", width=4, stem="cifar", attention="se", blocks=[1, 1]), 9, 4)
write("resnext50.bin", ResNet([1, 1], 16, 3, False, "", 32, 4), dict(step, arch="resnext50_32x4d", width=16, stem="cifar", blocks=[1, 1]), 7, 3)
names("torchvision.txt")
