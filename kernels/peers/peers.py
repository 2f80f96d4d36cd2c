"""Times PyTorch, ONNX Runtime and OpenBLAS beside the Go benchmarks of kernels and kernels/nn in one run, alternating, and
prints ratios.

Run from the module's root, with a Python that has numpy, torch, torchvision, onnx and onnxruntime:
    python kernels/peers/peers.py [--rounds 5] [--only REGEXP]

One thread each, but for NoiseBatch, which has two. Times are processor seconds, which load from other programs changes less
than the wall clock; where a benchmark gives the wall clock too, so is its ratio. "stock" is PyTorch as it comes; "keep" is
PyTorch with a malloc that keeps freed memory, which spares it the page faults of large activations; "other" is OpenBLAS
(through numpy) for products and ONNX Runtime for networks. A ratio above 1 says how many times the time of ours the peer
takes: the median over rounds, and its spread.
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
    """Benchmark name to a case that does the same work."""
    import torch
    import torch.nn.functional as F

    sys.path.insert(0, os.path.join(HERE, "..", "testdata"))
    import noise2net

    cases = {}
    for n, ci, h, w, co, k, stride in CONVS:
        x, wt = torch.rand(n, ci, h, w), torch.rand(co, ci, k, k)
        dy = torch.rand_like(F.conv2d(x, wt, None, stride, k // 2))
        name = f"{n}x{ci}x{h}x{w}-{co}-k{k}s{stride}"

        def grad(mask, x=x, wt=wt, dy=dy, stride=stride, k=k):
            return torch.ops.aten.convolution_backward(
                dy, x, wt, None, [stride] * 2, [k // 2] * 2, [1, 1], False, [0, 0], 1, mask)

        forward = lambda x=x, wt=wt, stride=stride, k=k: F.conv2d(x, wt, None, stride, k // 2)
        cases[f"Conv2D/forward/{name}"] = Case(lambda f=forward: f)
        cases[f"Conv2D/data/{name}"] = Case(lambda g=grad: lambda: g([True, False, False]))
        cases[f"Conv2D/weight/{name}"] = Case(lambda g=grad: lambda: g([False, True, False]))
    for n in (256, 1000):
        a, b = torch.rand(n, n), torch.rand(n, n)
        cases[f"MatMul/n={n}"] = Case(lambda a=a, b=b: lambda: a @ b)
    # Noise2Net as published: images collapsed into channels, weights drawn anew each batch; the time is that of one image.
    for size, images, threads in ((32, 32, 1), (224, 2, 1), (32, 32, 2), (224, 4, 2)):
        def noise(size=size, images=images):
            convs = [[(1 + 2 * ((3 * b + i) % 2), 1 + (3 * b + i) // 2 % 3) for i in range(3)] for b in range(4)]
            blocks = [noise2net.Block(images, c) for c in convs]
            x = torch.rand(1, 3 * images, size, size)

            def run():
                for m in (m for block in blocks for m in block.modules() if hasattr(m, "reset_parameters")):
                    m.reset_parameters()
                y = x
                for block in blocks:
                    y = y + 0.5 * block(y)

            return run

        name = f"Noise2Net/size={size}" if threads == 1 else f"NoiseBatch/size={size}"
        cases[name] = Case(noise, images, threads)
    for name, make in networks(torch).items():
        cases[name] = Case(make)
    return cases


class Case:
    """Makes a function that does the work of so many items once."""

    def __init__(self, make, items=1, threads=1):
        self.make, self.items, self.threads = make, items, threads


def modules(torch):
    """Name to a module in evaluation and its input."""
    sys.path.insert(0, os.path.join(HERE, "..", "nn", "testdata"))
    import flows
    import torchvision

    class Whole(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.cae = flows.CAE()

        def forward(self, x):
            return self.cae.decode(torch.sign(self.cae.encode(x)))

    return {
        "Flow/edsr/128x170": lambda: (flows.EDSR().eval(), torch.rand(1, 3, 128, 170) * 255),
        "Flow/cae/512x683": lambda: (Whole().eval(), torch.rand(1, 3, 512, 683)),
        "Predict/resnet50/batch=1": lambda: (torchvision.models.resnet50().eval(), torch.rand(1, 3, 224, 224)),
        "Predict/resnet50/batch=8": lambda: (torchvision.models.resnet50().eval(), torch.rand(8, 3, 224, 224)),
    }


def networks(torch):
    import torchvision

    def predict(make):
        net, x = make()
        return lambda: net(x)

    def step(net, x, classes):
        opt = torch.optim.SGD(net.parameters(), lr=0.01, momentum=0.9)
        y = torch.arange(len(x)) % classes

        def run():
            with torch.enable_grad():
                opt.zero_grad()
                torch.nn.functional.cross_entropy(net(x), y).backward()
                opt.step()

        return run

    def resnet18():
        net = torchvision.models.resnet18(num_classes=10)
        net.conv1, net.maxpool = torch.nn.Conv2d(3, 64, 3, 1, 1, bias=False), torch.nn.Identity()
        return step(net, torch.rand(128, 3, 32, 32), 10)

    cases = {name: (lambda make=make: predict(make)) for name, make in modules(torch).items()}
    cases["Step/resnet18/batch=128"] = resnet18
    cases["Step/resnet50/batch=8"] = lambda: step(torchvision.models.resnet50(), torch.rand(8, 3, 224, 224), 1000)
    return cases


def timed(f, items, least=3):
    """Processor and wall milliseconds an item."""
    f()
    runs, cpu, wall = 0, time.process_time(), time.perf_counter()
    while runs < least or time.process_time() - cpu < 0.3:
        f()
        runs += 1
    return [(time.process_time() - cpu) * 1e3 / runs / items, (time.perf_counter() - wall) * 1e3 / runs / items]


def time_torch(only):
    """Prints the times of each case as JSON."""
    import torch

    out = {}
    with torch.no_grad():
        for name, case in torch_cases().items():
            if re.search(only, name):
                torch.set_num_threads(case.threads)
                out[name] = timed(case.make(), case.items)
    print(json.dumps(out))


def time_others(only):
    """Prints the times of OpenBLAS and ONNX Runtime as JSON."""
    import io
    import warnings

    import numpy
    import onnxruntime
    import torch

    out = {}
    for n in (256, 1000):
        if re.search(only, f"MatMul/n={n}"):
            a, b = numpy.random.rand(2, n, n).astype("float32")
            out[f"MatMul/n={n}"] = timed(lambda a=a, b=b: a @ b, 1)
    for name, make in modules(torch).items():
        if not re.search(only, name):
            continue
        net, x = make()
        file = io.BytesIO()
        with warnings.catch_warnings(), torch.no_grad():
            warnings.simplefilter("ignore")
            torch.onnx.export(net, (x,), file, dynamo=False, input_names=["x"])
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        session = onnxruntime.InferenceSession(file.getvalue(), options, providers=["CPUExecutionProvider"])
        feed = {"x": x.numpy()}
        out[name] = timed(lambda: session.run(None, feed), 1)
    print(json.dumps(out))


def time_go(folder, names):
    """Times the named benchmarks, those of kernels together, networks one by one."""
    families = {n.split("/")[0] for n in names}
    nets = {"Flow", "Predict", "Step"}
    runs = [("kernels", "^Benchmark(%s)$" % "|".join(sorted(families - nets)), "300ms")] if families - nets else []
    for n in names:
        if n.split("/")[0] in nets:
            runs.append(("nn", "/".join("^%s$" % p for p in ("Benchmark" + n).split("/")), "2x"))
    out = {}
    for package, pattern, count in runs:
        text = subprocess.run(
            [os.path.join(folder, package), "-test.run", "^$", "-test.cpu", "1", "-test.benchtime", count, "-test.bench", pattern],
            capture_output=True, text=True, check=True).stdout
        for line in text.splitlines():
            m = re.match(r"Benchmark(\S+)\s", line)
            cpu, wall = re.search(r"([\d.]+) cpu-ms/op", line), re.search(r"([\d.]+) wall-ms/op", line)
            if m and cpu and m[1] in names:
                out[m[1]] = [float(cpu[1]), float(wall[1]) if wall else None]
    return out


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default="", help="regular expression on the benchmark's name")
    parser.add_argument("--torch", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--others", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.torch or args.others:
        (time_torch if args.torch else time_others)(args.only)
        return

    def peer(which, env):
        cmd = [sys.executable, os.path.abspath(__file__), which, "--only", args.only]
        env = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_WAIT_POLICY": "passive", **env}
        text = subprocess.run(cmd, stdout=subprocess.PIPE, text=True, check=True, env=env).stdout
        return json.loads(text.splitlines()[-1])

    rounds = []
    with tempfile.TemporaryDirectory() as folder:
        for package, where in (("kernels", "."), ("nn", "./nn")):
            subprocess.run(["go", "test", "-c", "-o", os.path.join(folder, package), where], cwd=os.path.join(HERE, ".."), check=True)
        for _ in range(args.rounds):
            stock = peer("--torch", {})
            rounds.append((time_go(folder, set(stock)), stock, peer("--torch", KEEP), peer("--others", {})))
            print(f"round {len(rounds)} of {args.rounds}:", *(f"{name} {v[0]:.4g}" for name, v in rounds[-1][0].items()), file=sys.stderr)
    print(f"{'benchmark':40} {'ours cpu-ms':>11} {'stock':>18} {'keep':>18} {'other':>18}")
    for name in rounds[0][1]:
        for kind, unit in ((0, ""), (1, " (wall)")):
            ours = [r[0][name][kind] for r in rounds]
            if None in ours:
                continue

            def ratio(peer):
                q = [r[peer][name][kind] / r[0][name][kind] for r in rounds if name in r[peer]]
                return f"{statistics.median(q):.2f} ({min(q):.2f}-{max(q):.2f})" if q else "-"

            print(f"{name + unit:40} {statistics.median(ours):11.3f} {ratio(1):>18} {ratio(2):>18} {ratio(3):>18}")


main()
