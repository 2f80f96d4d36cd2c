package engine

import (
	"container/heap"
	"context"
	"crypto/sha256"
	"errors"
	"slices"
	"strings"
	"sync"

	"github.com/apache/arrow/go/v15/arrow"

	"shiftmill/stages"
)

// A convoy is one partition of pictures on its way through several nodes at
// once. Its members, a partition of a node each, go in step: none is handed
// rows behind a cut before all have done with those up to it. So a picture that
// one of them decodes, or a row that a streamed stage makes for one, is held
// for the others no longer than that, however large the partition is. A member
// that fails, or is done with the rows, is no longer waited for.
//
// What a member is handed is what it would be handed alone; only where batches
// begin may differ, which is never in a result.
type convoy struct {
	mu    sync.Mutex
	moved *sync.Cond

	left   int // members that have not ended; the scheduler's loop owns it
	seats  int // how many may compute at a time, workers that the convoy has
	seated int

	pacing  int // members that are waited for at a cut
	waiting int // those of them that have come to it
	round   int // cuts passed
	cut     string
	largest int // bytes of a picture, as far as known

	readers  map[reads]int // members by what they read
	records  map[readsRows]*shared[arrow.Record]
	pictures map[string]*shared[stages.Picture]
	bytes    int // of pictures
}

// convoyBytes is how much the pictures that a convoy holds may take; what is
// beyond that is decoded by each for itself.
const convoyBytes = 2 * batchBytes

// A shared is a value that one member makes and others wait for.
type shared[V any] struct {
	done chan struct{}
	v    V
	err  error
	left int // readers to come, of records
}

var errUnmade = errors.New("whoever was to make it ended")

// A member is a partition of one node in a convoy.
type member struct {
	c      *convoy
	seated bool
	joined bool // it has come to the rows once: a second reading is its own
	round  int
}

func newConvoy(tasks []*task) *convoy {
	c := &convoy{left: len(tasks), seats: 1, pacing: len(tasks), readers: map[reads]int{},
		records: map[readsRows]*shared[arrow.Record]{}, pictures: map[string]*shared[stages.Picture]{}}
	c.moved = sync.NewCond(&c.mu)
	for _, t := range tasks {
		t.member = &member{c: c}
		c.readers[t.a.t.reads()]++
	}
	return c
}

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

// addSeat lets one more member compute beside the others; takeSeat one fewer.
func (c *convoy) addSeat() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seats++
	c.moved.Broadcast()
}

func (c *convoy) takeSeat() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seats--
}

// sit waits for a seat; the caller holds the lock.
func (m *member) sit(ctx context.Context) error {
	for m.c.seated >= m.c.seats {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		m.c.moved.Wait()
	}
	m.c.seated++
	m.seated = true
	return nil
}

func (m *member) stand() {
	if m.seated {
		m.seated = false
		m.c.seated--
		m.c.moved.Broadcast()
	}
}

// wake makes whoever waits look at ctx once it ends, until stop is called.
func (c *convoy) wake(ctx context.Context) (stop func() bool) {
	return context.AfterFunc(ctx, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.moved.Broadcast()
	})
}

// run does a member's work on a seat.
func (m *member) run(ctx context.Context, work func(context.Context) error) error {
	defer m.c.wake(ctx)()
	defer func() {
		m.c.mu.Lock()
		defer m.c.mu.Unlock()
		m.leave()
		m.stand()
	}()
	m.c.mu.Lock()
	err := m.sit(ctx)
	m.c.mu.Unlock()
	if err == nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		return err
	}
	return work(context.WithValue(ctx, memberKey{}, m))
}

type memberKey struct{}

// memberOf is the member that does the work of a context, or nil.
func memberOf(ctx context.Context) *member {
	m, _ := ctx.Value(memberKey{}).(*member)
	return m
}

// join says whether the rows are read in step: the first time.
func (m *member) join() bool {
	if m == nil {
		return false
	}
	m.c.mu.Lock()
	defer m.c.mu.Unlock()
	first := !m.joined
	m.joined = true
	return first
}

// leave ends the others' waiting for a member; the caller holds the lock.
func (m *member) leave() {
	if m.round < 0 {
		return
	}
	m.round, m.joined = -1, true
	m.c.pacing--
	if m.c.waiting == m.c.pacing {
		m.c.turn()
	}
}

// finish is leave for a member that has had all rows.
func (m *member) finish() {
	m.c.mu.Lock()
	defer m.c.mu.Unlock()
	m.leave()
}

// turn passes a cut; the caller holds the lock.
func (c *convoy) turn() {
	c.round++
	c.waiting, c.cut, c.bytes = 0, "", 0
	clear(c.pictures)
	clear(c.records)
	c.moved.Broadcast()
}

