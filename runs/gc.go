package runs

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// GCOptions are the settings of a collection; the zero value is a dry run.
type GCOptions struct {
	Apply    bool          // false: only report what would go
	Grace    time.Duration // files younger than this stay; 0: a day
	KeepRuns time.Duration // what runs of this last time used stays; 0: 30 days
	KeepLast int           // what this many newest runs used stays, however old; 0: 10, negative: none
	MaxBytes int64         // > 0: collect the least recently used files first, only until the store is no larger; then also what only runs keep

	// ReadRoot reads what a registered lock file names now. Nil, or its failure: what
	// the file named when it was registered is kept.
	ReadRoot func(path string) (Root, error)
}

// GCReport says what a collection did, or would do.
type GCReport struct {
	Applied    bool
	Objects    int      // objects that went to the trash
	Bytes      int64    // and the bytes of the files that held them
	Kept       int64    // bytes that stay in objects and packs
	Deleted    int64    // bytes of older trash that were deleted for good
	Restored   int      // files fetched back from the trash, since they are in use again
	Folded     int      // journals of ended sessions whose statements another one holds now
	Repacked   int      // packs rewritten to leave dead objects behind
	Generation string   // name of the trash generation; empty when nothing went
	Notes      []string // lines for people
}

// ErrBusy is what GC returns while another collection is running.
var ErrBusy = errors.New("another collection is running on this store")

// gcKey is claimed by the one collection that may run.
func gcKey() Digest { return Sum([]byte("shiftmill/gc/1\n")) }

// repackBelow: a pack is rewritten when less than this share of it is in use.
const repackBelow = 0.5

// GC moves what nobody uses to the trash, and deletes older trash once every session
// that was alive at its making has ended or renewed its holds. It is safe beside
// running sessions, which fetch what they still want back from the trash.
//
// In use is what registered lock files, recent runs and live sessions name, followed
// through the records. Records themselves stay.
func (s *Store) GC(ctx context.Context, o GCOptions) (report GCReport, err error) {
	setDefault(&o.Grace, 24*time.Hour)
	setDefault(&o.KeepRuns, 30*24*time.Hour)
	if o.KeepLast == 0 {
		o.KeepLast = 10
	}
	if !o.Apply {
		if err := s.Refresh(); err != nil {
			return report, fmt.Errorf("collect: %w", err)
		}
		c, err := s.planGC(o)
		if err != nil {
			return report, fmt.Errorf("collect: %w", err)
		}
		return c.report, nil
	}
	release, ok, err := s.Claim(gcKey())
	if err != nil {
		return report, fmt.Errorf("collect: %w", err)
	}
	if !ok {
		return report, fmt.Errorf("collect: %w", ErrBusy)
	}
	defer release()
	if report, err = s.collect(ctx, o); err != nil {
		return report, fmt.Errorf("collect: %w", err)
	}
	return report, nil
}

// collection is the plan of one collection.
type collection struct {
	marks   *marks
	leaving []*heap // files that go to the trash
	repack  []*heap // packs to be rewritten first
	report  GCReport
}

func (s *Store) collect(ctx context.Context, o GCOptions) (GCReport, error) {
	if err := s.Commit(ctx); err != nil {
		return GCReport{}, err
	}
	if err := s.Refresh(); err != nil {
		return GCReport{}, err
	}
	c, err := s.planGC(o)
	if err != nil {
		return GCReport{}, err
	}
	c.report.Applied = true
	// What is in use again comes back before anything else goes.
	if err := s.sweepTrash(ctx, c); err != nil {
		return c.report, err
	}
	for _, h := range c.repack {
		if err := s.repack(ctx, c, h); err != nil {
			return c.report, err
		}
	}
	if err := s.discard(ctx, c); err != nil {
		return c.report, err
	}
	if err := s.tidy(o); err != nil {
		return c.report, err
	}
	if err := s.Commit(ctx); err != nil {
		return c.report, err
	}
	if c.report.Folded, err = s.fold(ctx); err != nil {
		return c.report, err
	}
	return c.report, s.writeIndex()
}

