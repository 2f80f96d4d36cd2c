"""Trains small weights for augment/style, for the picture of docs/augmentations.md.

    python adain.py PACS OUT

reads the pictures PACS/DOMAIN/CLASS/FILE and writes OUT/encoder.pth and
OUT/decoder.pth: tensors of the names and shapes of the AdaIN release, of which
only the first channels of each layer are used (WIDTHS); the others are zero.

The encoder is not trained: each of its layers takes the principal components of
what it sees of pictures, each beside its negative, so that ReLU loses nothing (after
PCANet, Chan et al., TIP 2015, arXiv:1404.3606). The decoder learns to give pictures
back from their own codes and then, under the statistics of others, to match code
and style, with the losses of Huang and Belongie (ICCV 2017, arXiv:1703.06868).
Seeded; one thread, four CPU minutes.
"""

import os
import random
import sys
import time

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image

FULL = (64, 128, 256, 512)
WIDTHS = (32, 64, 128, 256)
PASSING = (5, 12, 19, 22, 25), (5, 8)  # layers of encoder and decoder that hand on what they get
SIDE, CROP, BATCH, STEPS = 128, 64, 8, int(os.environ.get("STEPS", 900))
ALONE = 0.55  # share of the steps in which pictures keep their own style



def layers(w):
    """Names, channels in and out of the 3x3 convolutions of each stretch."""
    encoder = [[(2, 3, w[0]), (5, w[0], w[0])], [(9, w[0], w[1]), (12, w[1], w[1])],
               [(16, w[1], w[2])] + [(p, w[2], w[2]) for p in (19, 22, 25)], [(29, w[2], w[3])]]
    decoder = [[(1, w[3], w[2])], [(p, w[2], w[2]) for p in (5, 8, 11)] + [(14, w[2], w[1])],
               [(18, w[1], w[1]), (21, w[1], w[0])], [(25, w[0], w[0]), (28, w[0], 3)]]
    return encoder, decoder


ENCODER, DECODER = layers(WIDTHS)


def conv(x, state, place):
    return F.conv2d(F.pad(x, (1, 1, 1, 1), mode="reflect"), state[f"{place}.weight"], state[f"{place}.bias"])


def encode(state, x):
    """The last activations of the encoder's four stretches, the code last."""
    x, out = F.conv2d(x, state["0.weight"], state["0.bias"]), []
    for i, stretch in enumerate(ENCODER):
        if i > 0:
            x = F.max_pool2d(x, 2, ceil_mode=True)
        for place, _, _ in stretch:
            if place not in PASSING[0]:
                x = F.relu(conv(x, state, place))
        out.append(x)
    return out


def decode(state, x):
    for i, stretch in enumerate(DECODER):
        if i > 0:
            x = F.interpolate(x, scale_factor=2, mode="nearest")
        for place, _, c in stretch:
            if place not in PASSING[1]:
                x = conv(x, state, place)
                x = x if c == 3 else F.relu(x)
    return x


def passing(c):
    w = torch.zeros(c, c, 3, 3)
    w[:, :, 1, 1] = torch.eye(c)
    return w, torch.zeros(c)


