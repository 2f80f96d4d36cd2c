package npy

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

// An Array is the header of an array: where its values lie and what they are.
type Array struct {
	Type   string  // as NumPy writes it: byte order, kind and bytes, such as "<f4" or "|u1"
	Shape  []int64 // none for a single value
	Offset int64   // of the first value, in the file
}

var (
	descrField   = regexp.MustCompile(`'descr':\s*'([^']*)'`)
	fortranField = regexp.MustCompile(`'fortran_order':\s*(True|False)`)
	shapeField   = regexp.MustCompile(`'shape':\s*\(([^)]*)\)`)
	valueType    = regexp.MustCompile(`^[<>|=](?:[iu][1248]|f[248])$`)
)

// Open finds an array in a file and checks that its values are all there: a .npy file when member is empty,
// else that member of a .npz archive, which must be stored without compression.
func Open(f *os.File, member string) (Array, error) {
	info, err := f.Stat()
	if err != nil {
		return Array{}, err
	}
	at, size := int64(0), info.Size()
	if member != "" {
		if at, size, err = find(f, size, member); err != nil {
			return Array{}, err
		}
	}
	a, err := read(io.NewSectionReader(f, at, size-at))
	if err != nil {
		return a, err
	}
	a.Offset += at
	left, width := size-a.Offset, a.Width()
	for _, n := range a.Shape {
		if n > 0 && left/n < width { // without a product that may overflow
			return a, fmt.Errorf("it ends early: %d bytes of values, its header tells of %s values of %d bytes", left, times(a.Shape), a.Width())
		}
		width *= n
	}
	return a, nil
}

func times(shape []int64) string {
	words := make([]string, len(shape))
	for i, n := range shape {
		words[i] = strconv.FormatInt(n, 10)
	}
	return strings.Join(words, " x ")
}

// find is the stretch of a member in an archive of the given size.
func find(f io.ReaderAt, size int64, member string) (from, to int64, err error) {
	z, err := zip.NewReader(f, size)
	if err != nil {
		return 0, 0, fmt.Errorf("it is no .npz file: %w", err)
	}
	i := slices.IndexFunc(z.File, func(m *zip.File) bool { return strings.TrimSuffix(m.Name, ".npy") == member })
	if i < 0 {
		var names []string
		for _, m := range z.File {
			names = append(names, strings.TrimSuffix(m.Name, ".npy"))
		}
		return 0, 0, fmt.Errorf("it holds no array %q; it has %s", member, strings.Join(names, ", "))
	}
	if z.File[i].Method != zip.Store {
		return 0, 0, fmt.Errorf("the array %q is compressed, so that nothing can be read in place: save it with numpy.savez, or as .npy", member)
	}
	from, err = z.File[i].DataOffset()
	return from, from + int64(z.File[i].UncompressedSize64), err
}

// read reads a header.
func read(r io.Reader) (Array, error) {
	none := errors.New("it is no NumPy array")
	head := make([]byte, 10)
	if _, err := io.ReadFull(r, head); err != nil || !bytes.HasPrefix(head, []byte("\x93NUMPY")) {
		return Array{}, none
	}
	size, start := int64(binary.LittleEndian.Uint16(head[8:])), int64(10)
	if head[6] > 1 { // versions 2 and 3 have four bytes of length
		rest := make([]byte, 2)
		if _, err := io.ReadFull(r, rest); err != nil {
			return Array{}, none
		}
		size, start = int64(binary.LittleEndian.Uint32(append(head[8:10:10], rest...))), 12
	}
	if size > 1<<16 {
		return Array{}, none
	}
	text := make([]byte, size)
	if _, err := io.ReadFull(r, text); err != nil {
		return Array{}, errors.New("its header is cut short")
	}
	descr, fortran, shape := descrField.FindSubmatch(text), fortranField.FindSubmatch(text), shapeField.FindSubmatch(text)
	if descr == nil || fortran == nil || shape == nil {
		return Array{}, fmt.Errorf("its header is not that of a plain array: %s", clip(string(text)))
	}
	a := Array{Type: string(descr[1]), Offset: start + size}
	for _, n := range strings.Split(string(shape[1]), ",") {
		if n = strings.TrimSpace(n); n == "" {
			continue
		}
		v, err := strconv.ParseInt(strings.TrimSuffix(n, "L"), 10, 64)
		if err != nil || v < 0 || v > 1<<40 {
			return Array{}, none
		}
		a.Shape = append(a.Shape, v)
	}
	if string(fortran[1]) == "True" && len(a.Shape) > 1 {
		return Array{}, errors.New("it is in Fortran order: save numpy.ascontiguousarray of it")
	}
	if !valueType.MatchString(a.Type) {
		return Array{}, fmt.Errorf("its values are %q; whole numbers and floats are read", a.Type)
	}
	return a, nil
}

func clip(s string) string {
	if s = strings.TrimSpace(s); len(s) > 80 {
		return s[:80] + "..."
	}
	return s
}

// Header is the beginning of a .npy file, version 1, whose values follow in C order.
func Header(kind string, shape ...int64) []byte {
	sizes := strings.ReplaceAll(times(shape), " x ", ", ")
	if len(shape) == 1 {
		sizes += ","
	}
	text := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': (%s), }", kind, sizes)
	const prefix = 10
	for (prefix+len(text)+1)%64 != 0 {
		text += " "
	}
	b := binary.LittleEndian.AppendUint16([]byte("\x93NUMPY\x01\x00"), uint16(len(text)+1))
	return append(b, text+"\n"...)
}
