"""Tables as pyarrow, DuckDB and Polars write them, and what pyarrow reads in them (want-*.txt, a line for each row).

python make.py, with pyarrow, duckdb and polars; run in this folder.
"""

import datetime as dt
import decimal
import json
import pathlib
import tempfile

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq

D = decimal.Decimal
T = dt.datetime(2019, 3, 1, 23, 30, 15, 123456)
EARLY = dt.datetime(1965, 7, 9, 1, 2, 3, 987654)

columns = {
    "id": pa.array(["a", "b", "c"]),
    "dictionary": pa.array(["x", None, "é"]).dictionary_encode(),
    "large": pa.array(["", None, "z"], pa.large_string()),
    "u8": pa.array([255, None, 0], pa.uint8()),
    "u32": pa.array([2**32 - 1, None, 2**31], pa.uint32()),
    "i8": pa.array([-128, None, 127], pa.int8()),
    "f32": pa.array([0.1, None, -2.5], pa.float32()),
    "whole": pa.array([D("19"), None, D("-7")], pa.decimal128(9, 0)),
    "price": pa.array([D("1.10"), None, D("-0.01")], pa.decimal128(9, 2)),
    "price18": pa.array([D("12345.678"), None, D("-0.001")], pa.decimal128(18, 3)),
    "price38": pa.array([D("123456.78"), None, D("-5.10")], pa.decimal128(38, 2)),
    "s": pa.array([T.replace(microsecond=0), None, EARLY.replace(microsecond=0)], pa.timestamp("s")),
    "ms": pa.array([T.replace(microsecond=123000), None, EARLY.replace(microsecond=987000)], pa.timestamp("ms")),
    "us": pa.array([T, None, EARLY], pa.timestamp("us")),
    "ns": pa.array([T, None, EARLY], pa.timestamp("ns")),
    "utc": pa.array([T, None, EARLY], pa.timestamp("us", "Europe/Berlin")),
    "day": pa.array([T.date(), None, EARLY.date()], pa.date32()),
    "flag": pa.array([True, None, False]),
    "nothing": pa.nulls(3),
    "a b": pa.array([1, 2, 3]),
    "a.b": pa.array([4, 5, 6]),
    "größe": pa.array([7, 8, 9]),
    "u64": pa.array([1, None, 2**64 - 1], pa.uint64()),
    "list": pa.array([["x"], None, []]),
    "bytes": pa.array([b"\xff\xd8", None, b"\x00"]),
}
SKIPPED = {"u64", "list", "bytes"}


def text(v, column):
    if v is None:
        return column + " null"
    if isinstance(v, bool):
        v = str(v).lower()
    elif isinstance(v, D):
        v = int(v) if v == v.to_integral_value() else float(v)
    elif isinstance(v, dt.datetime):
        v = v.astimezone(dt.timezone.utc).replace(tzinfo=None) if v.tzinfo else v
        v = v.strftime("%Y-%m-%d %H:%M:%S") + (f".{v.microsecond:06}".rstrip("0") if v.microsecond else "") + "Z"
    elif isinstance(v, dt.date):
        v = v.strftime("%Y-%m-%d 00:00:00Z")
    return f"{column}={v}"


def want(name, table):
    for i, f in enumerate(table.schema):
        if pa.types.is_timestamp(f.type) and f.type.unit == "ns":
            table = table.set_column(i, f.name, table.column(i).cast(pa.timestamp("us", f.type.tz)))
    lines = []
    for row in table.to_pylist():
        lines.append("|".join([row.pop("id")] + [text(v, c) for c, v in row.items() if c not in SKIPPED]))
    pathlib.Path(f"want-{name}.txt").write_text("\n".join(lines) + "\n")


table = pa.table(columns)
want("pyarrow", table)
pq.write_table(table, "pyarrow.parquet")
pq.write_table(table, "old.parquet", version="1.0", compression="gzip", row_group_size=2, use_dictionary=False)
feather.write_feather(table, "pyarrow.arrow", compression="zstd")
pq.write_table(table.select(["id", "ns"]), "int96.parquet", use_deprecated_int96_timestamps=True)
want("int96", table.select(["id", "ns"]))

