// Package splitbench measures split/shift on millions of metadata rows, from a
// Parquet file to Parquet files, beside DuckDB and Polars on the same file. It
// holds tests only; peers.py says what the peers compute.
package splitbench
