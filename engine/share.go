package engine

import (
	"context"
	"crypto/sha256"
	"errors"
	"strings"

	"github.com/apache/arrow/go/v15/arrow"

	"shiftmill/stages"
)

// A shared is a value that one member makes and others wait for.
type shared[V any] struct {
	done chan struct{}
	v    V
	err  error
	left int // readers to come, of records
}

var errUnmade = errors.New("whoever was to make it ended")

// What a member reads: columns of a dataset, and of which rows.
type (
	reads struct {
		data    *dataset
		columns string
	}
	readsRows struct {
		reads
		ids string
	}
)

func (t *rowTask) reads() reads { return reads{t.data, strings.Join(t.columns, "\x00")} }

// record reads rows, or takes them over from a member that reads the same.
func (m *member) record(what reads, ids []string, read func() (arrow.Record, error)) (arrow.Record, error) {
	c := m.c
	key := readsRows{what, strings.Join(ids, "\x00")}
	c.mu.Lock()
	s, had := c.records[key]
	if !had {
		if c.readers[what] < 2 {
			c.mu.Unlock()
			return read()
		}
		s = &shared[arrow.Record]{done: make(chan struct{}), left: c.readers[what]}
		c.records[key] = s
	}
	if s.left--; s.left == 0 {
		delete(c.records, key)
	}
	c.mu.Unlock()
	if !had {
		return s.make(read)
	}
	return s.take(read)
}

// picture makes a picture or takes it over from another member.
func (m *member) picture(key string, open func() (stages.Picture, error)) (stages.Picture, error) {
	c := m.c
	c.mu.Lock()
	s, had := c.pictures[key]
	if !had {
		if c.bytes > convoyBytes || m.round < 0 {
			c.mu.Unlock()
			return open()
		}
		s = &shared[stages.Picture]{done: make(chan struct{})}
		c.pictures[key] = s
	}
	c.mu.Unlock()
	if had {
		return s.take(open)
	}
	p, err := s.make(open)
	c.mu.Lock()
	defer c.mu.Unlock()
	size := len(p.Pix) + len(p.Encoded)
	c.largest = max(c.largest, size)
	switch {
	case c.pictures[key] != s: // the cut was passed meanwhile
	case err != nil:
		delete(c.pictures, key)
	default:
		c.bytes += size
	}
	return p, err
}

func (s *shared[V]) make(f func() (V, error)) (V, error) {
	s.err = errUnmade // should f panic
	defer close(s.done)
	s.v, s.err = f()
	return s.v, s.err
}

// take waits for the value; what failed for whoever made it is tried anew, so
// that an error has the words of whom it stops.
func (s *shared[V]) take(f func() (V, error)) (V, error) {
	if <-s.done; s.err != nil {
		return f()
	}
	return s.v, nil
}

// keyOf names what a cell's picture is made of, without reading it; "" where
// that is no file and no recipe.
func (o opener) keyOf(c stages.ImageCell) (string, error) {
	switch ref, _, _ := strings.Cut(c.Ref, "\x00"); {
	case ref == "rgb8":
		return "", nil
	case c.Data != nil:
		d := sha256.Sum256(c.Data)
		return "data " + string(d[:]), nil
	case strings.HasPrefix(ref, "recipe:"):
		return c.Ref, nil
	case strings.HasPrefix(ref, "file:"):
		maker, r, err := o.file(c)
		if err != nil || r.Height > 0 { // nothing to decode
			return "", err
		}
		d, err := o.e.digestOf(maker, r)
		return "file " + string(d[:]), err
	}
	return "", nil
}

// Share opens a cell's picture and lets decode make pixels of it, where no
// other stage that works on the same rows has just done so.
func (o opener) Share(ctx context.Context, c stages.ImageCell, form string, decode func(stages.Picture) (stages.Picture, error)) (stages.Picture, error) {
	open := func() (stages.Picture, error) {
		p, err := o.Open(ctx, c)
		if err != nil {
			return p, err
		}
		return decode(p)
	}
	m := memberOf(ctx)
	if m == nil {
		return open()
	}
	key, err := o.keyOf(c)
	if err != nil || key == "" {
		return open()
	}
	return m.picture(form+"\x00"+key, open)
}
