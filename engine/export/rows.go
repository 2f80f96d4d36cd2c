package export

import (
	"context"
	"errors"
	"time"

	"github.com/apache/arrow/go/v15/arrow"

	"shiftmill/engine"
)

// A pace says when an export keeps how far it is, which costs a sync of the disk:
// every two seconds, or where a sync takes long, so that it takes a tenth of the
// time.
type pace struct {
	rows int // fixed number of rows instead; 0 for none
	last time.Time
	wait time.Duration
}

func (j *Job) pace() *pace { return &pace{rows: j.KeepRows, last: time.Now(), wait: 2 * time.Second} }

// due says whether it is time, when so many rows are new. It looks at the clock
// only now and then.
func (p *pace) due(rows, all int) bool {
	if p.rows > 0 {
		return rows >= p.rows
	}
	return all%16 == 0 && time.Since(p.last) >= p.wait
}

// kept is told of a sync that began at a time.
func (p *pace) kept(began time.Time) {
	p.last = time.Now()
	p.wait = max(2*time.Second, 9*p.last.Sub(began))
}

// A rowWriter writes the rows of all sets one after another. Its state S is what
// it needs to go on behind the rows so far.
type rowWriter[S any] interface {
	// write adds a row. After an error the writer is of no use.
	write(ctx context.Context, r *sample) error
	// flush hands all rows so far to the system and returns the state.
	flush() (S, error)
	// close ends the last file.
	close() error
	// abandon releases what is open and writes nothing more.
	abandon() error
}

// A rowState says how far a rowWriter has come.
type rowState[S any] struct {
	Rows  int // of all sets together
	State S
}

// writeRows writes all rows, behind those that an interrupted export has
// written, and returns their number. begin makes the writer.
func writeRows[S any](ctx context.Context, j *Job, d *engine.Draft, begin func(S) (rowWriter[S], error)) (int, error) {
	var s rowState[S]
	if _, err := d.Resume(&s); err != nil {
		return 0, err
	}
	j.resume(s.Rows)
	w, err := begin(s.State)
	if err != nil {
		return 0, err
	}
	kept, pace := s.Rows, j.pace()
	keep := func() (err error) {
		defer pace.kept(time.Now())
		if s.State, err = w.flush(); err != nil {
			return err
		}
		kept = s.Rows
		return d.Keep(s)
	}
	torn := false // a row is written in part
	first := 0
	for i := range j.Sets {
		set := &j.Sets[i]
		from := max(0, s.Rows-first)
		if first += set.Rows.Len(); s.Rows >= first {
			continue
		}
		err := j.from(ctx, i, from, s.Rows, func(r *sample) error {
			torn = true
			if err := w.write(ctx, r); err != nil {
				return err
			}
			torn = false
			s.Rows++
			if pace.due(s.Rows-kept, s.Rows) {
				return keep()
			}
			return nil
		})
		if err != nil {
			if !torn && s.Rows > kept && ctx.Err() != nil { // stopped between two rows
				err = errors.Join(err, keep())
			}
			return s.Rows, errors.Join(err, w.abandon())
		}
	}
	return s.Rows, w.close()
}

// from calls f with the rows of a set from an ordinal on; before counts the
// rows of all sets before that one.
func (j *Job) from(ctx context.Context, set, ordinal, before int, f func(*sample) error) error {
	s := &j.Sets[set]
	return s.Rows.From(ctx, ordinal, func(rec arrow.Record) error {
		read := readerOf(j, set, rec)
		for i := range int(rec.NumRows()) {
			if err := ctx.Err(); err != nil {
				return context.Cause(ctx)
			}
			before++
			if err := f(read.sample(i, before)); err != nil {
				return err
			}
		}
		j.went(int(rec.NumRows()))
		return nil
	})
}
