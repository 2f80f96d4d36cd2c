"""Makes adversarial.safetensors beside it: one step of fast adversarial training in PyTorch, on a small ResNet.

    PYTHONPATH=../../../kernels/nn/testdata python3 adversarial.py

needs torch, torchvision and numpy; importing vectors.py writes its own files again, unchanged, into the working folder, so run it in
an empty one and move the result. Names: images (pixels, 0 to 1), start, classes, state/NAME before, change after the signed step,
loss of the changed images, after/NAME.
"""
import json

import torch
from torch.nn import functional as F

from vectors import ResNet

torch.manual_seed(3)
net = ResNet([1, 1, 1], 2, 3, False)
mean, std = torch.tensor([.485, .456, .406]).view(3, 1, 1), torch.tensor([.229, .224, .225]).view(3, 1, 1)
epsilon, step = 8 / 255, 10 / 255
keep = []


def save(name, t):
    keep.append((name, t.detach().clone().float().contiguous()))


def state(prefix):
    for name, t in net.state_dict().items():
        if not name.endswith("num_batches_tracked"):
            save(prefix + name, t)


images = (torch.rand(4, 3, 8, 8) * 330 - 35).clamp(0, 255).round() / 255
classes = torch.arange(4) % 3
noise = ((torch.rand_like(images) * 2 - 1) * epsilon).requires_grad_()
save("images", images)
save("start", noise)
save("classes", classes)
state("state/")
net.train()
optimizer = torch.optim.SGD(net.parameters(), lr=.1, momentum=.9, nesterov=True, weight_decay=5e-4)
F.cross_entropy(net(((images + noise).clamp(0, 1) - mean) / std), classes).backward()
gradient = noise.grad
print("smallest slope that is not 0:", (gradient[gradient != 0].abs().min() / gradient.abs().max()).item())
change = (noise.detach() + step * gradient.sign()).clamp(-epsilon, epsilon)
save("change", change)
optimizer.zero_grad()
loss = F.cross_entropy(net(((images + change).clamp(0, 1) - mean) / std), classes)
save("loss", loss.view(1))
loss.backward()
optimizer.step()
state("after/")

head, at = {}, 0
for name, t in keep:
    head[name] = {"dtype": "F32", "shape": list(t.shape), "data_offsets": [at, at + 4 * t.numel()]}
    at += 4 * t.numel()
text = json.dumps(head).encode()
text += b" " * (-len(text) % 8)
with open("adversarial.safetensors", "wb") as f:
    f.write(len(text).to_bytes(8, "little") + text)
    for _, t in keep:
        f.write(t.numpy().astype("<f4").tobytes())
