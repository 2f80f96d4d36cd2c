"""Writes distortions.txt: what DeepAugment's distortions make of known weights and signals, in NumPy and SciPy.

Needs numpy and scipy. Numbers that distortions draw, the weights and the signals all come from the hash below, which
deep_test.go has too, so that both sides see the same. A line is: name, number of values, sum of their magnitudes,
and 8 of the values spread over them.
"""
import numpy as np
from scipy.special import erf

M = np.uint64(0xFFFFFFFF)


def h(a, b):
    """A number in [0, 1) with 24 bits, from two whole numbers."""
    x = (np.uint64(a) * np.uint64(2654435761) + np.asarray(b, np.uint64) * np.uint64(2246822519) + np.uint64(3266489917)) & M
    for k, m in ((15, 2246822519), (13, 3266489917)):
        x = ((x ^ (x >> np.uint64(k))) * np.uint64(m)) & M
    x = x ^ (x >> np.uint64(16))
    return (x >> np.uint64(8)).astype(np.float64) / 2**24


class Dice:
    """Draws as dice.go does, from the hash: element after element."""

    def __init__(self):
        self.next = 0

    def uniform(self):
        self.next += 1
        return float(h(self.next - 1, 0))

    def int(self, n):
        return int(self.uniform() * n)

    def of(self, *choices):
        return choices[self.int(len(choices))]

    def fill(self, shape, lo=0.0, hi=1.0):
        n = int(np.prod(shape))
        v = lo + (hi - lo) * h(self.next + 1000, np.arange(n))
        self.next += (n + 3) // 4
        return v.reshape(shape)

    def dirichlet(self, n):
        v = h(self.next + 2000, np.arange(n)) + 0.01
        self.next += 1
        return v / v.sum()


def weights(name, shape):
    return h(sum(map(ord, name)) + 7 * len(name), np.arange(int(np.prod(shape)))).reshape(shape) - 0.5


def gelu(x):
    return x * (1 + erf(x / np.sqrt(2))) / 2


def conv(x, k):
    """x [n, ci, h, w] with k [co, ci, 3, 3], zeros around."""
    p = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
    rows, columns = x.shape[2:]
    return sum(np.einsum("nihw,oi->nohw", p[:, :, y:y + rows, z:z + columns], k[:, :, y, z]) for y in range(3) for z in range(3))


def keep_largest(w):
    flat = w.reshape(-1, w.shape[2] * w.shape[3])
    out = np.zeros_like(flat)
    best = flat.argmax(1)
    out[np.arange(len(flat)), best] = flat[np.arange(len(flat)), best]
    return out.reshape(w.shape)


class EDSR(dict):
    def __init__(self):
        super().__init__()
        for b in range(16):
            for c in (0, 2):
                self[f"body.{b}.body.{c}.weight"] = weights(f"body.{b}.body.{c}.weight", (64, 64, 3, 3))
                self[f"body.{b}.body.{c}.bias"] = weights(f"body.{b}.body.{c}.bias", (64,))


def a(b):
    return f"body.{b}.body.0"


def b_(b):
    return f"body.{b}.body.2"


def either(d):
    block = d.int(15)
    return (a, b_)[d.int(2)](block)


