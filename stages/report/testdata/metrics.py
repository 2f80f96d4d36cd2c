"""Metrics of predictions by scikit-learn, torchmetrics and SciPy, for TestMetricsOfPeers.

Reads JSON from standard input: {"one": {SET: {"scores": [[..]], "labels": [..]}}, "several": the same with lists of 0 and 1,
"rates": {"wrong": [k, n], ..}, "rho": [[..], [..]]}. Writes a number for each name that the test asks about.
"""
import json
import sys

import numpy as np
import torch
from scipy import stats
from sklearn import metrics
from torchmetrics.classification import MulticlassAccuracy, MulticlassCalibrationError, MultilabelAveragePrecision

given = json.load(sys.stdin)
out = {}
town_wrong, town_map = {}, {}

for name, s in given["one"].items():
    scores, labels = np.array(s["scores"], np.float32).astype(np.float64), np.array(s["labels"])
    k = scores.shape[1]
    best = scores.argmax(1)
    out[f"{name} error sklearn"] = 100 * (1 - metrics.accuracy_score(labels, best))
    out[f"{name} top5 sklearn"] = 100 * (1 - metrics.top_k_accuracy_score(labels, scores, k=5, labels=range(k)))
    p, y = torch.tensor(scores), torch.tensor(labels)
    out[f"{name} error torchmetrics"] = 100 * (1 - MulticlassAccuracy(k, average="micro")(p.argmax(1), y).double().item())
    out[f"{name} top5 torchmetrics"] = 100 * (1 - MulticlassAccuracy(k, top_k=5, average="micro")(p, y).double().item())
    out[f"{name} ece torchmetrics"] = 100 * MulticlassCalibrationError(k, n_bins=15, norm="l1")(p, y).item()
    recall = metrics.recall_score(labels, best, labels=range(k), average=None)
    for c in range(k):
        out[f"{name} class {c} sklearn"] = 100 * (1 - recall[c])
    # Bins of 100 rows by rising confidence, the last one with the rest too.
    order = np.argsort(scores.max(1), kind="stable")
    bins = max(len(order) // 100, 1)
    square = 0.0
    for b in range(bins):
        rows = order[100 * b: 100 * (b + 1) if b + 1 < bins else None]
        square += len(rows) * (scores.max(1)[rows].mean() - (best == labels)[rows].mean()) ** 2
    out[f"{name} rms numpy"] = 100 * np.sqrt(square / len(order))
    # As the code of ImageNet-R: the loop over the bins leaves out the last, the mean is over all rows.
    gaps = (scores.max(1) - (best == labels))[order]
    out[f"{name} refrms numpy"] = 100 * np.sqrt(sum(100 * gaps[100 * b: 100 * (b + 1)].mean() ** 2 for b in range(bins - 1)) / len(order))
    right = (best == labels)[order[::-1]]
    out[f"{name} aurra numpy"] = 100 * np.mean(np.cumsum(right) / np.arange(1, len(right) + 1))
    if name == "iid":
        size = np.bincount(labels, minlength=k)
        out["worst numpy"] = 100 * max(1 - recall[c] for c in range(k) if size[c] >= 10)
    for value in (0, 1, 2):
        rows = [i for i, row in enumerate(s["town"]) if row == value]
        town_wrong[value] = town_wrong.get(value, []) + list((best != labels)[rows])

for name, s in given["several"].items():
    scores, labels = np.array(s["scores"], np.float32).astype(np.float64), np.array(s["labels"])
    with_positives = labels.sum(0) > 0
    out[f"{name} macro sklearn"] = 100 * (1 - metrics.average_precision_score(labels[:, with_positives], scores[:, with_positives], average="macro"))
    ap = MultilabelAveragePrecision(labels.shape[1], average=None)(torch.tensor(scores), torch.tensor(labels)).double()
    out[f"{name} macro torchmetrics"] = 100 * (1 - ap[torch.tensor(with_positives)].mean().item())
    for c in range(labels.shape[1]):
        if with_positives[c]:
            out[f"{name} ap {c} sklearn"] = 100 * (1 - metrics.average_precision_score(labels[:, c], scores[:, c]))
    for value in (0, 1, 2):
        rows = [i for i, row in enumerate(s["town"]) if row == value]
        y, p = labels[rows], scores[rows]
        has = y.sum(0) > 0
        town_map[value] = town_map.get(value, []) + [(len(rows), 1 - metrics.average_precision_score(y[:, has], p[:, has], average="macro"))]
    area, weight = 0.0, 0.0
    for c in range(labels.shape[1]):
        if with_positives[c]:
            precision, recall, _ = metrics.precision_recall_curve(labels[:, c], scores[:, c])
            area += labels[:, c].sum() * metrics.auc(recall, precision)
            weight += labels[:, c].sum()
    out[f"{name} reference sklearn"] = 100 * (1 - area / weight)

for value in (0, 1, 2):
    out[f"town {value} numpy"] = 100 * np.mean(town_wrong[value])
    out[f"several town {value} sklearn"] = 100 * np.average([e for _, e in town_map[value]], weights=[n for n, _ in town_map[value]])

for name, (k, n) in given["rates"].items():
    interval = stats.binomtest(k, n).proportion_ci(0.95, "wilson")
    out[f"{name} low scipy"], out[f"{name} high scipy"] = 100 * interval.low, 100 * interval.high
for name, (low, high) in given["gaps"].items():
    a, b = np.array(low, float), np.array(high, float)
    # Two sets of different images: the standard error of Welch's test, and the variance of one more row that is wrong in each, which
    # intervals hold so that no error at all does not mean that there is no uncertainty.
    interval = stats.ttest_ind(b, a, equal_var=False).confidence_interval(0.95)
    df = stats.ttest_ind(b, a, equal_var=False).df
    out[f"{name} gap scipy"] = 100 * (interval.low + interval.high) / 2
    se = (interval.high - interval.low) / 2 / stats.t.ppf(0.975, df)
    out[f"{name} gapse scipy"] = 100 * np.sqrt(se**2 + 1 / len(a) ** 2 + 1 / len(b) ** 2)
    out[f"{name} gapdf scipy"] = df
json.dump(out, sys.stdout)
