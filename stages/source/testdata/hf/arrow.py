"""Writes tables with pictures in Arrow files and streams and in plain columns of bytes. The red of a picture is its row.

Run it in this folder with a Python that has pyarrow, Pillow and NumPy.
"""
import io
import json

import numpy as np
import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq
from PIL import Image


def png(i):
    b = io.BytesIO()
    Image.fromarray(np.full((2, 2, 3), i, np.uint8)).save(b, "PNG")
    return b.getvalue()


n = 7
pictures = [png(i) for i in range(n)]
pictures[3] = None
# Columns of many layouts come before the pictures, whose buffers are counted.
table = pa.table({
    "id": [f"r{i}" for i in range(n)],
    "tags": [["a", "b"][: i % 3] for i in range(n)],
    "nothing": pa.nulls(n),
    "box": pa.array([[1.0, 2.0]] * n, pa.list_(pa.float32(), 2)),
    "kind": pa.array(["x", "y"] * 3 + ["x"]).dictionary_encode(),
    "photo": pa.array([p and {"bytes": p, "path": f"p{i}.png"} for i, p in enumerate(pictures)], pa.struct([("bytes", pa.binary()), ("path", pa.string())])),
    "ok": [True] * n,
    "raw": pa.array(pictures, pa.binary()),
    "large": pa.array(pictures, pa.large_binary()),
    "animal": [i % 3 - 1 for i in range(n)],
})
description = {"info": {"features": {"animal": {"names": ["cat", "dog"], "_type": "ClassLabel"}}}}
table = table.replace_schema_metadata({"huggingface": json.dumps(description)})
with pa.OSFile("t.arrow", "wb") as f, pa.ipc.new_file(f, table.schema) as w:
    w.write_table(table, max_chunksize=3)
with pa.OSFile("s.arrow", "wb") as f, pa.ipc.new_stream(f, table.schema) as w:
    w.write_table(table, max_chunksize=3)
feather.write_feather(table.select(["id", "photo"]), "packed.arrow", compression="lz4")
pq.write_table(table.select(["id", "raw"]), "raw.parquet", row_group_size=3, store_schema=False)
