"""Writes ops.txt: results and gradients of PyTorch (float64) for the operations of package kernels.

Run in this folder: python ops.py > ops.txt
Inputs are philox.values(name, n), as in the Go tests. Each line: the case, then its values.
"""
import numpy as np
import torch
import torch.nn.functional as F

import philox


def tensor(name, *shape, grad=True):
    v = philox.values(name, int(np.prod(shape))).astype(np.float64).reshape(shape)
    return torch.from_numpy(v).requires_grad_(grad)


def show(name, t):
    print(name, *(f"{v:.7g}" for v in t.detach().reshape(-1).numpy()))


def case(name, y, *inputs):
    """The output, and the gradients of sum(y * dy) in the inputs."""
    dy = tensor("dy", *y.shape, grad=False)
    show(name, y)
    for i, g in enumerate(torch.autograd.grad((y * dy).sum(), inputs)):
        show(f"{name}/{i}", g)


for name, n, ci, h, w, co, k, stride, pad, dil, groups in [
    ("conv", 2, 4, 9, 10, 6, 3, 1, 1, 1, 1),
    ("conv-strided", 2, 4, 9, 10, 6, 3, 2, 1, 1, 2),
    ("conv-dilated", 1, 3, 12, 11, 2, 3, 1, 2, 2, 1),
]:
    x, wt, b = tensor("x", n, ci, h, w), tensor("w", co, ci // groups, k, k), tensor("b", co)
    case(name, F.conv2d(x, wt, b, stride, pad, dil, groups), x, wt, b)
x, wt, b = tensor("x", 2, 4, 5, 6), tensor("w", 4, 3, 3, 3), tensor("b", 6)
case("conv-transposed", F.conv_transpose2d(x, wt, b, 2, 1, output_padding=1, groups=2), x, wt, b)
x, wt, b = tensor("x", 5, 7), tensor("w", 3, 7), tensor("b", 3)
case("linear", F.linear(x, wt, b), x, wt, b)

x, g, b = tensor("x", 3, 4, 5, 6), tensor("w", 4), tensor("b", 4)
rm, rv = torch.zeros(4, dtype=torch.float64), torch.ones(4, dtype=torch.float64)
case("batchnorm", F.batch_norm(x, rm, rv, g, b, True, 0.1, 1e-5), x, g, b)
show("running-mean", rm)
show("running-var", rv)
m, v = tensor("m", 4, grad=False), tensor("v", 4, grad=False) ** 2 + 0.5
case("batchnorm-eval", F.batch_norm(x, m, v, g, b, False, 0.1, 1e-5), x, g, b)
case("instancenorm", F.instance_norm(x, None, None, g, b, True, 0.1, 1e-5), x, g, b)
case("groupnorm", F.group_norm(x, 2, g, b, 1e-5), x, g, b)
wt = tensor("w", 6, 2, 3, 3)
mean = wt.mean((1, 2, 3), keepdim=True)
var = wt.var((1, 2, 3), unbiased=False, keepdim=True)
case("weight-standard", (wt - mean) / torch.sqrt(var + 1e-5), wt)

x = tensor("x", 40)
for name, f in [("relu", F.relu), ("leaky", lambda x: F.leaky_relu(x, 0.1)), ("tanh", torch.tanh), ("sigmoid", torch.sigmoid), ("gelu", F.gelu)]:
    case(name, f(3 * x) if name not in ("relu", "leaky") else f(x), x)
x = tensor("x", 4, 7, 9)
case("maxpool", F.max_pool2d(x, 3, 2, 1), x)
case("avgpool", F.avg_pool2d(x, 3, 2, 1), x)
case("avgpool-inside", F.avg_pool2d(x, 3, 2, 1, count_include_pad=False), x)
case("adaptive", F.adaptive_avg_pool2d(x, (3, 4)), x)
case("global", x.mean((1, 2)), x)
case("upsample", F.interpolate(x[None], scale_factor=3)[0], x)
x = tensor("x", 2, 8, 3, 5)
case("shuffle", F.pixel_shuffle(x, 2), x)
case("reflect", F.pad(x, (2, 1, 1, 2), "reflect"), x)

x, labels = tensor("x", 6, 5), torch.tensor([0, 4, 2, 2, 1, 3])
case("softmax", F.softmax(3 * x, 1), x)
case("log-softmax", F.log_softmax(x, 1), x)
loss = F.cross_entropy(3 * x, labels, reduction="none")
show("cross-entropy", loss)
show("cross-entropy/0", torch.autograd.grad(loss.mean(), x)[0] / 3)
t = F.softmax(tensor("t", 6, 5, grad=False), 1)
loss = -(t * F.log_softmax(x, 1)).sum(1)
show("soft-cross-entropy", loss)
show("soft-cross-entropy/0", torch.autograd.grad(loss.mean(), x)[0])
t = (tensor("t", 6, 5, grad=False) + 1) / 2
loss = F.binary_cross_entropy_with_logits(x, t, reduction="none")
show("bce", loss)
show("bce/0", torch.autograd.grad(loss.mean(), x)[0])
views = [tensor(n, 6, 5) for n in ("x", "y", "z")]
p = [F.softmax(v, 1) for v in views]
mix = torch.clamp(sum(p) / 3, 1e-7, 1).log()
loss = sum((q * (q.log() - mix)).sum(1) for q in p) / 3
show("jensen-shannon", loss)
for i, g in enumerate(torch.autograd.grad(loss.mean(), views)):
    show(f"jensen-shannon/{i}", g)

for name, make in [
    ("sgd", lambda p: torch.optim.SGD(p, 0.1, momentum=0.9, weight_decay=5e-4)),
    ("nesterov", lambda p: torch.optim.SGD(p, 0.1, momentum=0.9, weight_decay=5e-4, nesterov=True)),
    ("adam", lambda p: torch.optim.Adam(p, 0.01, betas=(0.9, 0.99), eps=1e-8, weight_decay=1e-3)),
]:
    w = tensor("w", 21)
    opt = make([w])
    for step in range(3):
        w.grad = tensor(f"g{step}", 21, grad=False)
        opt.step()
    show(name, w)
