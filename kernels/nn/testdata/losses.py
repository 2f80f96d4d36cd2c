"""Makes loss-bce.vec and loss-jsd.vec beside it: three steps of Adam in PyTorch.

    python3 losses.py

needs torch and numpy. The files have the form of vectors.py: x and t for all steps, state/NAME before, losses [3] and
after/NAME behind the last step. The consistency loss is written as AugMix defines it, on three views whose images go
through the network as one batch.
"""

import json

import torch
from torch import nn
from torch.nn import functional as F

CLASSES, SIZE, BATCH, WIDTH, STEPS = 3, 8, 4, 4, 3


class ConvNet(nn.Module):
    def __init__(self):
        super().__init__()
        for i in range(3):
            setattr(self, f"conv{i + 1}", nn.Conv2d(3 if i == 0 else WIDTH << (i - 1), WIDTH << i, 3, 1, 1, bias=False))
            setattr(self, f"bn{i + 1}", nn.BatchNorm2d(WIDTH << i))
        self.fc = nn.Linear(WIDTH << 2, CLASSES)

    def forward(self, x):
        for i in range(3):
            if i > 0:
                x = F.max_pool2d(x, 2)
            x = F.relu(getattr(self, f"bn{i + 1}")(getattr(self, f"conv{i + 1}")(x)))
        return self.fc(x.mean((2, 3)))


def bce(net, x, t):
    return F.binary_cross_entropy_with_logits(net(x), t)


def jsd(net, x, t):
    logits = net(x)
    views = torch.split(logits, BATCH)
    p = [F.softmax(v, dim=1) for v in views]
    mix = torch.clamp(sum(p) / len(p), 1e-7, 1).log()
    kl = sum(F.kl_div(mix, q, reduction="batchmean") for q in p) / len(p)
    return F.cross_entropy(views[0], t) + 12 * kl


def write(name, loss, views, targets):
    torch.manual_seed(3)
    net = ConvNet()
    keep = []

    def state(prefix):
        for n, v in net.state_dict().items():
            if not n.endswith("num_batches_tracked"):
                keep.append((prefix + n, v.detach().clone().float()))

    x = torch.randn(STEPS, views * BATCH, 3, SIZE, SIZE)
    t = targets()
    keep += [("x", x), ("t", t)]
    state("state/")
    opt = torch.optim.Adam(net.parameters(), lr=0.01, weight_decay=0.02)
    losses = []
    for i in range(STEPS):
        opt.zero_grad()
        value = loss(net, x[i], t[i])
        value.backward()
        opt.step()
        losses.append(value.detach())
    keep.append(("losses", torch.stack(losses)))
    state("after/")
    with open(name, "wb") as f:
        head = {"settings": {"arch": "convnet", "width": WIDTH, "classes": CLASSES, "size": SIZE, "batch": BATCH, "lr": 0.01,
                             "weight_decay": 0.02}, "tensors": [[n, list(v.shape)] for n, v in keep]}
        f.write((json.dumps(head) + "\n").encode())
        for _, v in keep:
            f.write(v.contiguous().numpy().astype("<f4").tobytes())


write("loss-bce.vec", bce, 1, lambda: torch.randint(0, 2, (STEPS, BATCH, CLASSES)).float())
write("loss-jsd.vec", jsd, 3, lambda: F.softmax(torch.randn(STEPS, BATCH, CLASSES), dim=2))