// planGC decides what goes.
func (s *Store) planGC(o GCOptions) (*collection, error) {
	m, err := s.mark(o)
	if err != nil {
		return nil, err
	}
	heaps, err := s.heaps(m, o)
	if err != nil {
		return nil, err
	}
	c := &collection{marks: m, report: GCReport{Notes: m.notes}}
	total := int64(0)
	for _, h := range heaps {
		total += h.size
	}
	// Least recently used first; names decide among equals.
	slices.SortStableFunc(heaps, func(a, b *heap) int {
		if n := a.used.Compare(b.used); n != 0 {
			return n
		}
		return cmp.Compare(a.name, b.name)
	})
	take := func(h *heap) {
		c.leaving = append(c.leaving, h)
		c.report.Objects += len(h.objects)
		c.report.Bytes += h.size
		total -= h.size
	}
	over := func() bool { return o.MaxBytes <= 0 || total > o.MaxBytes }
	for _, h := range heaps {
		if !h.held && !h.recent && !h.young && over() {
			take(h)
		}
	}
	if o.MaxBytes > 0 {
		for _, h := range heaps {
			if !h.held && h.recent && !h.young && over() {
				take(h)
			}
		}
		if total > o.MaxBytes {
			c.report.Notes = append(c.report.Notes, fmt.Sprintf(
				"%d bytes stay, more than the %d asked for: lock files, live sessions and the grace age keep them", total, o.MaxBytes))
		}
	} else {
		for _, h := range heaps {
			if h.pack && (h.held || h.recent) && !h.young && float64(h.live) < repackBelow*float64(h.size) {
				c.repack = append(c.repack, h)
			}
		}
	}
	c.report.Kept = total
	return c, nil
}

// repack copies what is in use out of a pack, which then goes.
func (s *Store) repack(ctx context.Context, c *collection, h *heap) error {
	for _, d := range h.objects {
		if !c.marks.has(d) {
			continue
		}
		data, err := s.Get(d)
		if errors.Is(err, ErrAbsent) {
			continue // damaged: its next user is told
		}
		if err != nil {
			return err
		}
		if err := s.addToPack(d, data); err != nil {
			return err
		}
		c.report.Kept += int64(len(data) + packEntryHead)
	}
	// The copies are durable before the old ones go.
	if err := s.Commit(ctx); err != nil {
		return err
	}
	h.objects = slices.DeleteFunc(h.objects, c.marks.has)
	c.leaving = append(c.leaving, h)
	c.report.Repacked++
	c.report.Objects += len(h.objects)
	c.report.Bytes += h.size
	c.report.Kept -= h.size
	return nil
}

// discard states the tombstones, makes them durable, and only then moves files.
func (s *Store) discard(ctx context.Context, c *collection) error {
	if len(c.leaving) == 0 {
		return nil
	}
	at := s.now().UTC()
	generation := at.Format("20060102T150405.000000000") + "-" + s.id.short()
	c.report.Generation = generation
	reason := "collected by gc on " + at.Format(time.DateTime) + " UTC"
	for _, h := range c.leaving {
		for _, d := range h.objects {
			if err := s.state(entryTombstone, encodeTombstone(d, reason)); err != nil {
				return err
			}
		}
		if s.batchFull() {
			if err := s.Commit(ctx); err != nil {
				return err
			}
		}
	}
	if err := s.Commit(ctx); err != nil {
		return err
	}
	dir := s.path("trash", generation)
	if err := s.fs.Mkdir(dir); err != nil {
		return err
	}
	dirs := map[string]bool{dir: true}
	for _, h := range c.leaving {
		err := s.fs.Rename(h.name, filepath.Join(dir, h.base()))
		if isGone(err) {
			continue
		}
		if err != nil {
			return err
		}
		dirs[filepath.Dir(h.name)] = true
	}
	s.mu.Lock()
	for d := range dirs {
		s.pending.addDir(d)
	}
	s.mu.Unlock()
	s.sightMu.Lock()
	clear(s.knownPacks)
	s.lastPack.Store(nil)
	s.sightMu.Unlock()
	return s.writeGeneration(dir, at)
}

// tidy removes what dead sessions have left beside their results.
func (s *Store) tidy(o GCOptions) error {
	// Never below an hour: a session that is starting has files before it has a name.
	old := func(t time.Time) bool { return s.now().Sub(t) >= max(o.Grace, time.Hour) }
	claims, err := s.fs.List(s.path("claims"))
	if err != nil {
		return err
	}
	for _, f := range claims {
		name := s.path("claims", f.Name)
		owner, err := s.claimOwner(name)
		if err == nil && (s.ownerAlive(name, owner) || owner == s.id) || isGone(err) {
			continue
		}
		if err != nil {
			return err
		}
		if err := s.fs.Remove(name); err != nil && !isGone(err) {
			return err
		}
	}
	for _, folder := range []string{"tmp", "quarantine", "sessions"} {
		files, err := s.fs.List(s.path(folder))
		if err != nil {
			return err
		}
		for _, f := range files {
			owner, _, _ := strings.Cut(f.Name, ".")
			id, isSession := parseSessionID(owner)
			if !old(f.ModTime) || isSession && s.alive(id) || folder == "sessions" && f.Name == owner {
				continue
			}
			if f.Dir {
				err = removeAll(s.fs, s.path(folder, f.Name))
			} else {
				err = s.fs.Remove(s.path(folder, f.Name))
			}
			if err != nil && !isGone(err) {
				return err
			}
		}
	}
	return nil
}
