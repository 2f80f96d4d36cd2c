"""Makes ranking.json beside it: average precision by scikit-learn. python3 ranking.py; needs numpy and scikit-learn."""

import json

import numpy as np
from sklearn.metrics import average_precision_score

rng = np.random.default_rng(4)
cases = []
for n, share, levels in [(1, 1.0, 0), (7, 0.4, 0), (40, 0.1, 0), (60, 0.5, 5), (200, 0.05, 20), (33, 1.0, 3)]:
    scores = rng.random(n).astype(np.float32)
    if levels:  # ties
        scores = (np.floor(scores * levels) / levels).astype(np.float32)
    positive = rng.random(n) < share
    positive[rng.integers(n)] = True
    cases.append({"scores": [float(s) for s in scores], "positive": [bool(p) for p in positive], "ap": average_precision_score(positive, scores)})
json.dump(cases, open("ranking.json", "w"), separators=(",", ":"))
