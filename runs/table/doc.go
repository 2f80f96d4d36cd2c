// Package table turns Arrow records into Parquet bytes and back, column by column.
//
// # Rules
//
//   - Writing and reading restores the exact Arrow schema: it is stored, as pyarrow
//     stores it, under ARROW:schema in the file's metadata, and every other tool
//     reads the file by its Parquet types.
//   - Equal rows under an equal schema and equal Options give equal bytes, however
//     the rows are cut into records.
//   - Memory is bounded by a row group when writing, and by what is asked for when
//     reading.
//   - Input that is no Parquet file, or a damaged one, is an error, never a panic.
//
// Types: bool; signed and unsigned integers of 8 to 64 bits; float32 and float64;
// string, binary and their large forms; fixed-size binary; date32; timestamps in
// milliseconds to nanoseconds; null-able or not; and struct, list, large list and
// fixed-size list (of a type of fixed width) over these. Dictionaries in foreign files
// are read as their values.
//
// Objects, keys and what the columns mean are left to others.
package table
