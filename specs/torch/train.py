"""Trains a torchvision or timm network on the rows of a shiftmill job (train/command).

params: model (a name of torchvision, or timm/NAME), size, epochs, batch_size, lr; weights, a file to start from, is optional.
Needs torch and torchvision; timm for its names. Uses a GPU if there is one.
"""
import json
import os

import torch
import torchvision
from PIL import Image
from torchvision import transforms as T

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def build(name, classes):
    if name.startswith("timm/"):
        import timm
        return timm.create_model(name[5:], num_classes=classes)
    return torchvision.models.get_model(name, num_classes=classes)


class Rows(torch.utils.data.Dataset):
    def __init__(self, manifest, classes, transform):
        number = {c: i for i, c in enumerate(classes)}
        with open(manifest, encoding="utf-8") as f:
            self.rows = [(r["path"], number.get(r["label"], -1)) for r in map(json.loads, f)]
        self.transform = transform

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, i):
        path, label = self.rows[i]
        return self.transform(Image.open(path).convert("RGB")), label


def main():
    with open(os.environ["SHIFTMILL_JOB"], encoding="utf-8") as f:
        job = json.load(f)
    p = {"model": "resnet18", "size": 64, "epochs": 3, "batch_size": 64, "lr": 0.05, **(job["params"] or {})}
    if job.get("trial"):
        p["epochs"] = 1
    torch.manual_seed(job["seed"])
    device = "cuda" if torch.cuda.is_available() else "cpu"
    fit = [T.RandomResizedCrop(p["size"], scale=(0.5, 1.0)), T.RandomHorizontalFlip(), T.ToTensor(), T.Normalize(MEAN, STD)]
    data = Rows(job["inputs"]["train"]["path"], job["classes"], T.Compose(fit))
    loader = torch.utils.data.DataLoader(data, p["batch_size"], shuffle=True, drop_last=len(data) > p["batch_size"], num_workers=p.get("workers", 0))
    net = build(p["model"], len(job["classes"])).to(device)
    if p.get("weights"):
        net.load_state_dict(torch.load(p["weights"], map_location=device, weights_only=True))
    opt = torch.optim.SGD(net.parameters(), p["lr"], momentum=0.9, weight_decay=1e-4, nesterov=True)
    steps = max(1, p["epochs"] * len(loader))
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(opt, steps)
    first = 0
    if os.path.exists(job["resume"]):
        state = torch.load(job["resume"], map_location=device, weights_only=True)
        first = state["epoch"]
        for part, name in ((net, "net"), (opt, "opt"), (schedule, "schedule")):
            part.load_state_dict(state[name])
        torch.set_rng_state(state["random"].cpu())
    for epoch in range(first, p["epochs"]):
        net.train()
        for step, (x, y) in enumerate(loader):
            loss = torch.nn.functional.cross_entropy(net(x.to(device)), y.to(device))
            opt.zero_grad(set_to_none=True)
            loss.backward()
            opt.step()
            schedule.step()
            print(f"::progress {epoch * len(loader) + step + 1}/{steps} steps", flush=True)
        print(f"::metric train loss={loss.item():.6f}", flush=True)
        state = {"epoch": epoch + 1, "net": net.state_dict(), "opt": opt.state_dict(), "schedule": schedule.state_dict(), "random": torch.get_rng_state()}
        torch.save(state, job["resume"] + ".part")
        os.replace(job["resume"] + ".part", job["resume"])
    torch.save(net.state_dict(), job["take"]["weights"])


main()
