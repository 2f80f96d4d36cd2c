"""Times shiftmill beside ninja, make, Snakemake, go-task and DVC on one graph, alternating, and prints ratios.

Run from the module's root:
    python engine/peers/peers.py [--instances 10001] [--rounds 5] [--run] [--explicit] [--peers ninja,make,...]

The graph has layers of one or two inputs each: one table t, then a, b (from a), c (from a and b) and d (from c), as many
of each as are asked for. Ours expands it from a matrix; with --explicit, from as many written stages. Every peer has the
same names and edges, each edge copying small files. "no-op" asks for all of it when all is done, process start included;
--run also does all of it once from nothing (nothing of ours is kept without its syncs). Peers that are not installed are
left out and named. Other programs only add to times, hence the least of the rounds; the host may grow slower and faster,
hence the median.
"""
import argparse
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def edges(n):
    """Target and sources of every edge, in an order in which sources come first."""
    yield "t", ["t.csv"]
    for layer, sources in (("a", "t"), ("b", "a"), ("c", "ab"), ("d", "c")):
        for i in range(n):
            yield f"{layer}-{i}", [s if s == "t" else f"{s}-{i}" for s in sources]


def write(folder, name, text):
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, name), "w", encoding="utf-8") as f:
        f.write(text)


class Shiftmill:
    name = "shiftmill"

    def __init__(self, folder, n, explicit):
        self.folder = folder
        self.binary = os.path.join(folder, "shiftmill")
        subprocess.run(["go", "build", "-trimpath", "-o", self.binary, "."], cwd=ROOT, check=True, env={**os.environ, "CGO_ENABLED": "0"})
        write(folder, "t.csv", "id,n\n" + "".join(f"r{i:06d},{i}\n" for i in range(n)))
        head = "shiftmill: v1\nname: layers\nstages:\n  t: {kind: source/table, with: {root: ., table: t.csv, id: id, types: {n: int}}}\n"
        if explicit:
            stages = "".join(
                f"  a{i}: {{kind: split/select, from: t, with: {{where: {{n: {i}}}}}}}\n"
                f"  b{i}: {{kind: split/select, from: a{i}, with: {{where: {{n: 0..}}}}}}\n"
                f"  c{i}: {{kind: split/select, from: [a{i}, b{i}], with: {{where: {{n: 0..}}}}}}\n"
                f"  d{i}: {{kind: split/select, from: c{i}, with: {{where: {{n: 0..99999}}}}}}\n" for i in range(n))
        else:
            stages = (
                f"  a: {{kind: split/select, matrix: {{at: [{', '.join(map(str, range(n)))}]}}, from: t, with: {{where: {{n: $matrix.at}}}}}}\n"
                "  b: {kind: split/select, from: a, with: {where: {n: 0..}}}\n"
                "  c: {kind: split/select, from: [a, b], with: {where: {n: 0..}}}\n"
                "  d: {kind: split/select, from: c, with: {where: {n: 0..99999}}}\n")
        write(folder, "layers.yaml", head + stages)
        self.command = [self.binary, "run", "layers.yaml"]

    def clean(self):
        shutil.rmtree(os.path.join(self.folder, ".shiftmill"), ignore_errors=True)


class Files:
    """A peer whose targets are files in out/."""

    def __init__(self, folder, n):
        self.folder = folder
        write(folder, "t.csv", "x\n")
        os.makedirs(os.path.join(folder, "out"), exist_ok=True)
        self.describe(n)

    def clean(self):
        shutil.rmtree(os.path.join(self.folder, "out"), ignore_errors=True)
        os.makedirs(os.path.join(self.folder, "out"))

    @staticmethod
    def files(sources):
        return [s if s == "t.csv" else f"out/{s}" for s in sources]


class Ninja(Files):
    name, program = "ninja", "ninja"

    def describe(self, n):
        text = "rule copy\n  command = cat $in > $out\n"
        text += "".join(f"build out/{t}: copy {' '.join(self.files(s))}\n" for t, s in edges(n))
        write(self.folder, "build.ninja", text)
        self.command = ["ninja", "--quiet"]

    def clean(self):
        super().clean()
        for name in (".ninja_log", ".ninja_deps"):
            if os.path.exists(os.path.join(self.folder, name)):
                os.remove(os.path.join(self.folder, name))


class Make(Files):
    name, program = "make", "make"

    def describe(self, n):
        all_edges = list(edges(n))
        text = "all: " + " ".join(f"out/{t}" for t, _ in all_edges) + "\n"
        text += "".join(f"out/{t}: {' '.join(self.files(s))}\n\t@cat $^ > $@\n" for t, s in all_edges)
        write(self.folder, "Makefile", text)
        self.command = ["make", "-s", "-j2"]


class Snakemake(Files):
    name, program = "Snakemake", "snakemake"

    def describe(self, n):
        text = f"rule all:\n    input: expand('out/d-{{i}}', i=range({n}))\nrule t:\n    input: 't.csv'\n    output: 'out/t'\n    shell: 'cat {{input}} > {{output}}'\n"
        for layer, sources in (("a", "t"), ("b", "a"), ("c", "ab"), ("d", "c")):
            inputs = ", ".join("'out/t'" if s == "t" else f"'out/{s}-{{i}}'" for s in sources)
            text += f"rule {layer}:\n    input: {inputs}\n    output: 'out/{layer}-{{i}}'\n    shell: 'cat {{input}} > {{output}}'\n"
        write(self.folder, "Snakefile", text)
        self.command = ["snakemake", "--cores", "2", "--quiet", "all"]


