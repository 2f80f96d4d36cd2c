"""Makes flow-gradients.vec beside it: loss and some gradients of EDSR and CAE in training, in PyTorch.

Run in this folder with a Python that has numpy and torch. Importing flows.py writes its own vectors again, unchanged.
"""
import numpy as np
import torch

from flows import CAE, EDSR, fill, write


def numbers(seed, *shape):
    u = (np.arange(int(np.prod(shape)), dtype=np.uint64) * 2654435761 + seed) % 2**32
    return torch.tensor(u.astype(np.float64).reshape(shape) / 2**32, dtype=torch.float32)


class Signs(torch.autograd.Function):
    @staticmethod
    def forward(ctx, code, uniform):
        return torch.where(uniform < (1 + code) / 2, 1.0, -1.0)

    @staticmethod
    def backward(ctx, grad):
        return grad, None


keep = {}
net = EDSR()
fill(net, ("sub_mean", "add_mean"))
x, want = numbers(1, 2, 3, 6, 6) * 255, numbers(2, 2, 3, 24, 24) * 255
loss = ((net(x) - want) ** 2).mean()
loss.backward()
keep["edsr loss"] = loss.detach().view(1)
state = dict(net.named_parameters())
for name in ("head.0.weight", "body.7.body.2.bias", "body.16.bias", "tail.0.0.bias", "tail.1.weight"):
    keep["edsr " + name] = state[name].grad

net = CAE()
fill(net)
x, want, uniform = numbers(3, 2, 3, 16, 16), numbers(4, 2, 3, 16, 16), numbers(5, 2, 32, 4, 4)
loss = ((net.decode(Signs.apply(net.encode(x), uniform)) - want) ** 2).mean()
loss.backward()
keep["cae loss"] = loss.detach().view(1)
state = dict(net.named_parameters())
for name in ("e_conv_1.1.weight", "e_block_2.4.bias", "e_conv_3.0.bias", "d_up_conv_1.0.bias", "d_up_conv_1.3.bias", "d_up_conv_2.3.bias", "d_up_conv_3.3.weight"):
    keep["cae " + name] = state[name].grad

keep["cae d_up_conv_1.3.weight, first two"] = state["d_up_conv_1.3.weight"].grad[:2]
write("flow-gradients.vec", list(keep.items()))
