"""Reference values for package stats, from SciPy, scikit-learn and NumPy.

Run: python reference.py > reference.json
"""
import json

import numpy as np
import scipy
from scipy import stats
from sklearn import metrics

dfs = [1, 1.5, 2, 2.7, 3, 5, 9.3, 30, 123.4, 1000, 1e5, 1e7]
ts = [0.0, 0.01, 0.3, 1, 1.96, 2.5, 4, 10, 40]
rng = np.random.default_rng(1)
ranks = []
for n in (2, 3, 6, 20):
    x, y = rng.integers(0, 8, n), rng.integers(0, 8, n)
    if len(set(x)) > 1 and len(set(y)) > 1:
        ranks.append({"x": x.tolist(), "y": y.tolist(), "rho": stats.spearmanr(x, y).statistic})


def ece(conf, wrong, bins=15):
    """Expected calibration error over (0, 1/15], (1/15, 2/15], ..."""
    edges = np.linspace(0, 1, bins + 1)
    total = 0.0
    for lo, hi in zip(edges[:-1], edges[1:]):
        inside = (conf > lo) & (conf <= hi)
        if inside.any():
            total += inside.mean() * abs((1 - wrong[inside]).mean() - conf[inside].mean())
    return total


def rms(conf, wrong, size=100):
    """RMS calibration error; the last bin takes what is left over."""
    order = np.argsort(conf, kind="stable")
    conf, right = conf[order], 1 - wrong[order]
    starts = [i * size for i in range(max(len(conf) // size, 1))]
    ends = starts[1:] + [len(conf)]
    return np.sqrt(sum((b - a) / len(conf) * (right[a:b].mean() - conf[a:b].mean()) ** 2 for a, b in zip(starts, ends)))


def reference_rms(conf, wrong, size=100):
    """As evaluation scripts of ImageNet-R do: bins of 100 by rising confidence, of which the loop leaves out the last."""
    order = np.argsort(conf, kind="stable")
    gaps = conf[order] - (1 - wrong[order])
    whole = [gaps[size * b: size * (b + 1)] for b in range(len(gaps) // size - 1)]
    return np.sqrt(sum(size * np.square(b.mean()) for b in whole) / len(gaps))


def aurra(conf, wrong):
    """Mean accuracy of the k surest rows, over k; rows of equal confidence each count as their mean."""
    sure, group = np.unique(-conf, return_inverse=True)
    mean = np.bincount(group, 1 - wrong) / np.bincount(group)
    curve = np.cumsum(mean[np.sort(group)]) / np.arange(1, len(conf) + 1)
    return curve.mean()


calibration = []
for n in (5, 100, 250, 431):
    conf = np.round(rng.beta(4, 2, n), 4).astype(np.float32)
    wrong = (rng.random(n) > conf**1.5).astype(int)
    calibration.append({"confidence": [float(c) for c in conf], "wrong": wrong.tolist(),
                        "ece": ece(conf.astype(np.float64), wrong), "rms": rms(conf.astype(np.float64), wrong),
                        "referenceRMS": reference_rms(conf.astype(np.float64), wrong), "aurra": aurra(conf.astype(np.float64), wrong)})

precision = []
for n, classes, digits in ((8, 3, 1), (60, 4, 1), (200, 5, 6)):
    scores = np.round(rng.random((n, classes)), digits).astype(np.float32)
    positive = rng.random((n, classes)) < 0.2 + 0.5 * scores * rng.random(classes)
    positive[:, -1] = False  # a class without positives
    has = positive.any(axis=0)
    macro = np.mean([metrics.average_precision_score(positive[:, c], scores[:, c]) for c in np.flatnonzero(has)])
    areas = []
    for c in np.flatnonzero(has):
        p, r, _ = metrics.precision_recall_curve(positive[:, c], scores[:, c])
        areas.append(metrics.auc(r, p))
    share = positive[:, has].sum(axis=0) / positive.sum()
    precision.append({"classes": classes, "scores": [float(s) for s in scores.ravel()], "positive": positive.ravel().tolist(),
                      "macro": macro, "reference": float(np.dot(share, areas))})

print(json.dumps({
    "scipy": scipy.__version__,
    "tail": [{"t": t, "df": d, "p": stats.t.sf(t, d)} for d in dfs for t in ts],
    "quantile": [{"p": p, "df": d, "t": stats.t.isf(p, d)} for d in dfs for p in (0.25, 0.05, 0.025, 0.001, 1e-6)],
    "wilson": [dict(k=k, n=n, low=c.low, high=c.high) for k, n in ((0, 1), (0, 10), (3, 10), (10, 10), (65, 100), (999, 1000), (25, 10000))
               for c in [stats.binomtest(k, n).proportion_ci(0.95, "wilson")]],
    "spearman": ranks,
    "calibration": calibration,
    "precision": precision,
}, separators=(",", ":")))
