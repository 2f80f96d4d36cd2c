"""Writes picture.png and reference.bin: every corruption but frost, written
with NumPy, SciPy, scikit-image, OpenCV and Pillow from the description of
ImageNet-C, on random numbers from a small hash that the Go test shares.

reference.bin holds, for each case in the order of cases(), SAMPLES values of
the result: those at (k * 997) mod size, k from 0.

Run: python reference.py (in its own folder)
Made with numpy 2.4.6, scipy 1.17.1, scikit-image 0.26.0, pillow 13.0.0 and
opencv-python-headless 5.0.0; other versions may move single values.
"""
import io
import math

import cv2
import numpy as np
from PIL import Image
from scipy import ndimage, stats
from skimage import color

SAMPLES = 256
NAMES = """gaussian_noise shot_noise impulse_noise defocus_blur glass_blur motion_blur zoom_blur snow fog brightness
contrast elastic_transform pixelate jpeg_compression speckle_noise gaussian_blur spatter saturate""".split()
FAMILIES = [224, 64, 32, 299]
ACCIDENTS = ["defocus_blur", "glass_blur", "zoom_blur", "elastic_transform"]


def cases():
    for name in NAMES:
        for family in FAMILIES:
            for severity in range(1, 6):
                yield name, family, severity, False
                if name in ACCIDENTS:
                    yield name, family, severity, True


# Random numbers

def mix(x):
    x = np.asarray(x, dtype=np.uint64) & 0xFFFFFFFF
    x = (x + 0x9E3779B9) & 0xFFFFFFFF
    for m, s in ((0x85EBCA6B, 16), (0xC2B2AE35, 13)):
        x = ((x ^ (x >> np.uint64(s))) * np.uint64(m)) & 0xFFFFFFFF
    return x ^ (x >> np.uint64(16))


def word(element, j=0):
    return mix(mix(element) + np.uint64(j))


def uniform(element):
    return float(word(element) >> np.uint64(8)) * 2.0 ** -24