// next says how many of the rows that are left, at most so many, a member may
// be handed; it waits until they are within the cut.
func (m *member) next(ctx context.Context, rest []string, most int) (int, error) {
	c := m.c
	c.mu.Lock()
	defer c.mu.Unlock()
	for {
		if m.round == c.round && c.round > 0 {
			if c.cut == "" {
				n := min(most, len(rest))
				switch {
				case c.largest > 0:
					n = min(n, max(1, convoyBytes/c.largest))
				case c.round == 1:
					n = min(n, firstBatch)
				}
				c.cut = rest[n-1]
			}
			n, found := slices.BinarySearch(rest, c.cut)
			if found {
				n++
			}
			if n > 0 {
				return min(n, most), nil
			}
		}
		if err := m.arrive(ctx); err != nil {
			return 0, err
		}
	}
}

// arrive waits at the cut for the others; the caller holds the lock.
func (m *member) arrive(ctx context.Context) error {
	c := m.c
	round := c.round
	c.waiting++
	if c.waiting == c.pacing {
		c.turn()
	} else {
		m.stand()
		for c.round == round {
			if ctx.Err() != nil {
				c.waiting--
				return context.Cause(ctx)
			}
			c.moved.Wait()
		}
		if err := m.sit(ctx); err != nil {
			return err
		}
	}
	m.round = c.round
	return nil
}

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

// A site is where a partition's pictures come from: the level that has them
// and its first and last row. Nodes that work on one site can go in step.
type site struct {
	level       *dataset
	first, last string
}

// site is that of a partition of the task's input; none where it reads no
// pictures.
func (t *rowTask) site(p part) site {
	for _, f := range t.schema.Fields() {
		if stages.IsImage(f.Type) {
			return site{t.data.pictures(), p.First, p.Last}
		}
	}
	return site{}
}

// pictures is the level that a dataset's pictures are made of, streamed stages
// left out; nil where it has none.
func (d *dataset) pictures() *dataset {
	for _, f := range d.schema.Fields() {
		if !stages.IsImage(f.Type) {
			continue
		}
		level := d.level(f.Name)
		for level != nil && level.streamed {
			below := level.base.level(f.Name)
			if below == nil {
				break
			}
			level = below
		}
		return level
	}
	return nil
}

// arriving is the level of the pictures that a node reads which is being looked
// up, so that its partitions, or those of its readers where it streams, are
// likely to be ready soon; nil where it reads none.
func (n *node) arriving(data *dataset) *dataset {
	if n.kind.Shape != stages.RowWise || n.kind.Gather > 0 || data == nil {
		return nil
	}
	return data.pictures()
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

// depart starts a task, and beside it those that are ready at the same site,
// as far as there is memory for them.
func (s *scheduler) depart(t *task) {
	tasks := []*task{t}
	if t.site != (site{}) && !t.lookup {
		ready := s.sites[t.site]
		delete(s.sites, t.site)
		bytes := t.bytes + convoyBytes
		for _, other := range ready {
			switch {
			case other == t || other.a.over:
			case bytes+other.bytes > s.bytes:
				s.sites[t.site] = append(s.sites[t.site], other)
			default:
				tasks, bytes = append(tasks, other), bytes+other.bytes
				heap.Remove(&s.queue, other.at)
			}
		}
	}
	if len(tasks) == 1 {
		s.start(t)
		return
	}
	c := newConvoy(tasks)
	s.convoys = append(s.convoys, c)
	s.workers--
	s.bytes -= convoyBytes
	for _, t := range tasks {
		t.workers = 0 // they sit where the convoy has seats
		s.start(t)
	}
}

// seat gives workers for whom there is no task, or no memory for one, to convoys.
func (s *scheduler) seat() {
	if len(s.queue) > 0 && s.queue[0].bytes <= s.bytes {
		return // it waits for them
	}
	for _, c := range s.convoys {
		for s.workers > 0 && c.seats < c.left {
			c.addSeat()
			s.workers--
		}
	}
}

// free takes back what a task had that has ended.
func (s *scheduler) free(t *task) {
	s.bytes += t.bytes
	if t.member == nil {
		s.workers += t.workers
		return
	}
	c := t.member.c
	t.member, t.workers = nil, 1 // should it run again
	if c.left--; c.seats > c.left {
		c.takeSeat()
		s.workers++
	}
	if c.left == 0 {
		s.bytes += convoyBytes
		s.convoys = slices.Delete(s.convoys, slices.Index(s.convoys, c), slices.Index(s.convoys, c)+1)
	}
}
