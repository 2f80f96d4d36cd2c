package npy

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func open(t *testing.T, data []byte) (*os.File, Array, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "x.npy")
	if err := os.WriteFile(path, data, 0o666); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	a, err := Open(f, "")
	return f, a, err
}

// A header is what NumPy itself writes: the files of source/arrays are its own
// (stages/source/testdata/arrays/make.py).
func TestHeaderIsNumPys(t *testing.T) {
	for name, shape := range map[string][]int64{"fog": {6, 2, 3, 3}, "labels": {6}} {
		f, err := os.Open("../source/testdata/arrays/" + name + ".npy")
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		a, err := Open(f, "")
		if err != nil {
			t.Fatal(err)
		}
		head := make([]byte, a.Offset)
		if _, err := f.ReadAt(head, 0); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(a.Shape, shape) || string(Header(a.Type, a.Shape...)) != string(head) {
			t.Errorf("%s: %+v\n got %q\nwant %q", name, a, Header(a.Type, a.Shape...), head)
		}
	}
}

func TestValues(t *testing.T) {
	for _, tt := range []struct{ kind, bytes, want string }{
		{"|i1", "\xff\x01", "[-1 1]"},
		{">u2", "\x01\x00\x00\x02", "[256 2]"},
		{"<i2", "\xfe\xff\x02\x00", "[-2 2]"},
		{">i4", "\xff\xff\xff\xff\x00\x00\x00\x07", "[-1 7]"},
		{"<u8", "\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x80", "value 1 is 9223372036854775808, beyond 2^63"},
		{"<f2", "\x00\x3c\x00\xc0", "[1 -2]"},
		{">f4", "\x3f\x80\x00\x00\x7f\x80\x00\x00", fmt.Sprint([]float32{1, float32(math.Inf(1))})},
	} {
		f, a, err := open(t, append(Header(tt.kind, 2), tt.bytes...))
		if err != nil {
			t.Fatalf("%s: %v", tt.kind, err)
		}
		var got string
		if a.Whole() {
			v, err := a.Integers(f, 0, 2)
			if got = fmt.Sprint(v); err != nil {
				got = err.Error()
			}
		} else {
			v, err := a.Floats(f, 0, 2)
			if got = fmt.Sprint(v); err != nil {
				t.Fatal(err)
			}
		}
		if got != tt.want {
			t.Errorf("%s: %s, want %s", tt.kind, got, tt.want)
		}
	}
}

func TestNotRead(t *testing.T) {
	for _, tt := range []struct{ name, data, want string }{
		{"empty", "", "it is no NumPy array"},
		{"cut in the header", string(Header("<f4", 2))[:30], "its header is cut short"},
		{"cut in the values", string(Header("<f4", 2, 3)) + "12345678", "it ends early: 8 bytes of values, its header tells of 2 x 3 values of 4 bytes"},
		{"more than there can be", string(Header("<f8", 1<<40, 1<<40)), "it ends early: 0 bytes of values, its header tells of 1099511627776 x 1099511627776 values of 8 bytes"},
		{"complex", string(Header("<c8", 0)), `its values are "<c8"; whole numbers and floats are read`},
		{"objects", string(Header("|O", 1)), `its values are "|O"; whole numbers and floats are read`},
	} {
		if _, _, err := open(t, []byte(tt.data)); fmt.Sprint(err) != tt.want {
			t.Errorf("%s:\n got %v\nwant %s", tt.name, err, tt.want)
		}
	}
}
