package engine

import (
	"context"
	"slices"
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
