"""Writes vectors.json: small JPEG files as Pillow writes them, with the digest of the pixels that Pillow reads back.

Run it in this folder with a Python that has Pillow and NumPy.
"""
import base64
import hashlib
import io
import json

import numpy as np
from PIL import Image, features

rng = np.random.default_rng(1)


def picture(h, w):
    y, x = np.mgrid[0:h, 0:w]
    rgb = np.stack([x * 255 // max(w - 1, 1), y * 255 // max(h - 1, 1), 128 + 100 * np.sin(x / 3 + y / 5)], -1)
    rgb += rng.integers(-20, 20, rgb.shape) * (x > w // 2)[..., None]
    return Image.fromarray(rgb.clip(0, 255).astype(np.uint8))


vectors = []


def add(name, im, **options):
    out = io.BytesIO()
    im.save(out, "JPEG", **options)
    back = Image.open(io.BytesIO(out.getvalue())).convert("RGB")
    vectors.append({
        "name": name, "h": back.height, "w": back.width,
        "rgb": hashlib.sha256(back.tobytes()).hexdigest(),
        "data": base64.b64encode(out.getvalue()).decode(),
    })


for h, w in [(1, 1), (9, 7), (17, 33), (40, 24)]:
    for sub in ["4:4:4", "4:2:2", "4:2:0"]:
        for progressive in [False, True]:
            add(f"{h}x{w} {sub} progressive={progressive}", picture(h, w), quality=70, subsampling=sub, progressive=progressive)
add("grey", picture(17, 33).convert("L"), quality=50)
add("CMYK", picture(17, 33).convert("CMYK"), quality=80)
add("RGB kept", picture(17, 33), quality=80, keep_rgb=True)
add("restart markers", picture(40, 56), quality=80, restart_marker_blocks=2)
add("progressive restart markers", picture(40, 56), quality=80, progressive=True, restart_marker_blocks=2)
add("optimised tables", picture(40, 56), quality=90, optimize=True)
add("quality 1", picture(40, 56), quality=1)
add("quality 100", picture(40, 56), quality=100)

with open("vectors.json", "w") as f:
    json.dump({"pillow": "pixels by " + features.version("pil") + ", libjpeg-turbo " + features.version("libjpeg_turbo"), "vectors": vectors}, f, indent=1)
    f.write("\n")