with tempfile.TemporaryDirectory() as tmp:
    pq.write_table(table.drop_columns(["nothing", "u64", "list", "bytes", "dictionary"]), tmp + "/t.parquet")
    duckdb.execute("set timezone = 'UTC'")
    duckdb.execute(f"create table t as select *, '00000000-0000-4000-8000-00000000000a'::uuid as uuid from '{tmp}/t.parquet'")
duckdb.execute("copy t to 'duckdb.parquet' (format parquet)")
made = pq.read_table("duckdb.parquet")
at = made.schema.get_field_index("uuid")  # of which pyarrow makes bytes
want("duckdb", made.set_column(at, "uuid", pa.array(["00000000-0000-4000-8000-00000000000a"] * 3)))

frame = pl.from_arrow(table.drop_columns(["u64", "list", "bytes"])).with_columns(pl.col("large").cast(pl.Categorical))
frame.write_parquet("polars.parquet", statistics=False)
want("polars", pq.read_table("polars.parquet"))

# A column without a value in one of two tables, which therefore does not know its type.
pq.write_table(pa.table({"id": ["a"], "year": pa.nulls(1), "lux": pa.array([1.5])}), "part-1.parquet")
pq.write_table(pa.table({"id": ["b"], "year": pa.array([2019]), "lux": pa.nulls(1)}), "part-2.parquet")

# Pictures, of which one is missing, without the counts that would say so.
gif = bytes.fromhex("47494638376101000100800000ffffff0000002c00000000010001000002024401003b")
pq.write_table(pa.table({"id": ["a", "b"], "image": pa.array([gif, None])}), "uncounted.parquet", write_statistics=False)
# Text that is none in its 1,500th row, in a column that is not said to be text.
pq.write_table(pa.table({"id": [f"{i:04}" for i in range(1500)], "x": pa.array([b"x"] * 1499 + [b"\xff"])}), "late.parquet", row_group_size=1400)

# Lists of labels: several, none, missing; strings, and numbers of classes as Hugging Face datasets describes them.
tags = [["a", "b"], [], None, ["é"], ["b", "c", "a"]] * 60
ids = [f"{i:03}" for i in range(300)]
lists = pa.table({"id": ids, "tags": pa.array(tags, pa.list_(pa.string()))})
pq.write_table(lists, "lists.parquet", row_group_size=70, data_page_size=64)
pq.write_table(lists, "lists-v1.parquet", version="1.0", use_compliant_nested_type=False, use_dictionary=False)
pl.from_arrow(lists).write_parquet("lists-polars.parquet")
duckdb.execute("copy lists to 'lists-duckdb.parquet' (format parquet)")
feather.write_feather(lists, "lists.arrow", compression="uncompressed")
numbers = {"a": 0, "b": 1, "c": 2, "é": 3}
coded = pa.table({"id": ids, "tags": pa.array([None if t is None else [numbers[x] for x in t] for t in tags], pa.list_(pa.int64()))})
info = '{"info": {"features": {"id": {"dtype": "string", "_type": "Value"}, "tags": {"feature": {"names": ["a", "b", "c", "é"], "_type": "ClassLabel"}, "_type": "Sequence"}}}}'
pq.write_table(coded.replace_schema_metadata({"huggingface": info}), "lists-hf.parquet")
pathlib.Path("lists.jsonl").write_text("".join(json.dumps(r) + "\n" for r in lists.to_pylist()))
made = pq.read_table("lists.parquet").to_pylist()
pathlib.Path("want-lists.txt").write_text("".join(
    row["id"] + "|" + ("labels null" if row["tags"] is None else "labels=" + json.dumps(row["tags"], ensure_ascii=False, separators=(",", ":"))) + "\n" for row in made))