def components_encoder(pictures):
    """Layers of principal components, whose spread is the square root of theirs."""
    state = {"0.weight": 2 * torch.eye(3).reshape(3, 3, 1, 1), "0.bias": -torch.ones(3)}
    x = F.conv2d(pictures, state["0.weight"], state["0.bias"])
    for i, stretch in enumerate(ENCODER):
        if i > 0:
            x = F.max_pool2d(x, 2, ceil_mode=True)
        for place, cin, c in stretch:
            if place in PASSING[0]:
                state[f"{place}.weight"], state[f"{place}.bias"] = passing(c)
                continue
            patches = F.unfold(F.pad(x, (1, 1, 1, 1), mode="reflect"), 3).transpose(1, 2).reshape(-1, 9 * cin)
            mean = patches.mean(0)
            patches -= mean
            variance, axes = torch.linalg.eigh(patches.T @ patches / len(patches))
            std, axes = variance[-c // 2:].clamp_min(1e-8).sqrt(), axes[:, -c // 2:].T
            w = axes / (std * std.mean()).sqrt()[:, None]
            w = torch.cat([w, -w])
            state[f"{place}.weight"], state[f"{place}.bias"] = w.reshape(c, cin, 3, 3), -w @ mean
            x = F.relu(conv(x, state, place))
    return state


def random_decoder():
    state = {}
    for stretch in DECODER:
        for place, cin, c in stretch:
            if place in PASSING[1]:
                state[f"{place}.weight"], state[f"{place}.bias"] = passing(c)
                continue
            w = torch.empty(c, cin, 3, 3)
            torch.nn.init.kaiming_normal_(w, nonlinearity="linear" if c == 3 else "relu")
            state[f"{place}.weight"] = w.requires_grad_()
            state[f"{place}.bias"] = torch.full((c,), 0.5 if c == 3 else 0.0).requires_grad_()
    return state


def moments(x):
    return x.mean((2, 3), keepdim=True), (x.var((2, 3), keepdim=True) + 1e-5).sqrt()


def adain(content, style):
    (m, s), (m2, s2) = moments(content), moments(style)
    return (content - m) / s * s2 + m2


def load(folder, count, rng):
    """A sample of pictures below the folder, as [n, 3, SIDE, SIDE]."""
    files = sorted(os.path.join(d, f) for d, _, fs in os.walk(folder) for f in fs if f.lower().endswith((".jpg", ".png")))
    files = rng.sample(files, min(count, len(files)))
    pixels = [np.asarray(Image.open(f).convert("RGB").resize((SIDE, SIDE), Image.BILINEAR)) for f in files]
    return torch.from_numpy(np.stack(pixels)).permute(0, 3, 1, 2).contiguous()


def draw(pictures, n, rng):
    out = []
    for _ in range(n):
        i, y, x = rng.randrange(len(pictures)), rng.randrange(SIDE - CROP + 1), rng.randrange(SIDE - CROP + 1)
        p = pictures[i, :, y:y + CROP, x:x + CROP]
        out.append(p.flip(2) if rng.random() < 0.5 else p)
    return torch.stack(out).float() / 255


def widened(state, stretches):
    """The state with zeros in the channels that the full widths have besides."""
    out = {k: v for k, v in state.items() if k.startswith("0.")}
    for narrow, full in zip(sum(stretches, []), sum(layers(FULL)[stretches is DECODER], [])):
        (place, cin, c), (_, fin, f) = narrow, full
        w, b = torch.zeros(f, fin, 3, 3), torch.zeros(f)
        w[:c, :cin], b[:c] = state[f"{place}.weight"].detach(), state[f"{place}.bias"].detach()
        out[f"{place}.weight"], out[f"{place}.bias"] = w, b
    return out


def main(pacs, folder):
    torch.set_num_threads(1)
    torch.manual_seed(1)
    rng = random.Random(1)
    pictures = torch.cat([load(os.path.join(pacs, d), 400, rng) for d in ("photo", "art_painting", "cartoon")])
    styles = torch.cat([pictures, load(os.path.join(pacs, "sketch"), 400, rng)])
    with torch.no_grad():
        encoder = components_encoder(draw(pictures, 128, rng))
    decoder = random_decoder()
    trained = [w for w in decoder.values() if w.requires_grad]
    rates = torch.optim.Adam(trained, betas=(0.9, 0.99))
    os.makedirs(folder, exist_ok=True)
    start = time.process_time()
    half = BATCH // 2
    for step in range(STEPS):
        for g in rates.param_groups:
            g["lr"] = 1.5e-3 * min(1, (step + 1) / 30) * (0.02 + 0.98 * 0.5 * (1 + np.cos(np.pi * step / STEPS)))
        content = draw(pictures, BATCH, rng)
        with torch.no_grad():
            code = encode(encoder, content)[-1]
        if step < ALONE * STEPS:
            pixel = F.mse_loss(decode(decoder, code), content)
            loss = 20 * pixel
            feature = style = torch.zeros(())
        else:
            with torch.no_grad():
                targets = encode(encoder, draw(styles, half, rng))
                code = torch.cat([code[:half], adain(code[half:], targets[-1])])
            image = decode(decoder, code)
            pixel = F.mse_loss(image[:half], content[:half])
            got = encode(encoder, image)
            feature = F.mse_loss(got[-1], code)
            style = sum(F.mse_loss(a, b) for g, t in zip(got, targets) for a, b in zip(moments(g[half:]), moments(t)))
            loss = 20 * pixel + feature + 3 * style
        rates.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(trained, 1.0)
        rates.step()
        if step % 50 == 49:
            print(f"step {step + 1}: pixel {pixel:.4f} feature {feature:.4f} style {style:.4f}, {time.process_time() - start:.0f} CPU-s", flush=True)
            torch.save(widened(decoder, DECODER), os.path.join(folder, "decoder.pth"))
    torch.save(widened(encoder, ENCODER), os.path.join(folder, "encoder.pth"))
    torch.save(widened(decoder, DECODER), os.path.join(folder, "decoder.pth"))


if __name__ == "__main__":
    main(*sys.argv[1:])
