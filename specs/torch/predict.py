"""Scores the rows of a shiftmill job (predict/command) with a torchvision or timm network.

A job holds the rows of many test sets, for which the network is loaded once; ids are given back as they came.
params: model (a name of torchvision, or timm/NAME), size, batch_size. Weights are those of the stage that trained them.
Needs torch, torchvision and pyarrow; timm for its names. Uses a GPU if there is one.
"""
import json
import os

import pyarrow as pa
import pyarrow.parquet as pq
import torch
import torchvision
from PIL import Image
from torchvision import transforms as T

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
PIECE = 4096  # rows to a file of predictions: what a kill costs at most


def build(name, classes):
    if name.startswith("timm/"):
        import timm
        return timm.create_model(name[5:], num_classes=classes)
    return torchvision.models.get_model(name, num_classes=classes)


class Rows(torch.utils.data.Dataset):
    def __init__(self, manifest, transform):
        with open(manifest, encoding="utf-8") as f:
            self.rows = [(r["id"], r["path"]) for r in map(json.loads, f)]
        self.transform = transform

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, i):
        return self.transform(Image.open(self.rows[i][1]).convert("RGB"))


def main():
    with open(os.environ["SHIFTMILL_JOB"], encoding="utf-8") as f:
        job = json.load(f)
    p = {"model": "resnet18", "size": 64, "batch_size": 64, **(job["params"] or {})}
    device = "cuda" if torch.cuda.is_available() else "cpu"
    fit = [T.Resize(p["size"], antialias=True), T.CenterCrop(p["size"]), T.ToTensor(), T.Normalize(MEAN, STD)]
    data = Rows(job["inputs"]["data"]["path"], T.Compose(fit))
    net = build(p["model"], len(job["classes"])).to(device).eval()
    net.load_state_dict(torch.load(job["model"]["weights"], map_location=device, weights_only=True))
    print(f"{len(data)} images of {len(job['sets'])} test sets on {device}", flush=True)
    loader = torch.utils.data.DataLoader(data, p["batch_size"], num_workers=p.get("workers", 0))
    scores, done = [], 0

    def keep():
        nonlocal scores, done
        block = torch.cat(scores)
        ids = [r[0] for r in data.rows[done:done + len(block)]]
        list_of = pa.FixedSizeListArray.from_arrays(pa.array(block.flatten().numpy()), block.shape[1])
        path = os.path.join(job["output"], f"{os.getpid()}-{done:09d}.parquet")
        pq.write_table(pa.table({"id": pa.array(ids, pa.string()), "scores": list_of}), path + ".part")
        os.replace(path + ".part", path)
        done, scores = done + len(block), []

    with torch.inference_mode():
        for x in loader:
            scores.append(torch.softmax(net(x.to(device)), 1).float().cpu())
            rows = done + sum(map(len, scores))
            print(f"::progress {rows}/{len(data)} images", flush=True)
            if rows - done >= PIECE or rows == len(data):
                keep()


main()
