package stagetest

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash"
	"math"
	"sort"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
)

// Digest is a digest over everything a stage put out: rows by value in the
// order of ids, columns by name, field metadata, files, skipped rows. Order of
// writing and cuts into records do not change it.
func (s *Sink) Digest() (string, error) {
	h := sha256.New()
	outputs := map[string]bool{}
	for o := range s.records {
		outputs[o] = true
	}
	for o := range s.files {
		outputs[o] = true
	}
	for _, o := range sorted(outputs) {
		text(h, o)
		t, err := s.Rows(o)
		if err != nil {
			return "", err
		}
		if t != nil {
			if err := hashRows(h, t.rows); err != nil {
				return "", err
			}
		}
		files := s.files[o]
		for _, name := range sorted(files) {
			text(h, name)
			text(h, string(files[name]))
		}
	}
	for _, id := range sorted(s.Skipped) {
		text(h, id)
		text(h, s.Skipped[id])
	}
	return hex.EncodeToString(h.Sum(nil)[:16]), nil
}

func sorted[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}

func number(h hash.Hash, n uint64) {
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], n)
	h.Write(b[:])
}

func text(h hash.Hash, s string) {
	number(h, uint64(len(s)))
	h.Write([]byte(s))
}

func hashRows(h hash.Hash, rec arrow.Record) error {
	byName := map[string]int{}
	for i, f := range rec.Schema().Fields() {
		byName[f.Name] = i
	}
	for _, name := range sorted(byName) {
		f := rec.Schema().Field(byName[name])
		text(h, name)
		text(h, f.Type.String())
		meta := f.Metadata
		at := map[string]int{}
		for i, k := range meta.Keys() {
			at[k] = i
		}
		for _, k := range sorted(at) {
			text(h, k)
			text(h, meta.Values()[at[k]])
		}
		for i := range int(rec.NumRows()) {
			if err := hashValue(h, rec.Column(byName[name]), i); err != nil {
				return fmt.Errorf("column %q: %w", name, err)
			}
		}
	}
	return nil
}

// hashValue writes one value: a tag for null, else its content at fixed width
// or with its length, one bit pattern for all NaNs.
func hashValue(h hash.Hash, a arrow.Array, i int) error {
	if a.IsNull(i) {
		h.Write([]byte{0})
		return nil
	}
	h.Write([]byte{1})
	switch a := a.(type) {
	case *array.String:
		text(h, a.Value(i))
	case *array.Binary:
		text(h, string(a.Value(i)))
	case *array.Boolean:
		if a.Value(i) {
			number(h, 1)
		} else {
			number(h, 0)
		}
	case *array.Int8:
		number(h, uint64(a.Value(i)))
	case *array.Uint8:
		number(h, uint64(a.Value(i)))
	case *array.Int16:
		number(h, uint64(a.Value(i)))
	case *array.Int32:
		number(h, uint64(a.Value(i)))
	case *array.Int64:
		number(h, uint64(a.Value(i)))
	case *array.Uint32:
		number(h, uint64(a.Value(i)))
	case *array.Uint64:
		number(h, a.Value(i))
	case *array.Float32:
		v := a.Value(i)
		if v != v {
			number(h, 0x7fc00000)
		} else {
			number(h, uint64(math.Float32bits(v)))
		}
	case *array.Float64:
		v := a.Value(i)
		if v != v {
			number(h, 0x7ff8000000000000)
		} else {
			number(h, math.Float64bits(v))
		}
	case *array.Timestamp:
		number(h, uint64(a.Value(i)))
	case array.ListLike:
		lo, hi := a.ValueOffsets(i)
		number(h, uint64(hi-lo))
		for j := lo; j < hi; j++ {
			if err := hashValue(h, a.ListValues(), int(j)); err != nil {
				return err
			}
		}
	case *array.Struct:
		for f := range a.NumField() {
			if err := hashValue(h, a.Field(f), i); err != nil {
				return err
			}
		}
	default:
		return fmt.Errorf("no digest of %s", a.DataType())
	}
	return nil
}
