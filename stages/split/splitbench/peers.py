"""The nearest equivalent of the split in DuckDB and in Polars: the same cells,
hash order, quotas for each class, groups of train kept out of the tests; every
row with its output or a reason, written to Parquet. Neither promises what the
split does (growth, refusals); the work is about the same.

    python peers.py TABLE ROWS
"""
import os
import resource
import subprocess
import sys
import tempfile
import time


def sizes(n):
    return {"train": n // 50, "val": n // 1000, "iid": n // 1000, "ood": n // 1000}


def duck(table, n, out):
    import duckdb

    q = sizes(n)
    con = duckdb.connect()
    con.execute("SET threads=2")
    con.execute("SET preserve_insertion_order=false")
    con.execute(f"""
    CREATE TEMP TABLE celled AS
    SELECT id, label, business_id, hash('split', business_id) AS u, hash('row', id) AS v,
      CASE
        WHEN country IN ('US','MX','CA') AND year=2019 AND camera='new' THEN 'base'
        WHEN country IN ('US','MX','CA') AND year=2017 AND camera='new' THEN 'year=2017'
        WHEN country IN ('US','MX','CA') AND year=2018 AND camera='new' THEN 'year=2018'
        WHEN country='FR' AND year=2019 AND camera='new' THEN 'country=FR'
        WHEN country IN ('US','MX','CA') AND year=2019 AND camera='old' THEN 'camera=old'
      END AS cell
    FROM read_parquet('{table}')
    """)
    con.execute(f"""
    CREATE TEMP TABLE base AS
    SELECT id, label, u, business_id,
      row_number() OVER (PARTITION BY label ORDER BY u, v) AS up,
      count(*) OVER (PARTITION BY label) AS have
    FROM celled WHERE cell='base'
    """)
    total = con.execute("SELECT count(*) FROM base").fetchone()[0]
    con.execute(f"CREATE TEMP TABLE train AS SELECT id, business_id, u FROM base WHERE up <= {q['train']} * have // {total}")
    con.execute("CREATE TEMP TABLE groups AS SELECT DISTINCT business_id FROM train")
    con.execute(f"""
    CREATE TEMP TABLE tests AS
    SELECT id, CASE WHEN side THEN 'val' ELSE 'iid' END AS output FROM (
      SELECT id, side, have, row_number() OVER (PARTITION BY label, side ORDER BY u DESC) AS down FROM (
        SELECT *, hash('side', business_id) < 9223372036854775808 AS side FROM base
        WHERE u > (SELECT max(u) FROM train))) WHERE down <= {q['iid']} * have // {total}
    """)
    con.execute(f"""
    CREATE TEMP TABLE shifted AS
    SELECT id, cell AS output FROM (
      SELECT id, cell, row_number() OVER (PARTITION BY cell, label ORDER BY u DESC, v DESC) AS down,
        count(*) OVER (PARTITION BY cell, label) AS have, count(*) OVER (PARTITION BY cell) AS total
      FROM celled ANTI JOIN groups USING (business_id) WHERE cell IS NOT NULL AND cell <> 'base')
    WHERE down <= {q['ood']} * have // total
    """)
    con.execute(f"""
    COPY (
      SELECT c.id, coalesce(t.output, CASE WHEN c.cell IS NULL THEN 'no cell' WHEN g.business_id IS NOT NULL THEN 'group in train' ELSE 'spare' END) AS output
      FROM celled c
      LEFT JOIN (SELECT id, 'train' AS output FROM train UNION ALL SELECT * FROM tests UNION ALL SELECT * FROM shifted) t USING (id)
      LEFT JOIN groups g USING (business_id)
    ) TO '{out}' (FORMAT parquet, COMPRESSION zstd)
    """)


def polars(table, n, out):
    os.environ["POLARS_MAX_THREADS"] = "2"
    import polars as pl

    q = sizes(n)
    c = pl.col
    home = c("country").is_in(["US", "MX", "CA"])
    new = c("camera") == "new"
    cell = (
        pl.when(home & (c("year") == 2019) & new).then(pl.lit("base"))
        .when(home & (c("year") == 2017) & new).then(pl.lit("year=2017"))
        .when(home & (c("year") == 2018) & new).then(pl.lit("year=2018"))
        .when((c("country") == "FR") & (c("year") == 2019) & new).then(pl.lit("country=FR"))
        .when(home & (c("year") == 2019) & (c("camera") == "old")).then(pl.lit("camera=old"))
    )
    rows = pl.read_parquet(table).with_columns(
        cell.alias("cell"), c("business_id").hash(1).alias("u"), c("id").hash(2).alias("v"), (c("business_id").hash(3) % 2 == 0).alias("side")
    ).drop("country", "year", "camera")
    base = rows.filter(c("cell") == "base").sort("u", "v")
    total = base.height
    base = base.with_columns(pl.int_range(pl.len()).over("label").alias("up"), pl.len().over("label").cast(pl.Int64).alias("have"))
    train = base.filter(c("up") < q["train"] * c("have") // total)
    groups = train.select("business_id").unique().with_columns(pl.lit(True).alias("taken"))
    rest = base.filter(c("u") > train["u"].max()).sort("u", descending=True)
    tests = rest.with_columns(pl.int_range(pl.len()).over("label", "side").alias("down")).filter(c("down") < q["iid"] * c("have") // total)
    rows = rows.join(groups, on="business_id", how="left")
    free = rows.filter(c("cell").is_not_null() & (c("cell") != "base") & c("taken").is_null()).sort("u", "v", descending=True)
    shifted = free.with_columns(
        pl.int_range(pl.len()).over("cell", "label").alias("down"),
        pl.len().over("cell", "label").cast(pl.Int64).alias("have"),
        pl.len().over("cell").cast(pl.Int64).alias("total"),
    ).filter(c("down") < q["ood"] * c("have") // c("total"))
    chosen = pl.concat([
        train.select("id", pl.lit("train").alias("output")),
        tests.select("id", pl.when("side").then(pl.lit("val")).otherwise(pl.lit("iid")).alias("output")),
        shifted.select("id", c("cell").alias("output")),
    ])
    rows.join(chosen, on="id", how="left").select(
        "id",
        pl.coalesce("output", pl.when(c("cell").is_null()).then(pl.lit("no cell")).when(c("taken")).then(pl.lit("group in train")).otherwise(pl.lit("spare"))).alias("output"),
    ).write_parquet(out, compression="zstd")


if __name__ == "__main__":
    if len(sys.argv) == 3:
        for name in ("duck", "polars"):  # each in a process of its own, for its memory
            subprocess.run([sys.executable, __file__, *sys.argv[1:], name], check=True)
        sys.exit()
    table, n, name = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    with tempfile.TemporaryDirectory() as d:
        start = time.time()
        {"duck": duck, "polars": polars}[name](table, n, os.path.join(d, "out.parquet"))
        wall = time.time() - start
    use = resource.getrusage(resource.RUSAGE_SELF)
    print(f"{name}: {wall:.2f} s, {use.ru_utime + use.ru_stime:.1f} CPU-s, peak memory {use.ru_maxrss // 1024} MB", flush=True)
