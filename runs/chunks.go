package runs

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// kindChunks is the kind of the records that list the chunks of an object which is
// larger than a file may be.
const kindChunks = "chunks"

// A chunked is an object that is kept as chunks.
type chunked struct {
	Object Digest   `json:"object"` // of all bytes
	Size   int64    `json:"size"`
	chunks []Digest // in order; all but the last one of one length
}

func chunksKey(d Digest) Digest { return Sum([]byte("shiftmill/chunks/1\n"), d[:]) }

// listChunks states of which chunks an object consists. Each of them was put before.
func (s *Store) listChunks(d Digest, size int64, chunks []Digest) error {
	data, err := json.Marshal(chunked{Object: d, Size: size})
	if err != nil {
		return err
	}
	if err := s.Append(Record{Key: chunksKey(d), Kind: kindChunks, Objects: chunks, Data: data}); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.st.damaged, d)
	return nil
}

// chunksOf returns the chunks of an object that is kept so.
func (s *Store) chunksOf(d Digest) (chunked, bool) {
	r, ok := s.Lookup(chunksKey(d))
	if !ok || r.Kind != kindChunks {
		return chunked{}, false
	}
	c := chunked{chunks: r.Objects}
	return c, json.Unmarshal(r.Data, &c) == nil && c.Object == d
}

// allChunked returns the chunks of every object that is kept so.
func (s *Store) allChunked() (map[Digest][]Digest, error) {
	records, err := s.Records(kindChunks)
	if err != nil {
		return nil, err
	}
	all := make(map[Digest][]Digest, len(records))
	for _, r := range records {
		var c chunked
		if json.Unmarshal(r.Data, &c) == nil {
			all[c.Object] = r.Objects
		}
	}
	return all, nil
}

// copyChunks writes a chunked object to w. Every chunk is verified before its bytes are
// written; that they make up the object is known at the end. lost says why the object
// cannot be had, failed is an error of w.
func (s *Store) copyChunks(c chunked, w io.Writer) (size int64, lost, failed error) {
	whole := sha256.New()
	for i, chunk := range c.chunks {
		data, err := s.getFile(chunk)
		if err != nil {
			return size, fmt.Errorf("chunk %d of %d: %w", i+1, len(c.chunks), err), nil
		}
		whole.Write(data)
		n, err := w.Write(data)
		size += int64(n)
		if err != nil {
			return size, nil, err
		}
	}
	if Digest(whole.Sum(nil)) != c.Object {
		return size, errors.New("damaged: its chunks make up other bytes"), nil
	}
	return size, nil, nil
}

// Copy writes an object to w and returns how many bytes it wrote. Each was verified
// before, and of an object in chunks no more than one is held. An error that is
// ErrAbsent may come after the first bytes: what was written is of no use then.
func (s *Store) Copy(d Digest, w io.Writer) (int64, error) {
	c, ok := s.chunksOf(d)
	if !ok {
		data, err := s.getFile(d)
		if err != nil {
			return 0, err
		}
		n, err := w.Write(data)
		return int64(n), err
	}
	n, lost, failed := s.copyChunks(c, w)
	if lost != nil {
		return n, s.lost(d, lost.Error())
	}
	return n, failed
}
