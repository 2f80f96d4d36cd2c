"""Answers requests on standard input with Pillow, so that tests can compare results in every value.

A request is a line of JSON and the number of bytes that its "n" says; an answer likewise.
"""
import io
import json
import sys
import time

from PIL import Image, ImageEnhance, ImageFile, ImageOps

Image.MAX_IMAGE_PIXELS = None


def image(request, data):
    mode = request.get("mode", "RGB")
    return Image.frombytes(mode, (request["w"], request["h"]), data)


def answer_pixels(im):
    return {"h": im.height, "w": im.width, "c": len(im.getbands())}, im.tobytes()


def decode(request, data):
    im = Image.open(io.BytesIO(data))
    if request.get("scale", 1) > 1:
        s = request["scale"]
        im.draft(None, (max(im.width // s, 1), max(im.height // s, 1)))
    if request.get("orient"):
        im = ImageOps.exif_transpose(im)
    return answer_pixels(im.convert("RGB"))


def encode(request, data):
    im = image(request, data)
    if request.get("to"):
        im = im.convert(request["to"])
    options = request.get("options") or {}
    if request.get("orientation"):
        exif = Image.Exif()
        exif[0x0112] = request["orientation"]
        options["exif"] = exif
    if isinstance(options.get("transparency"), list):
        options["transparency"] = tuple(options["transparency"])
    out = io.BytesIO()
    im.save(out, request["format"], **options)
    return {}, out.getvalue()


def resize(request, data):
    im = image(request, data)
    w, h, f = request["to_w"], request["to_h"], request["filter"]
    # Rows first, whatever the version: from 13.0 on a single call takes the columns first where the height shrinks more.
    return answer_pixels(im.resize((w, im.height), f).resize((w, h), f))


def operate(request, data):
    im, o = image(request, data), request["options"]
    name, by = o["name"], o.get("by")
    fill = tuple(o["fill"]) if "fill" in o else None
    if name in ("autocontrast", "equalize"):
        im = getattr(ImageOps, name)(im)
    elif name in ("posterize", "solarize"):
        im = getattr(ImageOps, name)(im, int(by))
    elif name == "rotate":
        im = im.rotate(by, resample=Image.BILINEAR, fillcolor=fill)
    elif name == "affine":
        im = im.transform(im.size, Image.AFFINE, by, resample=Image.BILINEAR, fillcolor=fill)
    else:
        im = getattr(ImageEnhance, name)(im).enhance(by)
    return answer_pixels(im)


def timed(request, data):
    """Processor seconds of one call, on average over so many."""
    w, h = request.get("to_w"), request.get("to_h")
    if request["mode"] == "resize":
        im = Image.frombytes("RGB", (request["w"], request["h"]), data)
        call = lambda: im.resize((w, h), request["filter"])
    else:
        call = lambda: Image.open(io.BytesIO(data)).convert("RGB")
    call()
    start = time.process_time()
    for _ in range(request["times"]):
        call()
    return {"seconds": (time.process_time() - start) / request["times"]}, b""


OPS = {"timed": timed, "decode": decode, "encode": encode, "resize": resize, "operate": operate}

stdin, stdout = sys.stdin.buffer, sys.stdout.buffer
for line in stdin:
    request = json.loads(line)
    data = stdin.read(request["n"])
    try:
        head, body = OPS[request["op"]](request, data)
    except Exception as e:
        head, body = {"err": f"{type(e).__name__}: {e}"}, b""
    head["n"] = len(body)
    stdout.write(json.dumps(head).encode() + b"\n" + body)
    stdout.flush()
