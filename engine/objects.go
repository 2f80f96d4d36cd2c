package engine

import (
	"container/list"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"shiftmill/runs"
	"shiftmill/runs/table"
)

// An objectCache reads tables from the store and keeps the latest in memory,
// up to a number of bytes.
type objectCache struct {
	store *runs.Store
	limit int

	mu     sync.Mutex
	size   int
	recent *list.List // of *cachedTable, newest first
	byKey  map[string]*list.Element
}

type cachedTable struct {
	key  string
	rec  arrow.Record
	size int
}

func newObjectCache(store *runs.Store, limit int) *objectCache {
	return &objectCache{store: store, limit: limit, recent: list.New(), byKey: map[string]*list.Element{}}
}

// table reads columns of a stored table.
func (c *objectCache) table(d runs.Digest, columns []string) (arrow.Record, error) {
	return c.read(d, columns, c.keep)
}

// once is table, but keeps nothing.
func (c *objectCache) once(d runs.Digest, columns []string) (arrow.Record, error) {
	return c.read(d, columns, func(*cachedTable) {})
}

func (c *objectCache) read(d runs.Digest, columns []string, keep func(*cachedTable)) (arrow.Record, error) {
	key := d.String() + "\x00" + strings.Join(columns, "\x00") // names may hold spaces
	c.mu.Lock()
	if e, ok := c.byKey[key]; ok {
		c.recent.MoveToFront(e)
		rec := e.Value.(*cachedTable).rec
		c.mu.Unlock()
		return rec, nil
	}
	c.mu.Unlock()
	data, err := c.store.Get(d)
	if err != nil {
		return nil, err
	}
	rec, err := table.Read(data, columns, memory.DefaultAllocator)
	if err != nil {
		return nil, fmt.Errorf("object %s: %w", short(d), err)
	}
	keep(&cachedTable{key, rec, recordBytes(rec)})
	return rec, nil
}

func (c *objectCache) keep(t *cachedTable) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.byKey[t.key]; ok || t.size > c.limit {
		return
	}
	c.byKey[t.key] = c.recent.PushFront(t)
	c.size += t.size
	for c.size > c.limit {
		last := c.recent.Back()
		old := c.recent.Remove(last).(*cachedTable)
		delete(c.byKey, old.key)
		c.size -= old.size
	}
}

// putJSON stores a value as an object of JSON.
func (e *Engine) putJSON(ctx context.Context, v any) (runs.Digest, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return runs.Digest{}, err
	}
	return e.putBytes(ctx, data)
}

func (e *Engine) putBytes(ctx context.Context, data []byte) (runs.Digest, error) {
	d, _, err := e.store.Put(ctx, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
	return d, err
}

func (e *Engine) getJSON(d runs.Digest, v any) error {
	data, err := e.store.Get(d)
	if err != nil {
		return err
	}
	return json.Unmarshal(data, v)
}

// lookupDigest reads a remembered content id; appendDigest remembers one.
func (e *Engine) lookupDigest(key runs.Digest) (d runs.Digest, ok bool) {
	r := e.store.Result(key)
	if !r.Found || len(r.Data) != len(d) {
		return d, false
	}
	return runs.Digest(r.Data), true
}

func (e *Engine) appendDigest(key, d runs.Digest) error {
	if e.o.ReadOnly {
		return nil
	}
	return e.store.Append(runs.Record{Key: key, Kind: "content", Data: d[:]})
}
