package command

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"

	"shiftmill/stages/npy"
)

// readMatrix reads a NumPy array of rows by classes, of floats, and the ids of
// its rows from a text file.
func readMatrix(ctx context.Context, path, idFile string, add func(string, []float32)) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	a, err := npy.Open(f, "")
	if err != nil {
		return err
	}
	if len(a.Shape) != 2 || a.Whole() || a.Shape[1] == 0 {
		return fmt.Errorf("it must be a matrix (rows by classes) of floats; its shape is %d and its values are %q", a.Shape, a.Type)
	}
	rows, columns := a.Shape[0], a.Shape[1]
	ids, err := os.Open(idFile)
	if err != nil {
		return err
	}
	defer ids.Close()
	lines := bufio.NewScanner(ids)
	at := max(1, 1<<20/columns) // rows read together
	for n := int64(0); n < rows; n += at {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		to := min(n+at, rows)
		scores, err := a.Floats(f, n*columns, to*columns)
		if err != nil {
			return err
		}
		for row := n; row < to; row++ {
			if !lines.Scan() {
				return errors.Join(fmt.Errorf("it has %d rows, the file of ids %d lines", rows, row), lines.Err())
			}
			add(lines.Text(), scores[(row-n)*columns:][:columns])
		}
	}
	if lines.Scan() && len(bytes.TrimSpace(lines.Bytes())) > 0 {
		return fmt.Errorf("it has %d rows, the file of ids more lines", rows)
	}
	return lines.Err()
}