def uniforms(n, first):
    i = np.arange(n, dtype=np.uint64)
    return (word(np.uint64(first) + i // np.uint64(4), i % np.uint64(4)) >> np.uint64(8)).astype(np.float64) * 2.0 ** -24


def normals(n, first):
    return ((uniforms(n, first) - 0.5) * 3.5).astype(np.float32).astype(np.float64)


def quantiles(distribution, shape, *parameters):
    """Numbers of a distribution, one for each uniform number's middle."""
    u = uniforms(math.prod(shape), bulk(0)).reshape(shape) + 2.0 ** -25
    return distribution.ppf(u, *parameters)


def bulk(k):
    return (k + 1) << 26


# Parameters

P = {
    "gaussian_noise": {224: [.08, .12, .18, .26, .38], 64: [.04, .08, .12, .15, .18], 32: [.04, .06, .08, .09, .10], 299: [.09, .13, .19, .27, .40]},
    "shot_noise": {224: [60, 25, 12, 5, 3], 64: [250, 100, 50, 30, 15], 32: [500, 250, 100, 75, 50], 299: [50, 20, 10, 5, 3]},
    "impulse_noise": {224: [.03, .06, .09, .17, .27], 64: [.01, .02, .05, .08, .14], 32: [.01, .02, .03, .05, .07], 299: [.04, .07, .10, .18, .28]},
    "speckle_noise": {224: [.15, .2, .35, .45, .6], 64: [.15, .2, .25, .3, .35], 32: [.06, .1, .12, .16, .2], 299: [.16, .21, .36, .46, .61]},
    "gaussian_blur": {224: [1, 2, 3, 4, 6], 64: [.5, .75, 1, 1.25, 1.5], 32: [.4, .6, .7, .8, 1], 299: [1.5, 2.5, 3.5, 4.5, 6.5]},
    "glass_blur": {224: [(.7, 1, 2), (.9, 2, 1), (1, 2, 3), (1.1, 3, 2), (1.5, 4, 2)], 64: [(.1, 1, 1), (.5, 1, 1), (.6, 1, 2), (.7, 2, 1), (.9, 2, 2)],
                   32: [(.05, 1, 1), (.25, 1, 1), (.4, 1, 1), (.25, 1, 2), (.4, 1, 2)], 299: [(.8, 1, 3), (1, 3, 1), (1.1, 2, 4), (1.2, 4, 2), (1.6, 5, 2)]},
    "defocus_blur": {224: [(3, .1), (4, .5), (6, .5), (8, .5), (10, .5)], 64: [(.5, .6), (1, .1), (1.5, .1), (2.5, .01), (3, .1)],
                     32: [(.3, .4), (.4, .5), (.5, .6), (1, .2), (1.5, .1)], 299: [(4, .1), (5, .5), (7, .5), (10, .5), (12, .5)]},
    "motion_blur": {224: [(10, 3), (15, 5), (15, 8), (15, 12), (20, 15)], 64: [(10, 1), (10, 1.5), (10, 2), (10, 2.5), (12, 3)],
                    32: [(6, 1), (6, 1.5), (6, 2), (8, 2), (9, 2.5)], 299: [(12, 4), (17, 6), (17, 9), (17, 13), (22, 16)]},
    "snow": {224: [(.1, .3, 3, .5, 10, 4, .8), (.2, .3, 2, .5, 12, 4, .7), (.55, .3, 4, .9, 12, 8, .7), (.55, .3, 4.5, .85, 12, 8, .65), (.55, .3, 2.5, .85, 12, 12, .55)],
             64: [(.1, .2, 1, .6, 8, 3, .8), (.1, .2, 1, .5, 10, 4, .8), (.15, .3, 1.75, .55, 10, 4, .7), (.25, .3, 2.25, .6, 12, 6, .65), (.3, .3, 1.25, .65, 14, 12, .6)],
             32: [(.1, .2, 1, .6, 8, 3, .95), (.1, .2, 1, .5, 10, 4, .9), (.15, .3, 1.75, .55, 10, 4, .9), (.25, .3, 2.25, .6, 12, 6, .85), (.3, .3, 1.25, .65, 14, 12, .8)]},
    "fog": {224: [(1.5, 2), (2, 2), (2.5, 1.7), (2.5, 1.5), (3, 1.4)], 64: [(.4, 3), (.7, 3), (1, 2.5), (1.5, 2), (2, 1.75)],
            32: [(.2, 3), (.5, 3), (.75, 2.5), (1, 2), (1.5, 1.75)], 299: [(1.5, 2), (2, 2), (2.5, 1.8), (2.5, 1.6), (3, 1.5)]},
    "brightness": {224: [.1, .2, .3, .4, .5], 32: [.05, .1, .15, .2, .3]},
    "contrast": {224: [.4, .3, .2, .1, .05], 32: [.75, .5, .4, .3, .15]},
    "elastic_transform": {224: [(2, .7, .1), (2, .08, .2), (.05, .01, .02), (.07, .01, .02), (.12, .01, .02)],
                          64: [(0, 0, .08), (.05, .3, .06), (.1, .08, .06), (.1, .03, .03), (.16, .03, .02)],
                          32: [(0, 0, .08), (.05, .2, .07), (.08, .06, .06), (.1, .04, .05), (.1, .03, .03)]},
    "pixelate": {224: [.6, .5, .4, .3, .25], 64: [.9, .8, .7, .6, .5], 32: [.95, .9, .85, .75, .65], 299: [.5, .4, .3, .25, .2]},
    "jpeg_compression": {224: [25, 18, 15, 10, 7], 64: [65, 58, 50, 40, 25], 32: [80, 65, 58, 50, 40], 299: [23, 16, 13, 8, 5]},
    "spatter": {224: [(.65, .3, 4, .69, .6, 0), (.65, .3, 3, .68, .6, 0), (.65, .3, 2, .68, .5, 0), (.65, .3, 1, .65, 1.5, 1), (.67, .4, 1, .65, 1.5, 1)],
                64: [(.62, .1, .7, .7, .6, 0), (.65, .1, .8, .7, .6, 0), (.65, .3, 1, .69, .6, 0), (.65, .1, .7, .68, .6, 1), (.65, .1, .5, .67, .6, 1)],
                32: [(.62, .1, .7, .7, .5, 0), (.65, .1, .8, .7, .5, 0), (.65, .3, 1, .69, .5, 0), (.65, .1, .7, .69, .6, 1), (.65, .1, .5, .68, .6, 1)],
                299: [(.65, .3, 4, .69, .9, 0), (.65, .3, 3.5, .68, .9, 0), (.65, .3, 3, .68, .8, 0), (.65, .3, 1.2, .65, 1.8, 1), (.67, .4, 1.2, .65, 1.8, 1)]},
    "saturate": {224: [(.3, 0), (.1, 0), (2, 0), (5, .1), (20, .2)], 64: [(.3, 0), (.1, 0), (2, 0), (5, .1), (30, .2)],
                 32: [(.3, 0), (.1, 0), (1.5, 0), (2, .1), (2.5, .2)]},
}


def zooms(family, severity, reference):
    small = [np.arange(1, 1.06, .01), np.arange(1, 1.11, .01), np.arange(1, 1.16, .01), np.arange(1, 1.21, .01), np.arange(1, 1.26, .01)]
    large = [np.arange(1, 1.11, .01), np.arange(1, 1.16, .01), np.arange(1, 1.21, .02), np.arange(1, 1.25, .02), np.arange(1, 1.31, .03)]
    z = (small if family in (32, 64) else large)[severity - 1]
    # The lists that end at 1.06 and 1.11 hold the end that arange leaves out.
    if not reference and len(z) in (7, 12):
        z = z[:-1]
    return z


# Corruptions: x in 0..1, returns 0..1 before clipping

def cut(x):
    """8 bits, cut off; what lacks 2^-10 of a level to a whole one is whole."""
    return np.uint8(np.clip(x, 0, 1) * 255 + 2.0 ** -10)


def blur(x, sigma, truncate=4, mode="nearest"):
    s = (sigma, sigma, 0) if x.ndim == 3 else sigma
    return ndimage.gaussian_filter(x, s, mode=mode, truncate=truncate)


def motion(x, radius, sigma, angle):
    n = 2 * radius + 1
    g = np.exp(-np.arange(n) ** 2 / (2 * sigma ** 2))
    g /= g.sum()
    h, w = x.shape[:2]
    ys, xs = np.arange(h), np.arange(w)
    out = np.zeros_like(x)
    for i in range(n):
        dy = math.ceil(i * math.sin(math.radians(angle)) - .5)
        dx = math.ceil(i * math.cos(math.radians(angle)) - .5)
        out += g[i] * x[np.clip(ys + dy, 0, h - 1)][:, np.clip(xs + dx, 0, w - 1)]
    return np.floor(out * 255 + .5) / 255


def zoom(x, z):
    h, w = x.shape[:2]
    ch, cw = math.ceil(h / z), math.ceil(w / z)
    top, left = (h - ch) // 2, (w - cw) // 2
    y = ndimage.zoom(x[top:top + ch, left:left + cw], (z, z) + (1,) * (x.ndim - 2), order=1)
    top, left = (y.shape[0] - h) // 2, (y.shape[1] - w) // 2
    return y[top:top + h, left:left + w]


def layer(x, mean, std):
    h, w = x.shape[:2]
    return mean + std * normals(h * w, bulk(0)).reshape(h, w)


def gaussian_noise(x, c, **_):
    return x + c * quantiles(stats.norm, x.shape)


def speckle_noise(x, c, **_):
    return x + x * c * quantiles(stats.norm, x.shape)


def shot_noise(x, c, **_):
    return np.where(x > 0, quantiles(stats.poisson, x.shape, np.maximum(x, 1e-9) * c), 0) / c


def impulse_noise(x, c, **_):
    u = uniforms(x.size, bulk(0)).reshape(x.shape)
    return np.where(u < c / 2, 1., np.where(u < c, 0., x))


def gaussian_blur(x, c, **_):
    return blur(x, c)


def defocus_blur(x, c, reference, **_):
    r, alias = c
    axis, k = (np.arange(-8, 9), 3) if r <= 8 else (np.arange(-r, r + 1), 5)
    a, b = np.meshgrid(axis, axis)
    disk = (a ** 2 + b ** 2 <= r ** 2).astype(np.float64)
    disk = cv2.GaussianBlur(disk / disk.sum(), (k, k), alias)
    if not reference:
        disk /= disk.sum()
    return np.dstack([cv2.filter2D(np.ascontiguousarray(x[..., i]), -1, disk) for i in range(3)])


def glass_blur(x, c, reference, **_):
    sigma, d, passes = c
    x = cut(blur(x, sigma))
    h, w = x.shape[:2]
    for p in range(passes):
        u = uniforms(2 * h * w, bulk(p)).reshape(h, w, 2)
        shift = np.int64(u * 2 * d) - d
        for i in range(h - d, d, -1):
            for j in range(w - d, d, -1):
                dx, dy = shift[i, j]
                a, b = x[i, j].copy(), x[i + dy, j + dx].copy()
                x[i, j] = b
                if not reference:
                    x[i + dy, j + dx] = a
    return blur(x / 255., sigma)


def motion_blur(x, c, **_):
    return motion(x, *c, -45 + 90 * uniform(0))


def zoom_blur(x, c, reference, family, severity, **_):
    z = zooms(family, severity, reference)
    return (x + sum(zoom(x, f) for f in z)) / (len(z) + 1)


def snow(x, c, **_):
    s = zoom(layer(x, c[0], c[1]), c[2]).copy()
    s[s < c[3]] = 0
    s = motion(cut(s) / 255., c[4], c[5], -135 + 90 * uniform(0))[..., None]
    grey = (x @ np.array([.299, .587, .114]))[..., None]
    return c[6] * x + (1 - c[6]) * np.maximum(x, grey * 1.5 + .5) + s + s[::-1, ::-1]


def fog(x, c, **_):
    side = 1 << (max(x.shape[:2]) - 1).bit_length()
    a, step, wibble = np.zeros((side, side)), side, 100.
    u, used = uniforms(side * side, bulk(0)), 0

    def noise(total):
        nonlocal used
        part = u[used:used + total.size].reshape(total.shape)
        used += total.size
        return total / 4 + wibble * (part * 2 * wibble - wibble)

    while step >= 2:
        h = step // 2
        corner = a[::step, ::step]
        rows = corner + np.roll(corner, -1, 0)
        a[h::step, h::step] = noise(rows + np.roll(rows, -1, 1))
        centre, corner = a[h::step, h::step], a[::step, ::step]
        a[0::step, h::step] = noise(centre + np.roll(centre, 1, 0) + corner + np.roll(corner, -1, 1))
        a[h::step, 0::step] = noise(centre + np.roll(centre, 1, 1) + corner + np.roll(corner, -1, 0))
        step, wibble = h, wibble / c[1]
    a -= a.min()
    a /= a.max()
    return (x + c[0] * a[:x.shape[0], :x.shape[1], None]) * x.max() / (x.max() + c[0])


def brightness(x, c, **_):
    y = color.rgb2hsv(x)
    y[..., 2] = np.clip(y[..., 2] + c, 0, 1)
    return color.hsv2rgb(y)


def saturate(x, c, **_):
    y = color.rgb2hsv(x)
    y[..., 1] = np.clip(y[..., 1] * c[0] + c[1], 0, 1)
    return color.hsv2rgb(y)


def contrast(x, c, **_):
    mean = x.mean((0, 1))
    return (x - mean) * c + mean


def elastic_transform(x, c, family, reference, **_):
    side = {224: 244 if reference else 224, 299: 360}.get(family, family)
    scale, sigma, jitter = (side * v for v in c)
    h, w = x.shape[:2]
    centre, third = np.array([w // 2, h // 2]), min(h, w) // 3
    src = np.array([centre + third, centre + [third, -third], centre - third], dtype=np.float64)
    dst = src + jitter * (2 * np.array([uniform(i) for i in range(6)]).reshape(3, 2) - 1)
    # Affine map back from the moved points: solve dst_h @ m = src.
    m = np.linalg.solve(np.column_stack([dst, np.ones(3)]), src)
    ys, xs = np.mgrid[:h, :w]
    back = np.stack([xs, ys, np.ones_like(xs)], -1) @ m
    sample = lambda img, yy, xx, mode: np.dstack([ndimage.map_coordinates(img[..., i], [yy, xx], order=1, mode=mode) for i in range(3)])
    x = sample(x, back[..., 1], back[..., 0], "mirror")
    field = lambda k: blur(2 * uniforms(h * w, bulk(k)).reshape(h, w) - 1, sigma, 3, "reflect") * scale
    return sample(x, ys + field(1), xs + field(0), "reflect")


def spatter(x, c, **_):
    s = blur(layer(x, c[0], c[1]), c[2])
    if c[5] == 1:
        m = blur((s > c[3]).astype(np.float64), c[4])[..., None]
        m[m < .8] = 0
        return x * (1 - m) + m * np.array([63, 42, 20]) / 255
    s[s < c[3]] = 0
    s = cut(s)
    d = cv2.distanceTransform(255 - cv2.Canny(s, 50, 150), cv2.DIST_L2, 5)
    d = cv2.blur(np.minimum(d, 20), (3, 3)).astype(np.uint8)
    d = cv2.filter2D(cv2.equalizeHist(d), cv2.CV_8U, np.array([[-2, -1, 0], [-1, 1, 1], [0, 1, 2]]))
    m = s * cv2.blur(d, (3, 3)).astype(np.float64)
    if m.max() > 0:
        m = m / m.max() * c[4]
    return x + m[..., None] * np.array([175, 238, 238]) / 255


def corrupt(picture, name, family, severity, reference):
    c = P[name].get(family, P[name][224])[severity - 1] if name in P else None
    if name == "jpeg_compression":
        file = io.BytesIO()
        Image.fromarray(picture).save(file, "JPEG", quality=c)
        return np.array(Image.open(file))
    if name == "pixelate":
        h, w = picture.shape[:2]
        return np.array(Image.fromarray(picture).resize((int(w * c), int(h * c)), Image.BOX).resize((w, h), Image.BOX))
    x = globals()[name](picture / 255., c, family=family, severity=severity, reference=reference)
    return cut(x)


def draw():
    """A picture of smooth colours, edges, fine stripes and both extremes."""
    h, w = 96, 130
    y, x = np.mgrid[:h, :w]
    p = np.stack([x * 255 / (w - 1), y * 255 / (h - 1), (x + 2 * y) % 256], -1)
    p[10:50, 15:60] = (200, 60, 40)
    p[(y - 60) ** 2 + (x - 90) ** 2 < 700] = (250, 230, 90)
    stripes = (y > 65) & (x < 50) & (x // 2 % 2 == 0)
    p[stripes] = 0
    p[5:20, 80:125] = 255
    return np.uint8(p)


if __name__ == "__main__":
    picture = draw()
    Image.fromarray(picture).save("picture.png", optimize=True)
    with open("reference.bin", "wb") as f:
        for case in cases():
            y = corrupt(picture, *case).ravel()
            f.write(y[np.arange(SAMPLES) * 997 % y.size].tobytes())
