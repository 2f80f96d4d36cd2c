"""Reference values for package stats, from SciPy and scikit-learn.

Run: python reference.py > reference.json
"""
import json

import numpy as np
import scipy
from scipy import stats

dfs = [1, 1.5, 2, 2.7, 3, 5, 9.3, 30, 123.4, 1000, 1e5, 1e7]
ts = [0.0, 0.01, 0.3, 1, 1.96, 2.5, 4, 10, 40]
rng = np.random.default_rng(1)
ranks = []
for n in (2, 3, 6, 20):
    x, y = rng.integers(0, 8, n), rng.integers(0, 8, n)
    if len(set(x)) > 1 and len(set(y)) > 1:
        ranks.append({"x": x.tolist(), "y": y.tolist(), "rho": stats.spearmanr(x, y).statistic})

print(json.dumps({
    "scipy": scipy.__version__,
    "tail": [{"t": t, "df": d, "p": stats.t.sf(t, d)} for d in dfs for t in ts],
    "quantile": [{"p": p, "df": d, "t": stats.t.isf(p, d)} for d in dfs for p in (0.25, 0.05, 0.025, 0.001, 1e-6)],
    "wilson": [dict(k=k, n=n, low=c.low, high=c.high) for k, n in ((0, 1), (0, 10), (3, 10), (10, 10), (65, 100), (999, 1000), (25, 10000))
               for c in [stats.binomtest(k, n).proportion_ci(0.95, "wilson")]],
    "spearman": ranks,
}, indent=0))
