"""Writes COUNT JPEG files of 500 x 375 pixels, crops of photographs, for measuring memory on sets of real size.

    python3 many.py PHOTOS FOLDER COUNT
"""
import pathlib
import random
import sys

from PIL import Image

photos, folder, count = sorted(pathlib.Path(sys.argv[1]).rglob("*.jpg")), pathlib.Path(sys.argv[2]), int(sys.argv[3])
draw = random.Random(1)
images = [Image.open(p).convert("RGB") for p in photos[:: max(1, len(photos) // 100)]]
for i in range(count):
    im = images[i % len(images)]
    w = draw.uniform(.5, 1) * min(im.width, im.height * 4 / 3)
    x, y = draw.uniform(0, im.width - w), draw.uniform(0, im.height - w * 3 / 4)
    part = im.resize((500, 375), Image.BICUBIC, box=(x, y, x + w, y + w * 3 / 4))
    to = folder / f"class{i % 10}" / f"{i:06d}.jpg"
    to.parent.mkdir(parents=True, exist_ok=True)
    part.save(to, quality=90)
