# Makes paths.parquet as Hugging Face datasets writes a dataset whose pictures are files of their own: bytes
# are missing and the path stands alone; in one row group some rows have bytes, and one has neither.
import io

import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image


def png(i):
    b = io.BytesIO()
    Image.new("RGB", (3, 2), (i, 0, 255 - i)).save(b, "PNG")
    return b.getvalue()


image = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
rows = [{"bytes": None, "path": f"/data/f{i}.png"} for i in range(4)]
rows += [{"bytes": png(4), "path": "p4.png"}, {"bytes": None, "path": "/data/f5.png"}, {"bytes": None, "path": None}, {"bytes": png(7), "path": "p7.png"}]
table = pa.table({"id": [f"r{i}" for i in range(8)], "image": pa.array(rows, image), "label": ["cat", "dog"] * 4})
pq.write_table(table, "paths.parquet", row_group_size=4)
