"""Makes the *.bin files beside it: one training step of each architecture in PyTorch.

    python3 vectors.py

needs torch and numpy. A file is a line of JSON, {"tensors": [[name, shape], ...], "settings": {...}}, and
the tensors' values after it, float32, little-endian, in that order. Names: x (images), t (class numbers),
state/NAME (before the step), eval (logits with running statistics, before), train (logits in training), loss, grad/NAME,
after/NAME (state after the step).
"""

import json

import torch
from torch import nn
from torch.nn import functional as F


class Block(nn.Module):
    def __init__(self, inp, out, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inp, out, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(out)
        self.conv2 = nn.Conv2d(out, out, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(out)
        self.downsample = None
        if stride != 1 or inp != out:
            self.downsample = nn.Sequential(nn.Conv2d(inp, out, 1, stride, bias=False), nn.BatchNorm2d(out))

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        return F.relu(y + (x if self.downsample is None else self.downsample(x)))


class ResNet(nn.Module):
    def __init__(self, blocks, width, classes, imagenet):
        super().__init__()
        self.imagenet = imagenet
        self.conv1 = nn.Conv2d(3, width, 7, 2, 3, bias=False) if imagenet else nn.Conv2d(3, width, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        inp = width
        self.stages = len(blocks)
        for s, n in enumerate(blocks):
            out = width << s
            layer = [Block(inp if i == 0 else out, out, 2 if s > 0 and i == 0 else 1) for i in range(n)]
            setattr(self, f"layer{s + 1}", nn.Sequential(*layer))
            inp = out
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


step = {"lr": 0.1, "weight_decay": 0.01, "label_smoothing": 0.1, "classes": 3, "stem": ""}
write("convnet.bin", ConvNet(4, 3), dict(step, arch="convnet", width=4), 9, 4)
write("resnet8.bin", ResNet([1, 1, 1], 2, 3, False), dict(step, arch="resnet8", width=2, stem="cifar"), 8, 4)
write("resnet20.bin", ResNet([3, 3, 3], 2, 3, False), dict(step, arch="resnet20", width=2, stem="cifar"), 8, 4)
write("resnet18.bin", ResNet([2, 2, 2, 2], 2, 3, True), dict(step, arch="resnet18", width=2, stem="imagenet"), 33, 3)
