package engine

import (
	"container/heap"
	"slices"

	"shiftmill/stages"
)

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

// unseat takes workers back from convoys until so many are free; it says whether
// they are. Whom they were lent goes on to its next cut, a moment beside them.
func (s *scheduler) unseat(workers int) bool {
	for _, c := range s.convoys {
		for s.workers < workers && c.seats > 1 {
			c.takeSeat()
			s.workers++
		}
	}
	return s.workers >= workers
}

// seat lends convoys the workers for whom there is no task, or no memory for one.
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
