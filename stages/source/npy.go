package source

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// An npy is the header of a NumPy array that lies in a file uncompressed.
type npy struct {
	descr  string
	shape  []int64
	offset int64 // of the first value, in the file
}

var (
	npyDescr   = regexp.MustCompile(`'descr':\s*'([^']*)'`)
	npyFortran = regexp.MustCompile(`'fortran_order':\s*(True|False)`)
	npyShape   = regexp.MustCompile(`'shape':\s*\(([^)]*)\)`)
)

// readNPY finds an array: a .npy file, or a member of a .npz file, written FILE.npz/MEMBER, which must be
// stored without compression.
func readNPY(f *os.File, member string) (npy, error) {
	at, size := int64(0), int64(-1)
	if info, err := f.Stat(); err != nil {
		return npy{}, err
	} else {
		size = info.Size()
	}
	if member != "" {
		z, err := zip.NewReader(f, size)
		if err != nil {
			return npy{}, fmt.Errorf("it is no .npz file: %w", err)
		}
		i := slices.IndexFunc(z.File, func(m *zip.File) bool { return strings.TrimSuffix(m.Name, ".npy") == member })
		if i < 0 {
			var names []string
			for _, m := range z.File {
				names = append(names, strings.TrimSuffix(m.Name, ".npy"))
			}
			return npy{}, fmt.Errorf("it holds no array %q; it has %s", member, strings.Join(names, ", "))
		}
		if z.File[i].Method != zip.Store {
			return npy{}, fmt.Errorf("the array %q is compressed, so that no picture can be read in place: save it with numpy.savez, or as .npy", member)
		}
		if at, err = z.File[i].DataOffset(); err != nil {
			return npy{}, err
		}
		size = at + int64(z.File[i].UncompressedSize64)
	}
	a, err := parseNPY(io.NewSectionReader(f, at, size-at))
	if err != nil {
		return a, err
	}
	a.offset += at
	bytes := a.width()
	for _, n := range a.shape {
		bytes *= n
	}
	if a.offset+bytes > size {
		return a, fmt.Errorf("it ends early: %d bytes of values, its header tells of %d", size-a.offset, bytes)
	}
	return a, nil
}

// parseNPY reads a header as NumPy's format description has it, versions 1 to 3.
func parseNPY(r io.Reader) (npy, error) {
	none := errors.New("it is no NumPy array")
	head := make([]byte, 10)
	if _, err := io.ReadFull(r, head); err != nil || !bytes.HasPrefix(head, []byte("\x93NUMPY")) {
		return npy{}, none
	}
	size, start := int64(binary.LittleEndian.Uint16(head[8:])), int64(10)
	if head[6] > 1 {
		rest := make([]byte, 2)
		if _, err := io.ReadFull(r, rest); err != nil {
			return npy{}, none
		}
		size, start = int64(binary.LittleEndian.Uint32(append(head[8:10:10], rest...))), 12
	}
	if size > 1<<16 {
		return npy{}, none
	}
	text := make([]byte, size)
	if _, err := io.ReadFull(r, text); err != nil {
		return npy{}, none
	}
	descr, fortran, shape := npyDescr.FindSubmatch(text), npyFortran.FindSubmatch(text), npyShape.FindSubmatch(text)
	if descr == nil || fortran == nil || shape == nil {
		return npy{}, fmt.Errorf("its header is not that of a plain array: %s", clipText(string(text)))
	}
	a := npy{descr: string(descr[1]), offset: start + size}
	for _, n := range strings.Split(string(shape[1]), ",") {
		if n = strings.TrimSpace(n); n == "" {
			continue
		}
		v, err := strconv.ParseInt(strings.TrimSuffix(n, "L"), 10, 64)
		if err != nil || v < 0 || v > 1<<40 {
			return npy{}, none
		}
		a.shape = append(a.shape, v)
	}
	if string(fortran[1]) == "True" && len(a.shape) > 1 {
		return npy{}, errors.New("it is in Fortran order: save numpy.ascontiguousarray of it")
	}
	if a.width() == 0 {
		return npy{}, fmt.Errorf("its values are %q; bytes or whole numbers are expected", a.descr)
	}
	return a, nil
}

func clipText(s string) string {
	if len(s) > 80 {
		return s[:80] + "..."
	}
	return s
}

// width is the size of a value in bytes; 0 for anything but whole numbers.
func (a npy) width() int64 {
	if len(a.descr) != 3 || !strings.ContainsRune("<>|=", rune(a.descr[0])) || a.descr[1] != 'i' && a.descr[1] != 'u' || !strings.ContainsRune("1248", rune(a.descr[2])) {
		return 0
	}
	return int64(a.descr[2] - '0')
}

// whole reads values from..to of an array of whole numbers.
func (a npy) whole(f io.ReaderAt, from, to int64) ([]int64, error) {
	w := a.width()
	data := make([]byte, (to-from)*w)
	if _, err := f.ReadAt(data, a.offset+from*w); err != nil {
		return nil, err
	}
	var order binary.ByteOrder = binary.LittleEndian
	if a.descr[0] == '>' {
		order = binary.BigEndian
	}
	out := make([]int64, to-from)
	for i := range out {
		b := data[int64(i)*w:][:w]
		switch a.descr[1:] {
		case "u1":
			out[i] = int64(b[0])
		case "i1":
			out[i] = int64(int8(b[0]))
		case "u2":
			out[i] = int64(order.Uint16(b))
		case "i2":
			out[i] = int64(int16(order.Uint16(b)))
		case "u4":
			out[i] = int64(order.Uint32(b))
		case "i4":
			out[i] = int64(int32(order.Uint32(b)))
		default:
			out[i] = int64(order.Uint64(b))
		}
	}
	return out, nil
}
