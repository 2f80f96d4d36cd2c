"""Iterative stratification of rows with several classes, written from the paper alone (Sechidis,
Tsoumakas and Vlahavas, ECML PKDD 2011, algorithm 1) with exact fractions, for groups and sizes as
split/shift has them. Writes multilabel.json, the vectors of TestMultiLabelVectors:

    python multilabel.py > multilabel.json

    python multilabel.py compare        # beside scikit-multilearn and a random split
"""

import hashlib
import json
import random
import struct
import sys
from fractions import Fraction


def text(s):
    return b"s" + struct.pack("<Q", len(s)) + s


def digest(purpose, seed, value):
    return hashlib.sha256(text(purpose) + b"u" + struct.pack("<QQ", 8, seed) + text(value)).digest()


def key(seed, row, grouped):
    group = "g" + row["group"] if grouped and row["group"] is not None else "i" + row["id"]
    return digest(b"split/v1", seed, group.encode())[:16]


def deal(units, parts):
    """units: lists of rows, in order; parts: (name, size), the rest last. Gives {id: name}."""
    rows = sum(len(u) for u in units)
    labels = sorted({l for u in units for r in u for l in r["labels"]})
    lacks = {l: [Fraction(sum(l in r["labels"] for u in units for r in u) * n, rows) for _, n in parts] for l in labels}
    room = [n for _, n in parts]
    left, out = list(units), {}
    rest = len(parts) - 1

    def best(label):
        order = [(-lacks[label][j] if label else 0, -room[j], j) for j in range(len(parts)) if room[j] > 0]
        return min(order)[2] if order else rest

    def give(unit, j):
        for r in unit:
            to = j if room[j] > 0 or j == rest else rest
            room[to] -= 1
            out[r["id"]] = parts[to][0]
            for l in r["labels"]:
                lacks[l][to] -= 1

    while True:
        count = {l: sum(l in r["labels"] for u in left for r in u) for l in labels}
        some = [(n, l) for l, n in count.items() if n > 0]
        if not some:
            break
        label = min(some)[1]
        for unit in [u for u in left if any(label in r["labels"] for r in u)]:
            give(unit, best(label))
            left.remove(unit)
    for unit in left:
        give(unit, best(None))
    return out


def split(case):
    seed, grouped, sizes = case["seed"], case["grouped"], case["sizes"]
    rows = sorted(case["rows"], key=lambda r: (key(seed, r, grouped), digest(b"split/v1 row", seed, r["id"].encode())[:8] if grouped else b"", r["id"]))
    base = [r for r in rows if r["kind"] == "a"]
    units = []
    for r in base:
        if units and grouped and key(seed, units[-1][0], True) == key(seed, r, True):
            units[-1].append(r)
        else:
            units.append([r])
    parts = [(n, sizes[n]) for n in ("train", "val", "iid") if n in sizes]
    parts.append(("unused", len(base) - sum(n for _, n in parts)))
    out = deal(units, parts)
    train = {key(seed, r, grouped) for r in base if out[r["id"]] == "train"}
    shift = [r for r in rows if r["kind"] == "b" and not (grouped and key(seed, r, True) in train)]
    out.update({r["id"]: "unused" for r in rows if r["kind"] == "b"})
    out.update(deal([[r] for r in shift], [("kind=b", sizes["ood"]), ("unused", len(shift) - sizes["ood"])]))
    counts = {n: sum(o == n for o in out.values()) for n in set(out.values())}
    asked = {"kind=b": sizes["ood"], **{n: v for n, v in sizes.items() if n != "ood"}}
    return out if all(counts.get(n, 0) == v for n, v in asked.items()) else None


def table(rng, n, classes):
    weights = [1 / (c + 1) for c in range(classes)]
    return [
        {"id": f"{rng.getrandbits(32):08x}", "kind": rng.choice("aab"), "group": rng.choice([None] + [f"g{i}" for i in range(n // 4 + 1)]),
         "labels": sorted(set(f"c{c:02d}" for c in rng.choices(range(classes), weights, k=rng.randint(0, 4))))}
        for _ in range(n)
    ]


def cases():
    rng = random.Random(2011)
    made = []
    while len(made) < 24:
        n = rng.choice([30, 60, 90])
        case = {"seed": rng.getrandbits(40), "grouped": len(made) % 2 == 1, "rows": table(rng, n, rng.choice([3, 8, 15]))}
        case["sizes"] = {"train": rng.randint(1, n // 3), "iid": rng.randint(1, n // 8), "ood": rng.randint(1, n // 8)}
        if rng.random() < 0.5:
            case["sizes"]["val"] = rng.randint(1, n // 10)
        if len({r["id"] for r in case["rows"]}) < n:
            continue
        case["out"] = split(case)
        if case["out"]:
            made.append(case)
    return made


def compare():
    """Mean departure of a class's share (the paper's label distribution measure) of both halves."""
    import numpy as np
    from skmultilearn.model_selection import IterativeStratification

    rng = random.Random(7)
    for n, classes in ((500, 12), (2000, 30), (2000, 100)):
        rows = [dict(r, kind="a") for r in table(rng, n, classes)]
        rows += [dict(r, id=r["id"] + "b", kind="b") for r in rows[:4]]
        y = np.array([[f"c{c:02d}" in r["labels"] for c in range(classes)] for r in rows[:n]], int)

        def measure(chosen):
            odds = lambda m: m.sum(0) / np.maximum(1, len(m) - m.sum(0))
            return np.mean([abs(odds(y[part]) - odds(y)).mean() for part in (chosen, np.setdiff1d(np.arange(n), chosen))])

        out = split({"seed": 1, "grouped": False, "rows": rows, "sizes": {"train": n // 4, "iid": 1, "ood": 1}})
        ours = measure(np.array([i for i in range(n) if out[rows[i]["id"]] == "train"]))
        _, theirs = next(IterativeStratification(n_splits=2, order=1, sample_distribution_per_fold=[0.25, 0.75]).split(np.zeros((n, 1)), y))
        theirs = theirs if len(theirs) < n // 2 else np.setdiff1d(np.arange(n), theirs)
        drawn = np.mean([measure(np.array(rng.sample(range(n), n // 4))) for _ in range(20)])
        print(f"{n} rows, {classes} classes, a quarter: ours {ours:.5f}, scikit-multilearn {measure(theirs):.5f} ({len(theirs)} rows), drawn {drawn:.5f}")


if __name__ == "__main__":
    if sys.argv[1:] == ["compare"]:
        compare()
    else:
        json.dump(cases(), sys.stdout, separators=(",", ":"))