def edsr(name, e, d):
    def w(layer, f):
        e[layer + ".weight"] = f(e[layer + ".weight"])

    def bias(layer, f):
        e[layer + ".bias"] = f(e[layer + ".bias"])

    if name == "flip-filters":
        block = d.of(0, 3, 6, 9)
        for l in (a(block), b_(block)):
            w(l, lambda v: v[::-1].copy())
            bias(l, lambda v: v[::-1].copy())
    elif name == "negate":
        l = a(d.of(1, 4, 7))
        w(l, np.negative)
        bias(l, np.negative)
    elif name == "zero":
        l = a(d.of(0, 3, 6, 9))
        w(l, np.zeros_like)
        bias(l, np.zeros_like)
    elif name == "gelu":
        block = d.of(0, 3, 6, 9)
        for l in (a(block), b_(block)):
            w(l, lambda v: -gelu(v))
    elif name == "laplacian-4":
        w(a(d.of(0, 3, 6, 9)), lambda v: v * np.array([[0, 1, 0], [1, -4, 1], [0, 1, 0]]))
    elif name == "laplacian-8":
        w(a(d.of(0, 3, 6, 9)), lambda v: v * np.array([[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]]))
    elif name == "grow":
        l = b_(d.of(0, 3, 6, 9))
        u = d.uniform()
        w(l, lambda v: v * (1 + 4 * u * d.fill(v.shape)))
    elif name == "mirror":
        block = d.of(0, 3, 6, 9)
        w(a(block), lambda v: v[..., ::-1].copy())
        w(b_(block), np.negative)
    elif name == "convolve-taps":
        l = a(d.of(1, 5, 9))
        k = np.zeros((64, 64, 9))
        for j in range(64):
            tap = d.int(9)
            k[:, j, tap] = -1 if d.int(2) == 0 else 1
        w(l, lambda v: conv(v, k.reshape(64, 64, 3, 3)))
    elif name == "convolve-noise":
        l = a(d.of(0, 3, 6, 9))
        u = d.uniform()
        k = (2 * u * d.fill((64, 64, 3, 3)) - 1) / 6
        w(l, lambda v: conv(v, k))
    elif name == "convolve-dirichlet":
        l = b_(d.of(1, 5, 9))
        k = np.stack([d.dirichlet(9) for _ in range(64 * 64)]).reshape(64, 64, 3, 3)
        w(l, lambda v: conv(v, k))
    elif name == "noise":
        w(b_(d.int(15)), lambda v: v + d.fill(v.shape, -0.5, 0.5))
    elif name == "rotate":
        for _ in range(5):
            l = either(d)
            k = 1 + d.int(3)
            axes = (2, 3) if d.int(2) == 0 else (0, 1)
            w(l, lambda v: np.rot90(v, k, axes).copy())
    elif name in ("signs", "mask"):
        other = -1 if name == "signs" else 0
        for _ in range(5):
            w(a(d.int(15)), lambda v: np.where(d.fill(v.shape) < 0.5, v * other, v))
    elif name == "negate-filters":
        for _ in range(5):
            l = a(d.int(15))
            chosen = sorted({d.int(64) for _ in range(32)})
            e[l + ".weight"][chosen] *= -1
    elif name == "largest":
        for _ in range(5):
            w(either(d), keep_largest)


CAE_LAYERS = (["e_conv_1.1", "e_conv_2.1"] + [f"e_block_{i}.{j}" for i in (1, 2, 3) for j in (1, 4)] + ["e_conv_3.0", "d_up_conv_1.0", "d_up_conv_1.3"]
              + [f"d_block_{i}.{j}" for i in (1, 2, 3) for j in (1, 4)] + ["d_up_conv_2.0", "d_up_conv_2.3", "d_up_conv_3.0", "d_up_conv_3.3"])
CAE_SHAPES = ([(64, 3, 5, 5), (128, 64, 5, 5)] + [(128, 128, 3, 3)] * 6 + [(32, 128, 5, 5), (64, 32, 3, 3), (64, 128, 2, 2)]
              + [(128, 128, 3, 3)] * 6 + [(32, 128, 3, 3), (32, 256, 2, 2), (16, 256, 3, 3), (3, 16, 3, 3)])


