"""Reads exports and store objects with pyarrow, DuckDB and Hugging Face datasets.

Usage: interop.py EXPORT [EXPORT ...] OBJECTS-FOLDER
"""
import glob
import io
import os
import sys

os.environ["HF_HUB_OFFLINE"] = "1"

import datasets
import duckdb
import pyarrow.parquet as pq
from PIL import Image

*exports, objects = sys.argv[1:]


def check(ok, what):
    if not ok:
        sys.exit("interop: " + what)


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
