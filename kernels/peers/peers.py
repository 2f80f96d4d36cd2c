"""Times PyTorch beside the Go benchmarks of package kernels in one run, alternating, one thread each, and prints ratios.

Run from the module's root, with a Python that has numpy and torch:
    python kernels/peers/peers.py [--rounds 5] [--only REGEXP]

Times are processor seconds, which load from other programs changes less than the wall clock. "stock" is PyTorch as it
comes; "keep" is PyTorch with a malloc that keeps freed memory, which spares it the page faults of large activations. A
ratio above 1 says how many times the processor time of ours PyTorch takes: the median over rounds, and its spread.
"""
import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
KEEP = {"MALLOC_TRIM_THRESHOLD_": "4294967296", "MALLOC_MMAP_THRESHOLD_": "4294967296", "MALLOC_TOP_PAD_": "268435456"}

# n, ci, h, w, co, kernel, stride; the names are those of BenchmarkConv2D.
CONVS = [
    (16, 64, 56, 56, 64, 3, 1), (32, 16, 32, 32, 16, 3, 1), (32, 16, 32, 32, 32, 3, 2), (32, 64, 32, 32, 64, 3, 1),
    (32, 128, 16, 16, 128, 3, 1), (32, 256, 8, 8, 256, 3, 1), (32, 512, 4, 4, 512, 3, 1), (4, 256, 56, 56, 64, 1, 1),
    (4, 512, 7, 7, 512, 3, 1),
]


def torch_cases():
    """Benchmark name to a function that does the same work once."""
    import torch
    import torch.nn.functional as F

    sys.path.insert(0, os.path.join(HERE, "..", "testdata"))
    import noise2net

    torch.set_num_threads(1)
    cases = {}
    for n, ci, h, w, co, k, stride in CONVS:
        x, wt = torch.rand(n, ci, h, w), torch.rand(co, ci, k, k)
        dy = torch.rand_like(F.conv2d(x, wt, None, stride, k // 2))
        name = f"{n}x{ci}x{h}x{w}-{co}-k{k}s{stride}"

        def grad(mask, x=x, wt=wt, dy=dy, stride=stride, k=k):
            return torch.ops.aten.convolution_backward(
                dy, x, wt, None, [stride] * 2, [k // 2] * 2, [1, 1], False, [0, 0], 1, mask)

        cases[f"Conv2D/forward/{name}"] = lambda x=x, wt=wt, stride=stride, k=k: F.conv2d(x, wt, None, stride, k // 2)
        cases[f"Conv2D/data/{name}"] = lambda g=grad: g([True, False, False])
        cases[f"Conv2D/weight/{name}"] = lambda g=grad: g([False, True, False])
    for n in (256, 1000):
        a, b = torch.rand(n, n), torch.rand(n, n)
        cases[f"MatMul/n={n}"] = lambda a=a, b=b: a @ b
    # Noise2Net as published: images collapsed into channels, weights drawn anew each batch; the time is that of one image.
    for size, images in ((32, 32), (224, 2)):
        convs = [[(1 + 2 * ((3 * b + i) % 2), 1 + (3 * b + i) // 2 % 3) for i in range(3)] for b in range(4)]
        blocks = [noise2net.Block(images, c) for c in convs]
        x = torch.rand(1, 3 * images, size, size)

        def noise(blocks=blocks, x=x):
            for m in (m for block in blocks for m in block.modules() if hasattr(m, "reset_parameters")):
                m.reset_parameters()
            y = x
            for block in blocks:
                y = y + 0.5 * block(y)

        cases[f"Noise2Net/size={size}"] = (noise, images)
    return cases


def time_torch(only):
    """Prints the processor milliseconds of each case as JSON."""
    import torch

    out = {}
    with torch.no_grad():
        for name, case in torch_cases().items():
            if not re.search(only, name):
                continue
            f, items = case if isinstance(case, tuple) else (case, 1)
            f()
            runs, start = 0, time.process_time()
            while runs < 3 or time.process_time() - start < 0.3:
                f()
                runs += 1
            out[name] = (time.process_time() - start) * 1e3 / runs / items
    print(json.dumps(out))


def time_go(binary, only):
    families = ("Conv2D", "MatMul", "Noise2Net")
    named = [f for f in families if f in only] or families
    text = subprocess.run(
        [binary, "-test.run", "^$", "-test.cpu", "1", "-test.benchtime", "300ms", "-test.bench", "|".join(named)],
        capture_output=True, text=True, check=True).stdout
    out = {}
    for line in text.splitlines():
        m = re.match(r"Benchmark(\S+)\s.*?([\d.]+) cpu-ms/op", line)
        if m and re.search(only, m[1]):
            out[m[1]] = float(m[2])
    return out


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default="", help="regular expression on the benchmark's name")
    parser.add_argument("--torch", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.torch:
        time_torch(args.only)
        return

    def torch_run(env):
        cmd = [sys.executable, os.path.abspath(__file__), "--torch", "--only", args.only]
        return json.loads(subprocess.run(cmd, capture_output=True, text=True, check=True, env={**os.environ, **env}).stdout)

    with tempfile.TemporaryDirectory() as folder:
        binary = os.path.join(folder, "kernels.test")
        subprocess.run(["go", "test", "-c", "-o", binary, "."], cwd=os.path.join(HERE, ".."), check=True)
        rounds = [(time_go(binary, args.only), torch_run({}), torch_run(KEEP)) for _ in range(args.rounds)]
    print(f"{'benchmark':44} {'ours cpu-ms':>12} {'stock ratio':>20} {'keep ratio':>20}")
    for name in rounds[0][1]:
        ours = [r[0][name] for r in rounds]

        def ratio(i):
            q = [r[i][name] / r[0][name] for r in rounds]
            return f"{statistics.median(q):.2f} ({min(q):.2f}-{max(q):.2f})"

        print(f"{name:44} {statistics.median(ours):12.3f} {ratio(1):>20} {ratio(2):>20}")


main()
