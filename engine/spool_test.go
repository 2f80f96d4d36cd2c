package engine

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"

	"shiftmill/runs"
)

// spooled gives the ids and rows that come out of a spool which was handed some in batches,
// and spilled before every batch that spill names.
func spooled(t *testing.T, store *runs.Store, ids []int, batch int, spill func(i int) bool) (out []string, recs []arrow.Record, err error) {
	t.Helper()
	s := &spool{store: store, schema: mixedSchema}
	defer func() {
		if err := s.close(); err != nil {
			t.Error(err)
		}
	}()
	for i := 0; i*batch < len(ids); i++ {
		if i > 0 && spill(i) {
			if err := s.spill(); err != nil {
				return nil, nil, err
			}
		}
		s.add(mixedRecord(ids[i*batch : min(len(ids), (i+1)*batch)]))
	}
	err = s.each(t.Context(), func(rec arrow.Record, ids []string) error {
		if int(rec.NumRows()) != len(ids) {
			t.Errorf("%d rows with %d ids", rec.NumRows(), len(ids))
		}
		out, recs = append(out, ids...), append(recs, rec)
		return nil
	})
	return out, recs, err
}

// TestSpool wants rows in ascending id and with their values, whatever the order in which
// they came and wherever they lay.
func TestSpool(t *testing.T) {
	store, err := runs.Open(t.TempDir(), runs.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	const n = 20_000
	orders := map[string][]int{"random": rand.New(rand.NewPCG(1, 2)).Perm(n), "ascending": make([]int, n), "descending": make([]int, n), "interleaved": make([]int, n)}
	for i := range n {
		orders["ascending"][i], orders["descending"][i] = i, n-1-i
		orders["interleaved"][i] = i/2 + i%2*(n/2)
	}
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	want := mixedRecord(all)
	for name, ids := range orders {
		for how, spill := range map[string]func(int) bool{
			"in memory": func(int) bool { return false }, "one run": func(i int) bool { return i == 3 }, "many runs": func(int) bool { return true },
		} {
			t.Run(name+" "+how, func(t *testing.T) {
				out, recs, err := spooled(t, store, ids, 500, spill)
				if err != nil {
					t.Fatal(err)
				}
				if len(out) != n || !slices.IsSorted(out) {
					t.Fatalf("%d ids, ascending %v", len(out), slices.IsSorted(out))
				}
				at := int64(0)
				for _, rec := range recs {
					if !array.RecordEqual(rec, want.NewSlice(at, at+rec.NumRows())) {
						t.Fatalf("rows %d to %d differ", at, at+rec.NumRows())
					}
					at += rec.NumRows()
				}
			})
		}
	}
	left, err := filepath.Glob(filepath.Join(store.Dir(), "tmp", "*", "*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left in the store: %v, %v", left, err)
	}
}

func TestSpoolRefusesAnIDTwice(t *testing.T) {
	store, err := runs.Open(t.TempDir(), runs.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	ids := rand.New(rand.NewPCG(3, 4)).Perm(3000)
	for _, again := range []int{0, 1234, 2999} {
		for _, spill := range []bool{false, true} {
			_, _, err := spooled(t, store, append(slices.Clone(ids), again), 100, func(int) bool { return spill })
			if want := fmt.Sprintf("id \"row-%07d\" stands twice; ids must be unique", again); err == nil || err.Error() != want {
				t.Errorf("spilled %v: got %v, want %s", spill, err, want)
			}
		}
	}
}

// TestDamagedScratch flips a bit of the scratch file between writing and reading.
func TestDamagedScratch(t *testing.T) {
	store, err := runs.Open(t.TempDir(), runs.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	s := &spool{store: store, schema: mixedSchema}
	s.add(mixedRecord([]int{3, 1, 2}))
	if err := s.spill(); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(store.Dir(), "tmp", "*", "*"))
	if err != nil || len(files) != 1 {
		t.Fatalf("scratch files: %v, %v", files, err)
	}
	data, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	data[len(data)/2] ^= 4
	if err := os.WriteFile(files[0], data, 0o666); err != nil {
		t.Fatal(err)
	}
	err = s.each(t.Context(), func(arrow.Record, []string) error { return errors.New("rows came out") })
	if err == nil || err.Error() == "rows came out" {
		t.Errorf("each: %v", err)
	}
	if err := s.close(); err != nil {
		t.Error(err)
	}
}
