package command

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"regexp"
	"strconv"

	"github.com/apache/arrow/go/v15/arrow/float16"
)

// npyHeader finds what a header of the NPY format says, which is the text of a
// Python dict (NumPy enhancement proposal 1).
var npyHeader = regexp.MustCompile(`'descr': *'([<|>=]?)([a-z])(\d)', *'fortran_order': *(True|False), *'shape': *\((\d+), *(\d+)\)`)

// readNPY reads a matrix of rows by classes, of little-endian floats in row
// order, and the ids of its rows from a text file.
func readNPY(ctx context.Context, path, idFile string, add func(string, []float32)) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	r := bufio.NewReaderSize(f, 1<<20)
	rows, columns, width, err := readNPYHeader(r)
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if columns == 0 || rows > int(info.Size())/(columns*width) {
		return fmt.Errorf("it is said to hold %d x %d numbers; it has %d bytes", rows, columns, info.Size())
	}
	ids, err := os.Open(idFile)
	if err != nil {
		return err
	}
	defer ids.Close()
	lines := bufio.NewScanner(ids)
	raw := make([]byte, columns*width)
	scores := make([]float32, columns)
	for n := range rows {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if !lines.Scan() {
			return errors.Join(fmt.Errorf("it has %d rows, the file of ids %d lines", rows, n), lines.Err())
		}
		if _, err := io.ReadFull(r, raw); err != nil {
			return err
		}
		for k := range scores {
			scores[k] = npyValue(raw[k*width:], width)
		}
		add(lines.Text(), scores)
	}
	if lines.Scan() && len(bytes.TrimSpace(lines.Bytes())) > 0 {
		return fmt.Errorf("it has %d rows, the file of ids more lines", rows)
	}
	return lines.Err()
}

func npyValue(b []byte, width int) float32 {
	switch width {
	case 2:
		return float16.FromBits(binary.LittleEndian.Uint16(b)).Float32()
	case 4:
		return math.Float32frombits(binary.LittleEndian.Uint32(b))
	}
	return float32(math.Float64frombits(binary.LittleEndian.Uint64(b)))
}

// readNPYHeader reads the start of a file; width is the bytes of a value.
func readNPYHeader(r io.Reader) (rows, columns, width int, err error) {
	head := make([]byte, 10)
	if _, err := io.ReadFull(r, head); err != nil || !bytes.HasPrefix(head, []byte("\x93NUMPY")) {
		return 0, 0, 0, errors.New("it is no .npy file")
	}
	length := int(binary.LittleEndian.Uint16(head[8:]))
	if head[6] >= 2 { // versions 2 and 3 have four bytes of length
		more := make([]byte, 2)
		if _, err := io.ReadFull(r, more); err != nil {
			return 0, 0, 0, errors.New("it is no .npy file")
		}
		length |= int(binary.LittleEndian.Uint16(more)) << 16
	}
	if length > 1<<16 {
		return 0, 0, 0, errors.New("its header is too long for a matrix")
	}
	text := make([]byte, length)
	if _, err := io.ReadFull(r, text); err != nil {
		return 0, 0, 0, errors.New("its header is cut short")
	}
	m := npyHeader.FindSubmatch(text)
	if m == nil || string(m[2]) != "f" || string(m[1]) == ">" || string(m[4]) == "True" {
		return 0, 0, 0, fmt.Errorf("it must be a matrix (rows by classes) of little-endian floats in C order; its header says %s", bytes.TrimSpace(text))
	}
	rows, err = strconv.Atoi(string(m[5]))
	if err != nil {
		return 0, 0, 0, err
	}
	if columns, err = strconv.Atoi(string(m[6])); err != nil || columns > 1<<24 {
		return 0, 0, 0, fmt.Errorf("it is said to have %s columns", m[6])
	}
	width = int(m[3][0] - '0')
	if width != 2 && width != 4 && width != 8 {
		return 0, 0, 0, fmt.Errorf("its values have %d bytes; 2, 4 and 8 are read", width)
	}
	return rows, columns, width, nil
}
