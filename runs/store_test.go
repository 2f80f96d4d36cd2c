package runs_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"

	"shiftmill/runs"
)

func open(t testing.TB, dir string, o runs.Options) *runs.Store {
	t.Helper()
	s, err := runs.Open(dir, o)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return s
}

func key(i int) runs.Digest {
	return runs.Sum([]byte("key"), binary.BigEndian.AppendUint64(nil, uint64(i)))
}

// content returns size bytes that depend on seed alone.
func content(seed, size int) []byte {
	b := make([]byte, size)
	rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8), byte(seed >> 16)}).Read(b)
	return b
}

func put(t testing.TB, s *runs.Store, data []byte) runs.Digest {
	t.Helper()
	d, n, err := s.Put(t.Context(), func(w io.Writer) error {
		// Two uneven writes, as encoders make them.
		if _, err := w.Write(data[:len(data)/3]); err != nil {
			return err
		}
		_, err := w.Write(data[len(data)/3:])
		return err
	})
	if err != nil {
		t.Fatalf("Put: %v", err)
	}
	if n != int64(len(data)) || d != runs.Sum(data) {
		t.Fatalf("Put returned %s, %d; want %s, %d", d, n, runs.Sum(data), len(data))
	}
	return d
}

func TestPutGet(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, runs.Options{})
	sizes := []int{0, 1, 1000, 64<<10 - 1, 64 << 10, 300 << 10, 1 << 20}
	var ids []runs.Digest
	for i, n := range sizes {
		data := content(i, n)
		for range 2 { // the second time the object is there
			d := put(t, s, data)
			got, err := s.Get(d)
			if err != nil || !bytes.Equal(got, data) {
				t.Fatalf("Get of %d bytes: %d bytes, %v", n, len(got), err)
			}
		}
		ids = append(ids, runs.Sum(data))
	}
	if err := s.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	other := open(t, dir, runs.Options{ReadOnly: true})
	for i, d := range ids {
		got, err := other.Get(d)
		if err != nil || !bytes.Equal(got, content(i, sizes[i])) {
			t.Errorf("another process: Get of %d bytes: %d bytes, %v", sizes[i], len(got), err)
		}
		if n, ok := other.Size(d); !ok || n != int64(sizes[i]) {
			t.Errorf("another process: Size = %d, %v; want %d", n, ok, sizes[i])
		}
	}
	_, err := s.Get(key(1))
	want := fmt.Sprintf("object %s is absent: the store does not hold it", key(1))
	if !errors.Is(err, runs.ErrAbsent) || err.Error() != want {
		t.Errorf("Get of an unknown object:\n got %v\nwant %s", err, want)
	}
	if s.Has(key(1)) {
		t.Error("Has an unknown object")
	}
}

func TestPutFailsWithItsWriter(t *testing.T) {
	s := open(t, t.TempDir(), runs.Options{})
	boom := errors.New("boom")
	for _, n := range []int{10, 1 << 20} {
		_, _, err := s.Put(t.Context(), func(w io.Writer) error {
			if _, err := w.Write(content(n, n)); err != nil {
				return err
			}
			return boom
		})
		if !errors.Is(err, boom) {
			t.Errorf("Put: %v, want boom", err)
		}
		if s.Has(runs.Sum(content(n, n))) {
			t.Error("the object is there all the same")
		}
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(boom)
	if _, err := s.PutBytes(ctx, []byte("x")); !errors.Is(err, boom) {
		t.Errorf("Put with an ended context: %v, want its cause", err)
	}
}

func TestRecords(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, runs.Options{})
	want := map[int]string{}
	for round := range 2 {
		for i := range 200 {
			if round == 1 && i%2 == 0 {
				continue
			}
			want[i] = fmt.Sprintf(`{"n":%d,"round":%d}`, i, round)
			r := runs.Record{Key: key(i), Kind: "step", Objects: []runs.Digest{key(i + 1)}, Keys: []runs.Digest{key(i + 2), key(i + 3)}, Data: []byte(want[i])}
			if err := s.Append(r); err != nil {
				t.Fatal(err)
			}
			if got, ok := s.Lookup(key(i)); !ok || fmt.Sprint(got) != fmt.Sprint(r) {
				t.Fatalf("Lookup after Append:\n got %v\nwant %v", got, r)
			}
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for _, readOnly := range []bool{true, false} {
		s := open(t, dir, runs.Options{ReadOnly: readOnly})
		for i, data := range want {
			r, ok := s.Lookup(key(i))
			if !ok || string(r.Data) != data || len(r.Objects) != 1 || len(r.Keys) != 2 || r.Keys[1] != key(i+3) || r.Kind != "step" {
				t.Errorf("Lookup %d = %v, %v; want data %s", i, r, ok, data)
			}
		}
		if len(s.Found()) != 0 {
			t.Errorf("Found %q in a store in order", s.Found())
		}
		if all, err := s.Records("step"); err != nil || len(all) != 200 || string(all[0].Data) != want[199] {
			t.Errorf("Records: %d, %v", len(all), err)
		}
	}
}

func TestRefreshSeesOthers(t *testing.T) {
	dir := t.TempDir()
	a, b := open(t, dir, runs.Options{}), open(t, dir, runs.Options{})
	for i := range 300 {
		d := put(t, a, content(i, 100+i*400))
		if err := a.Append(runs.Record{Key: key(i), Kind: "step", Objects: []runs.Digest{d}}); err != nil {
			t.Fatal(err)
		}
		if i%50 != 49 {
			continue
		}
		if err := a.Commit(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := b.Refresh(); err != nil {
			t.Fatal(err)
		}
		for j := range i + 1 {
			r, ok := b.Lookup(key(j))
			if !ok || !b.Has(r.Objects[0]) {
				t.Fatalf("after %d records the other process lacks %d", i+1, j)
			}
		}
	}
}

func TestRunDocuments(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, runs.Options{})
	for i := range 3 {
		for _, state := range []string{"begun", "done"} {
			if err := s.SaveRun(fmt.Sprint("run-", i), fmt.Appendf(nil, `{"n":%d,"state":%q}`, i, state)); err != nil {
				t.Fatal(err)
			}
		}
	}
	list, err := s.Runs()
	if err != nil || len(list) != 3 || list[0].ID != "run-2" || list[2].ID != "run-0" {
		t.Errorf("Runs = %v, %v", list, err)
	}
	doc, err := s.LoadRun("run-1")
	if err != nil || string(doc) != `{"n":1,"state":"done"}` {
		t.Errorf("LoadRun = %s, %v", doc, err)
	}
	if _, err := s.LoadRun("run-9"); !errors.Is(err, runs.ErrAbsent) {
		t.Errorf("LoadRun of an unknown run: %v", err)
	}
}
