package runs

import (
	"errors"
	"fmt"
)

// A Scratch keeps blocks of bytes that do not fit into memory, in a file of this session
// that nobody else reads. It is never synced and goes when it is closed, or with the
// session. It is for one goroutine.
type Scratch struct {
	s      *Store
	name   string
	file   File
	blocks []scratchBlock
	size   int64
}

type scratchBlock struct {
	offset int64
	length int
	sum    Digest
}

// Scratch makes an empty scratch.
func (s *Store) Scratch() (*Scratch, error) {
	if err := s.writable(); err != nil {
		return nil, fmt.Errorf("make a scratch file: %w", err)
	}
	name, f, err := s.createTemp()
	if err != nil {
		return nil, fmt.Errorf("make a scratch file: %w", err)
	}
	return &Scratch{s: s, name: name, file: f}, nil
}

// Append keeps a block and returns its number; they count from 0.
func (x *Scratch) Append(p []byte) (int, error) {
	if _, err := x.file.WriteAt(p, x.size); err != nil {
		return 0, fmt.Errorf("write %s: %w", x.name, err)
	}
	x.blocks = append(x.blocks, scratchBlock{x.size, len(p), Sum(p)})
	x.size += int64(len(p))
	return len(x.blocks) - 1, nil
}

// Read returns a block, which is what was appended: its SHA-256 says so. The caller owns
// the bytes.
func (x *Scratch) Read(n int) ([]byte, error) {
	b := x.blocks[n]
	data := make([]byte, b.length)
	if err := readFull(x.file, data, b.offset); err != nil {
		return nil, fmt.Errorf("read %s: %w", x.name, err)
	}
	if Sum(data) != b.sum {
		return nil, fmt.Errorf("read %s: the %d bytes at %d are not those that were written; the disk or its memory is faulty", x.name, b.length, b.offset)
	}
	return data, nil
}

// Close deletes the file.
func (x *Scratch) Close() error { return errors.Join(x.file.Close(), x.s.fs.Remove(x.name)) }
