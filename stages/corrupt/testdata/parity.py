"""Compares corrupted pictures with those of PyPI's imagecorruptions.

A request on standard input is a line of JSON and the bytes it announces: a picture and the same picture corrupted by us. The
last request asks for the verdict: for each case of a deterministic corruption the largest difference, for random ones the
p-values that mean, variance and spectrum of the change have one distribution.
"""
import json
import sys
import warnings

import numpy as np
import skimage.filters
from PIL import Image
from scipy import stats

warnings.filterwarnings("ignore")
# imagecorruptions 1.1.2 was written for older releases of NumPy and scikit-image; these are names only.
np.float_ = np.float64
_gaussian = skimage.filters.gaussian
skimage.filters.gaussian = lambda image, sigma=1, multichannel=False, **more: _gaussian(image, sigma=sigma, channel_axis=-1 if multichannel else None, **more)
import imagecorruptions  # noqa: E402
import imagecorruptions.corruptions  # noqa: E402

imagecorruptions.corruptions.gaussian = skimage.filters.gaussian

worst, changes = {}, {}


def figures(change):
    """Mean, variance, and how much of the variance lies between neighbours."""
    v = change.var()
    return change.mean(), v, (np.diff(change, axis=0).var() + np.diff(change, axis=1).var()) / (v + 1e-9)


stdin, stdout = sys.stdin.buffer, sys.stdout.buffer
for line in stdin:
    r = json.loads(line)
    if r["op"] == "verdict":
        break
    shape = r["h"], r["w"], 3
    size = shape[0] * shape[1] * 3
    picture = np.frombuffer(stdin.read(size), np.uint8).reshape(shape)
    ours = np.frombuffer(stdin.read(size), np.uint8).reshape(shape).astype(np.float64)
    np.random.seed(r["seed"])
    if r["name"] == "motion_blur":
        # The package cuts the fraction off; the published sets were rounded by the program that blurred them, as ours are.
        theirs = np.rint(np.clip(imagecorruptions.corruptions.motion_blur(Image.fromarray(picture), r["severity"]), 0, 255))
    else:
        theirs = np.uint8(imagecorruptions.corrupt(picture.copy(), corruption_name=r["name"], severity=r["severity"]))
    theirs = theirs.astype(np.float64)
    case = f'{r["name"]}-{r["severity"]} at {shape[0]}'
    if r["op"] == "equal":
        d = np.abs(ours - theirs)
        w = worst.setdefault(case, [0, 0, 0])
        w[0], w[1], w[2] = max(w[0], d.max()), w[1] + int((d > 0).sum()), w[2] + d.size
    else:
        changes.setdefault(case, []).append([figures(x - picture) for x in (ours, theirs)])

answer = {"worst": worst, "p": {}, "mean": {}}
for case, pairs in changes.items():
    pairs = np.array(pairs)  # pictures, ours and theirs, figures
    for i, name in enumerate(["mean", "variance", "spectrum"]):
        d = pairs[:, 0, i] - pairs[:, 1, i]
        # Given the picture, both are draws of one distribution if we are right: their difference is symmetric about 0.
        answer["p"][f"{case}, {name}"] = float(stats.wilcoxon(d).pvalue) if np.any(d) else 1.0
        answer["mean"][f"{case}, {name}"] = [float(pairs[:, 0, i].mean()), float(pairs[:, 1, i].mean())]
stdout.write(json.dumps(answer).encode() + b"\n")
