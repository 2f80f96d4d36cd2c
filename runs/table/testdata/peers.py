"""Reads ours.parquet with pyarrow and DuckDB, compares it with ours.arrows, and writes
files for the Go reader: NAME.parquet beside NAME.arrows, which holds what to expect."""

import decimal
import os
import sys

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

folder = sys.argv[1]


def path(name):
    return os.path.join(folder, name)


def stream(name, table):
    table = table.combine_chunks()
    with pa.ipc.new_stream(path(name + ".arrows"), table.schema) as w:
        w.write_table(table)


want = pa.ipc.open_stream(path("ours.arrows")).read_all()
got = pq.read_table(path("ours.parquet"))
assert got.schema.equals(want.schema), (got.schema, want.schema)
assert got.schema.metadata == want.schema.metadata, (got.schema.metadata, want.schema.metadata)
for name in want.column_names:
    assert got[name].equals(want[name]), name
got.validate(full=True)
print("pyarrow", pa.__version__, "restores schema and values of", got.num_rows, "rows")

db = duckdb.connect()
count, labels = db.execute(
    "select count(*), sum(len(labels)) from read_parquet(?)", [path("ours.parquet")]
).fetchone()
assert count == want.num_rows
assert labels == sum(len(v) for v in want["labels"].to_pylist() if v is not None)
rows = db.execute("select image.path, labels, pixels from read_parquet(?)", [path("ours.parquet")]).fetchall()
for row, image, l, p in zip(rows, want["image"].to_pylist(), want["labels"].to_pylist(), want["pixels"].to_pylist()):
    assert row[0] == (image["path"] if image else None), (row, image)
    assert row[1] == l, (row, l)
    assert (list(row[2]) if row[2] is not None else None) == p, (row, p)
print("duckdb", duckdb.__version__, "reads them")

encoded = path("encoded.parquet")
plain = pq.read_table(path("unencoded.parquet"))
layout = pq.ParquetFile(encoded).metadata.row_group(0)
assert "DELTA_BYTE_ARRAY" in layout.column(0).encodings and "RLE_DICTIONARY" in layout.column(1).encodings, layout
assert pq.read_table(encoded).equals(plain)
assert db.execute("select * from read_parquet(?)", [encoded]).to_arrow_table().to_pylist() == plain.to_pylist()
print("pyarrow and duckdb read ids and dictionaries in their encodings")

variants = {
    "plain": dict(use_dictionary=False, data_page_version="2.0", compression="zstd"),
    "dictionary": dict(use_dictionary=True, compression="none", data_page_size=2000),
    "v1": dict(data_page_version="1.0", row_group_size=99, version="2.6"),
    "snappy": dict(compression="snappy"),
    "gzip": dict(compression="gzip", use_byte_stream_split=False),
}
for name, options in variants.items():
    # Not from want: Go's builders put nulls under null structs where pyarrow has none.
    pq.write_table(got, path(name + ".parquet"), **options)
    # pyarrow calls the element of a restored large list "element", whatever it was.
    stream(name, pa.Table.from_arrays(want.columns, schema=got.schema))

# DuckDB stores no Arrow schema.
db.execute(
    "copy (select i::int as i, 'name ' || (i % 7) as s, [i, null, i + 1] as l, {'a': i, 'b': 'x'} as st, "
    "i / 3.0::double as d, (i % 2 = 0) as b, date '2020-01-01' + i::int as day, "
    "timestamptz '2020-01-01 00:00:00+00' as at from range(500) t(i)) to '" + path("duckdb.parquet") + "' (format parquet)"
)
t = pq.read_table(path("duckdb.parquet"))
fields = []
for f in t.schema:
    fields.append(f.with_metadata(None))
t = t.cast(pa.schema(fields)).replace_schema_metadata(None)
stream("duckdb", t)

# Types that are read as their values, or left out.
foreign = pa.table(
    {
        "word": pa.array(["a", "b", None, "a"]).dictionary_encode(),
        "price": pa.array([decimal.Decimal("1.50")] * 4),
        "map": pa.array([[("k", 1)], [], None, []], pa.map_(pa.string(), pa.int64())),
        "n": pa.array([1, 2, 3, 4], pa.int16()),
        "clock": pa.array([1, 2, 3, 4], pa.time64("us")),
    }
)
pq.write_table(foreign, path("foreign.parquet"))
stream("foreign", pa.table({"word": foreign["word"].cast(pa.string()), "n": foreign["n"]}))