class GoTask(Files):
    name, program = "go-task", "go"

    def describe(self, n):
        binary = shutil.which("task") or os.path.join(self.folder, "bin", "task")
        if not shutil.which("task"):
            subprocess.run(["go", "install", "github.com/go-task/task/v3/cmd/task@latest"], cwd=self.folder, check=True,
                           env={**os.environ, "GOBIN": os.path.dirname(binary), "CGO_ENABLED": "0", "GOFLAGS": "-trimpath"}, stderr=subprocess.DEVNULL)
        text = "version: '3'\nsilent: true\ntasks:\n  default: {deps: [" + ", ".join(f"d-{i}" for i in range(n)) + "]}\n"
        for t, s in edges(n):
            deps = ", ".join(x for x in s if x != "t.csv")
            files = self.files(s)
            text += f"  {t}:\n    deps: [{deps}]\n    sources: [{', '.join(files)}]\n    generates: [out/{t}]\n    method: timestamp\n    cmd: cat {' '.join(files)} > out/{t}\n"
        write(self.folder, "Taskfile.yml", text)
        self.command = [binary]


class DVC(Files):
    name, program = "DVC", "dvc"

    def describe(self, n):
        text = "stages:\n"
        for t, s in edges(n):
            files = self.files(s)
            text += f"  {t}:\n    cmd: cat {' '.join(files)} > out/{t}\n    deps: [{', '.join(files)}]\n    outs: [out/{t}]\n"
        write(self.folder, "dvc.yaml", text)
        if not os.path.isdir(os.path.join(self.folder, ".dvc")):
            subprocess.run(["dvc", "init", "--no-scm", "-q"], cwd=self.folder, check=True)
        self.command = ["dvc", "repro", "-q"]


def timed(peer, limit):
    """Wall and processor seconds of one command with its children; None when it takes too long."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    # Waiting with a timeout would look at the child every so often, up to 50 ms apart, and see 64 or 114 ms alone.
    child = subprocess.Popen(peer.command, cwd=peer.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    given_up = threading.Timer(limit, child.kill)
    given_up.start()
    code = child.wait()
    wall = time.perf_counter() - start
    late = not given_up.is_alive()
    given_up.cancel()
    if late:
        return None
    if code != 0:
        raise subprocess.CalledProcessError(code, peer.command)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def table(title, results, rounds):
    print(f"\n{title}: {rounds} rounds, alternating")
    print(f"  {'':<12}{'wall s: least':>14}{'median':>9}{'CPU s: least':>14}{'ours / its wall: least':>24}{'median':>9}{'its CPU':>9}")
    figures = {}
    for name, runs in results.items():
        runs = [r for r in runs if r]
        if not runs:
            print(f"  {name:<12}{'over the limit':>14}")
            continue
        walls = [r[0] for r in runs]
        figures[name] = least, middle, cpu = min(walls), statistics.median(walls), min(r[1] for r in runs)
        ours = figures["shiftmill"]
        print(f"  {name:<12}{least:>14.3f}{middle:>9.3f}{cpu:>14.3f}{ours[0] / least:>24.2f}{ours[1] / middle:>9.2f}{ours[2] / max(cpu, 1e-9):>9.2f}")


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--instances", type=int, default=10001)
    p.add_argument("--rounds", type=int, default=5)
    p.add_argument("--run", action="store_true", help="also time doing everything from nothing, once")
    p.add_argument("--explicit", action="store_true", help="write every stage instead of a matrix")
    p.add_argument("--limit", type=float, default=600, help="seconds after which a peer is given up")
    p.add_argument("--peers", default="ninja,make,snakemake,go-task,dvc")
    args = p.parse_args()
    n = max(1, args.instances // 4)
    with tempfile.TemporaryDirectory() as work:
        os.makedirs(os.path.join(work, "shiftmill"))
        peers = [Shiftmill(os.path.join(work, "shiftmill"), n, args.explicit)]
        for kind in (Ninja, Make, Snakemake, GoTask, DVC):
            if kind.name.lower() not in args.peers.split(","):
                continue
            if shutil.which(kind.program) is None:
                print(f"{kind.name} is not installed: left out", file=sys.stderr)
                continue
            try:
                peers.append(kind(os.path.join(work, kind.name), n))
            except (subprocess.CalledProcessError, OSError) as e:
                print(f"{kind.name} cannot be set up: {e}", file=sys.stderr)
        print(f"{4 * n + 1} instances, {len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}")
        first = {}
        for peer in list(peers):
            peer.clean()
            first[peer.name] = [timed(peer, args.limit)]
            if first[peer.name] == [None]:
                peers.remove(peer)
                print(f"{peer.name} did not finish in {args.limit:.0f} s: left out", file=sys.stderr)
        if args.run:
            table("all from nothing", first, 1)
        noop = {peer.name: [] for peer in peers}
        for _ in range(args.rounds):
            for peer in peers:
                noop[peer.name].append(timed(peer, args.limit))
        table("no-op", noop, args.rounds)


if __name__ == "__main__":
    main()