def cae(name, first, last, d):
    c = {}
    for i, (l, s) in enumerate(zip(CAE_LAYERS, CAE_SHAPES)):
        c[i] = [weights(l + ".weight", s), weights(l + ".bias", (s[1] if i in (10, 18) else s[0],))]
    n = last - first + 1
    i, j = first + d.int(n), first + d.int(n)
    w, bias = c[i]
    if name == "flip-filters":
        for k in {i, j}:
            c[k] = [c[k][0][::-1].copy(), c[k][1][::-1].copy()]
    elif name in ("negate-filters", "zero-filters", "gelu-filters"):
        for _ in range(12 if name == "negate-filters" else 25):
            f = d.int(len(w))
            for v in (w, bias):
                v[f] = {"negate-filters": np.negative, "zero-filters": np.zeros_like, "gelu-filters": lambda x: -gelu(x)}[name](v[f])
    elif name == "grow":
        for k in (i, j):
            u = d.uniform()
            c[k][0] = c[k][0] * (1 + 8 * u * d.fill(c[k][0].shape))
    elif name == "mask":
        other = 0 if d.int(2) == 0 else -1
        c[i][0] = np.where(d.fill(w.shape) < 0.5, w * other, w)
    elif name == "rotate":
        c[i][0] = np.rot90(w, 1 + d.int(3), (2, 3)).copy()
    elif name == "negate-some":
        for f in sorted({d.int(len(w)) for _ in range(len(w) // 5)}):
            w[f] *= -1
    elif name == "largest":
        c[i][0] = keep_largest(w)
    return np.concatenate([np.concatenate([c[k][0].ravel(), c[k][1]]) for k in range(21)])


def signal(name, x, d):
    n, rows, columns = x.shape
    if name == "swap-channels":
        for _ in range(5):
            p, q = d.int(n), d.int(n)
            x[[p, q]] = x[[q, p]]
    elif name == "mask-head":
        x = np.where(d.fill(x.shape) < np.float32(0.05), 0, x)
    elif name == "signs-head":
        x = np.where(d.fill(x.shape) < np.float32(0.025), -x, x)
    elif name == "grow-bits":
        u = d.uniform()
        x = x * (3 + 4 * u * d.fill(x.shape))
    elif name == "zero-positions":
        x = np.where(d.fill((rows, columns)) < np.float32(0.2), 0, x)
    elif name == "negate-positions":
        x = np.where(d.fill((rows, columns)) < np.float32(0.1), -x, x)
    elif name == "permute-channels":
        order = list(range(10))
        for i in range(9, 0, -1):
            j = d.int(i + 1)
            order[i], order[j] = order[j], order[i]
        x = np.concatenate([x[order], x[10:]])
    elif name in ("flip-channels", "flip-code"):
        axes = {0: (0,), 1: (1,), 2: (0, 1)}[d.int(3)]
        for c in ([d.int(n) for _ in range(5)] if name == "flip-channels" else range(n)):
            x[c] = np.flip(x[c], axes).copy()
    else:
        k = np.zeros((n, n, 9))
        if name == "convolve-noise":
            k = d.fill((n, n, 9), -0.1, 0.1)
        tap = d.int(9) if name == "shift-channels" else 4
        for c in range(n):
            if name == "shift-channels" and d.uniform() < np.float32(0.2):
                tap = d.int(9)
            k[c, c, tap] += 1
            if name == "convolve-echo" and d.int(2) == 0:
                k[c, d.int(n), d.int(9)] += 1
        x = conv(x[None], k.reshape(n, n, 3, 3))[0]
    return x


def line(f, name, v):
    v = v.ravel()
    some = v[np.arange(8) * (len(v) - 1) // 7]
    f.write(f"{name} {len(v)} {np.abs(v).sum():.9e} {' '.join('%.9e' % s for s in some)}\n")


with open("distortions.txt", "w") as f:
    for name in ("flip-filters negate zero gelu laplacian-4 laplacian-8 grow mirror convolve-taps convolve-noise convolve-dirichlet noise rotate "
                 "signs mask negate-filters largest").split():
        e = EDSR()
        edsr(name, e, Dice())
        line(f, "edsr/" + name, np.concatenate([e[a(b) + p].ravel() for b in range(16) for p in (".weight", ".bias")]
                                               + [e[b_(b) + p].ravel() for b in range(16) for p in (".weight", ".bias")]))
    for name, first, last in (("flip-filters", 11, 15), ("negate-filters", 8, 13), ("zero-filters", 8, 13), ("gelu-filters", 10, 13), ("grow", 8, 13),
                              ("mask", 8, 13), ("rotate", 8, 13), ("negate-some", 8, 13), ("largest", 8, 13)):
        line(f, "cae/" + name, cae(name, first, last, Dice()))
    for name in "swap-channels mask-head signs-head".split():
        line(f, "signal/" + name, signal(name, weights("signal", (64, 6, 5)), Dice()))
    for name in ("grow-bits zero-positions negate-positions permute-channels flip-channels flip-code convolve-noise convolve-echo shift-channels").split():
        line(f, "signal/" + name, signal(name, weights("signal", (32, 6, 5)), Dice()))
