"""The nine splits of DeepFashion Remixed from annotation files, looked at one by one.

Follows paper-facts.md, section 8.3: an item matches a split if all four attributes are in
its sets; an image belongs to it if at least one item matches (with "strict": if it has
items and all match); its label vector has a 1 at category_id - 1 of the matching items.
Train is read from train/, the eight others and the IID set from validation/.

usage: dfr_oracle.py ROOT [strict]     prints a line "SET ID VECTOR" for each image
"""
import json
import sys
from pathlib import Path

root, strict = Path(sys.argv[1]), sys.argv[2:] == ["strict"]
default = {"scale": {2}, "occlusion": {2}, "viewpoint": {2}, "zoom_in": {1}}
splits = {"train": ("train", default), "iid": ("validation", default)}
for attribute, values in {"scale": (1, 3), "occlusion": (1, 3), "viewpoint": (1, 3), "zoom_in": (2, 3)}.items():
    for value in values:
        splits[f"{attribute}={value}"] = ("validation", {**default, attribute: {value}})

for name, (part, allowed) in splits.items():
    images = sorted((root / part / "image").iterdir())
    annotations = sorted((root / part / "annos").iterdir())
    for image, annotation in zip(images, annotations, strict=True):
        assert image.stem == annotation.stem
        data = json.loads(annotation.read_text())
        items = [v for k, v in data.items() if k not in ("source", "pair_id")]
        matching = [i for i in items if all(i[a] in s for a, s in allowed.items())]
        if not matching or strict and len(matching) < len(items):
            continue
        vector = ["0"] * 13
        for item in matching:
            vector[item["category_id"] - 1] = "1"
        print(name, f"{part}/image/{image.name}", "".join(vector))
