"""Writes small files in the formats that this package cannot write itself, and digests.json: what Pillow reads from each.

Run it in this folder with a Python that has Pillow and NumPy.
"""
import hashlib
import json
import struct
import zlib

import numpy as np
from PIL import Image, ImageOps

rng = np.random.default_rng(2)
H, W = 19, 23
y, x = np.mgrid[0:H, 0:W]
rgb = np.stack([x * 11, y * 13, (x * y) % 256], -1).astype(np.uint8)
rgb[5:9, 5:9] = rng.integers(0, 256, (4, 4, 3))
alpha = (x * 255 // (W - 1)).astype(np.uint8)
im = Image.fromarray(rgb)
rgba = Image.fromarray(np.dstack([rgb, alpha]))

im.save("small.webp", quality=80)
im.save("lossless.webp", lossless=True)
rgba.save("alpha.webp", quality=70)
other = Image.fromarray(np.roll(rgb, 7, axis=1))
im.save("animated.webp", save_all=True, append_images=[other], quality=80)
rgba.save("animated-alpha.webp", save_all=True, append_images=[other.convert("RGBA")], quality=70)
im.save("animated-lossless.webp", save_all=True, append_images=[other], lossless=True)
im.convert("P", palette=Image.Palette.ADAPTIVE).save("small.gif")
im.save("small.bmp")
im.convert("P", palette=Image.Palette.ADAPTIVE, colors=14).save("palette.png", bits=4, transparency=bytes(range(14)))
exif = Image.Exif()
exif[0x0112] = 6
im.save("orientation.jpg", exif=exif)


def chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(name, colour, depth, interlace, passes):
    """Pillow writes neither Adam7 nor 16-bit colour, so these are made by hand, without row filters."""
    raw = b"".join(b"\0" + row.tobytes() for p in passes for row in p if row.size)
    with open(name, "wb") as f:
        f.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", W, H, depth, colour, 0, 0, interlace)))
        f.write(chunk(b"IDAT", zlib.compress(raw)) + chunk(b"IEND", b""))


ADAM7 = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
deep = rng.integers(0, 65536, (H, W, 4)).astype(">u2")
png("adam7.png", 2, 8, 1, [rgb[y0::dy, x0::dx] for x0, y0, dx, dy in ADAM7])
png("deep.png", 6, 16, 0, [deep])
png("deep-rgb.png", 2, 16, 1, [deep[y0::dy, x0::dx, :3] for x0, y0, dx, dy in ADAM7])
png("deep-grey.png", 0, 16, 0, [deep[..., 0]])
png("deep-grey-alpha.png", 4, 16, 0, [deep[..., :2]])
bits = ((rgb[..., 0] >> 6)[..., None] >> np.array([1, 0]) & 1).reshape(H, -1)
png("two-bit.png", 0, 2, 0, [np.packbits(bits, axis=1)])

digests = {}
for name in ["small.webp", "lossless.webp", "alpha.webp", "animated.webp", "animated-alpha.webp", "animated-lossless.webp", "small.gif", "small.bmp", "palette.png", "orientation.jpg", "adam7.png", "deep.png",
             "deep-rgb.png", "deep-grey.png", "deep-grey-alpha.png", "two-bit.png"]:
    back = ImageOps.exif_transpose(Image.open(name)).convert("RGB")
    if name == "deep-grey.png":  # Pillow makes all values above 255 white; the upper half is meant
        back = Image.fromarray((deep[..., 0] >> 8).astype(np.uint8)).convert("RGB")
    digests[name] = {"h": back.height, "w": back.width, "rgb": hashlib.sha256(back.tobytes()).hexdigest()}
with open("digests.json", "w") as f:
    json.dump(digests, f, indent=1)
    f.write("\n")
