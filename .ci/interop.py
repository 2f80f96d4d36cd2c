"""Reads exports and store objects with pyarrow, DuckDB and Hugging Face datasets.

Usage: interop.py EXPORT [EXPORT ...] OBJECTS-FOLDER
       interop.py --forms FOLDER     with manifest, wilds, imagefolder, huggingface and webdataset below it
"""
import csv
import glob
import io
import json
import os
import sys
import tarfile

os.environ["HF_HUB_OFFLINE"] = "1"

import datasets
import duckdb
import pyarrow.parquet as pq
from PIL import Image



def check(ok, what):
    if not ok:
        sys.exit("interop: " + what)


def forms(root):
    """The sets of one split in five forms must be the same images with the same classes."""
    manifest = pq.read_table(root + "/manifest/manifest.parquet")
    header = json.loads(manifest.schema.metadata[b"shiftmill.manifest"])
    sets = {s["output"]: s["rows"] for s in header["sets"]}
    counts = dict(duckdb.sql("select output, count(*) from read_parquet('%s/manifest/manifest.parquet') group by output" % root).fetchall())
    check(counts == sets, "manifest: %s in the header, %s in the rows" % (sets, counts))
    lines = duckdb.sql("select count(*) from read_json('%s/manifest/manifest.jsonl', format='newline_delimited', ignore_errors=true) where id is not null" % root)
    check(lines.fetchall()[0][0] == header["rows"], "manifest.jsonl: not %d rows" % header["rows"])
    label = {(r["output"], r["id"]): r["label"] for r in manifest.select(["output", "id", "label"]).to_pylist()}
    classes = sorted(set(label.values()))

    # As wilds.datasets do: a table, a dictionary of splits, images by their path.
    splits = {v: k for k, v in json.load(open(root + "/wilds/splits.json")).items()}
    with open(root + "/wilds/metadata.csv", newline="") as f:
        rows = list(csv.DictReader(f))
    for r in rows:
        output = splits[int(r["split"])].replace("id_test", "iid")
        check(classes[int(r["y"])] == label[output, r["id"]], "wilds: class of %s" % r["id"])
    check(len(rows) == header["rows"], "wilds: %d rows" % len(rows))
    check(Image.open(os.path.join(root, "wilds", rows[0]["filename"])).size[0] > 0, "wilds: no image")

    for output, n in sets.items():
        folder = "%s/imagefolder/%s" % (root, output)
        found = datasets.load_dataset("imagefolder", data_dir=folder, split="train", cache_dir=root + "/cache")
        check(len(found) == n and found[0]["image"].size[0] > 0, "imagefolder: %d images of %s, not %d" % (len(found), output, n))
        check(len(os.listdir(folder)) == len(classes), "imagefolder: not every class in " + output)

    hub = datasets.load_dataset(root + "/huggingface", cache_dir=root + "/cache")
    check(sorted(len(s) for s in hub.values()) == sorted(sets.values()), "huggingface: %s" % hub)
    check(hub["train"][0]["image"].size[0] > 0, "huggingface: no image")

    samples = {}
    for path in sorted(glob.glob(root + "/webdataset/*.tar")):
        for member in (tar := tarfile.open(path)):
            key, extension = member.name.split(".", 1)
            samples.setdefault(key, {})[extension] = tar.extractfile(member).read()
    check(len(samples) == header["rows"], "webdataset: %d samples" % len(samples))
    for s in samples.values():
        meta = json.loads(s["json"])
        check(classes[int(s["cls"])] == meta["label"], "webdataset: class of %s" % meta["id"])
        Image.open(io.BytesIO(s.get("png") or s["jpg"])).load()
    print("%d rows of %d sets: one benchmark as manifest, WILDS, ImageFolder, Hugging Face and WebDataset" % (header["rows"], len(sets)))


if sys.argv[1] == "--forms":
    forms(sys.argv[2])
    sys.exit()

*exports, objects = sys.argv[1:]


for folder in exports:
    files = sorted(glob.glob(folder + "/*.parquet"))
    check(files, "no Parquet in " + folder)
    table = pq.ParquetDataset(files).read()
    ids = table.column("id").to_pylist()
    check(ids == sorted(ids) and len(set(ids)) == len(ids), "ids of %s are not unique and sorted" % folder)
    cell = table.column("image")[0].as_py()
    check(Image.open(io.BytesIO(cell["bytes"])).convert("RGB").size[0] > 0, "pyarrow: no image in " + folder)

    rows, labels = duckdb.sql(
        "select count(*), count(distinct label) from read_parquet('%s/*.parquet')" % folder).fetchall()[0]
    check(rows == len(ids) and labels > 1, "duckdb: %s rows, %s labels in %s" % (rows, labels, folder))

    dataset = datasets.load_dataset("parquet", data_files=files, split="train", cache_dir=folder + "-cache")
    check(isinstance(dataset.features["image"], datasets.Image), "datasets: %r" % dataset.features)
    check(dataset[0]["image"].size[0] > 0 and len(dataset) == len(ids), "datasets: wrong rows in " + folder)
    print("%s: %d rows read by pyarrow, DuckDB and datasets, images shown as images" % (os.path.basename(folder), rows))

tables = 0
for path in sorted(glob.glob(objects + "/*/*")):
    with open(path, "rb") as f:
        if f.read(4) != b"PAR1":
            continue
    table = pq.read_table(path)
    check("id" in table.column_names and table.num_rows > 0, "store object %s has no rows" % path)
    check(duckdb.sql("select count(*) from read_parquet('%s')" % path).fetchall()[0][0] == table.num_rows, path)
    tables += 1
check(tables > 0, "no table among the store's objects")
print("%d single objects of the store read as Parquet" % tables)
