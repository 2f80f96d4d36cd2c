package cli

import (
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"
	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"shiftmill/engine"
)

// quiet is how long a stage may work in plain output before a line says how
// far it is.
const quiet = 10 * time.Second

// A display shows what happens in a run: bars on a terminal, plain lines
// elsewhere, JSON lines for programs.
type display struct {
	out    io.Writer // of lines for people
	stderr io.Writer // where they go when there are no bars
	log    *zerolog.Logger
	bars   *mpb.Progress

	collect sync.Once

	skips []engine.Instance // stages that were skipped
	needs []string          // what for

	mu      sync.Mutex
	active  map[string]*activeStage
	all     *mpb.Bar // of all stages, once one runs
	stages  int
	left    map[string]int // instances of a stage that have not ended
	crowds  map[string]*crowd
	ofStage map[string][]*crowd
	order   []string // of the stages in it

	// Read by the bar while it is drawn, when mu may be held by who waits for it.
	ended, cached, failed atomic.Int64
}

// An activeStage is a stage that runs.
type activeStage struct {
	bar   *mpb.Bar
	count count
	told  time.Time // when a plain line last said how far it is
}

// A count is where a stage began to count what it counts now; a stage may
// read first, then train. What it waited before, and what an earlier run had
// done already, is no part of its rate.
type count struct {
	unit string
	from time.Time
	done int64
}

// rate says how fast the count goes and how long the rest takes; it is empty
// where nothing is known yet.
func (c count) rate(done, total int64, now time.Time) string {
	took, did := now.Sub(c.from), done-c.done
	if took <= 0 || did <= 0 {
		return ""
	}
	s := fmt.Sprintf("%.3g/s", float64(did)/took.Seconds())
	if total > done {
		left := time.Duration(float64(took) / float64(did) * float64(total-done))
		s += ", about " + duration(left) + " left"
	}
	return s
}

func (s *session) newDisplay(x *experiment) *display {
	d := &display{out: s.stderr, stderr: s.stderr, active: map[string]*activeStage{}, left: map[string]int{},
		crowds: map[string]*crowd{}, ofStage: map[string][]*crowd{}}
	for _, n := range x.graph.Nodes {
		d.left[n.Stage]++
	}
	if s.jsonOut {
		log := zerolog.New(s.stdout).With().Str("spec", x.graph.Name).Logger()
		d.log = &log
		return d
	}
	if f := s.stderr.terminal(); f != nil {
		d.bars = mpb.New(mpb.WithOutput(f), mpb.WithWidth(48))
		d.out = d.bars // lines go above the bars
	}
	return d
}

func (d *display) start(stages int) {
	d.stages = stages
	if d.log != nil {
		d.log.Info().Int("stages", stages).Msg("start")
	}
}

// stopping says that a run ends early, and what it waits for.
func (d *display) stopping() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.note("stopping: what is at work keeps what it can; a program of yours has a minute")
}

// stop waits until the bars have drawn their last state, and tells what has not
// been told.
func (d *display) stop() {
	d.stopBars()
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, stage := range d.order {
		d.releaseStage(stage)
	}
}

func (d *display) stopBars() {
	if d.bars == nil {
		return
	}
	d.mu.Lock()
	for _, a := range d.active { // a stopped run leaves unfinished bars
		if a.bar != nil {
			a.bar.Abort(true)
		}
	}
	if d.all != nil {
		d.all.Abort(true)
	}
	d.mu.Unlock()
	d.bars.Wait()
	d.mu.Lock()
	d.out = d.stderr
	d.mu.Unlock()
}

// skipped prints what was skipped, instances of a stage together.
func (d *display) skipped() {
	skips, needs := foldPlan(d.skips, d.needs)
	for i, n := range skips {
		d.line(n.State.String(), n.Name, needs[i])
	}
	d.skips, d.needs = nil, nil
}

func (d *display) note(line string) {
	if d.log != nil {
		d.log.Warn().Msg(line)
		return
	}
	fmt.Fprintln(d.out, line)
}

// event shows one event; the engine calls it from one goroutine at a time.
func (d *display) event(ev engine.Event) {
	if ev.Type == engine.NodeStarted {
		d.collect.Do(collectAgain)
	}
	if d.log != nil {
		d.logEvent(ev)
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	switch ev.Type {
	case engine.NodeStarted:
		d.active[ev.Stage] = &activeStage{told: ev.Time}
		d.overall()
	case engine.Progress:
		d.progress(ev)
	case engine.Note:
		d.alike("note", ev, ev.Message)
	case engine.NodeDone:
		if a := d.active[ev.Stage]; a != nil && a.bar != nil {
			a.bar.Abort(true)
		}
		delete(d.active, ev.Stage)
		ended := d.ended.Add(1)
		switch ev.State {
		case engine.Hit:
			d.cached.Add(1)
		case engine.Failed:
			d.failed.Add(1)
		}
		if d.all != nil {
			d.all.SetCurrent(min(ended, int64(d.stages-1))) // it goes when all has ended
		}
		d.done(ev)
		if stage := stageOf(ev.Stage); d.left[stage] > 0 {
			if d.left[stage]--; d.left[stage] == 0 {
				d.releaseStage(stage)
			}
		}
	}
}

// overall draws, below the others, the bar of all stages.
func (d *display) overall() {
	if d.bars == nil || d.all != nil || d.stages < 2 {
		return
	}
	text := func(decor.Statistics) string {
		failed := ""
		if n := d.failed.Load(); n > 0 {
			failed = fmt.Sprintf(", %d failed", n)
		}
		return fmt.Sprintf("%d of %d stages, %d of them cached%s ", d.ended.Load(), d.stages, d.cached.Load(), failed)
	}
	d.all = d.bars.AddBar(int64(d.stages), mpb.BarRemoveOnComplete(), mpb.BarPriority(math.MaxInt),
		mpb.PrependDecorators(decor.Any(text)), mpb.AppendDecorators(decor.Elapsed(decor.ET_STYLE_GO)))
	d.all.SetCurrent(d.ended.Load())
}

func (d *display) line(state, stage, text string) {
	fmt.Fprintf(d.out, "%-8s %s  %s\n", state, stage, text)
}

func (d *display) done(ev engine.Event) {
	switch ev.State {
	case engine.Hit: // the last line counts them
	case engine.Ran:
		d.ran(ev)
	case engine.Failed:
		d.alike("failed", ev, ev.Err.Error())
	case engine.Skipped: // one failure may skip thousands
		d.skips = append(d.skips, engine.Instance{Name: ev.Stage, State: ev.State})
		d.needs = append(d.needs, ev.Reason)
	default:
		d.line(ev.State.String(), ev.Stage, ev.Reason)
	}
}

func (d *display) progress(ev engine.Event) {
	a := d.active[ev.Stage]
	if a == nil {
		return
	}
	if a.count.unit != ev.Unit {
		a.count = count{unit: ev.Unit, from: ev.Time, done: ev.Done}
		if a.bar != nil {
			a.bar.Abort(true)
			a.bar = nil
		}
	}
	if d.bars == nil {
		if ev.Time.Sub(a.told) >= quiet {
			a.told = ev.Time
			d.line("at work", ev.Stage, a.howFar(ev))
		}
		return
	}
	if a.bar == nil {
		c := a.count
		rate := func(s decor.Statistics) string {
			if s.Total > 0 && s.Current >= s.Total { // what comes now is not counted, such as a program of the user's at work
				return ""
			}
			return " " + c.rate(s.Current, s.Total, time.Now())
		}
		a.bar = d.bars.AddBar(0, // one that knows its end goes when it is reached, not when the stage is done
			mpb.BarRemoveOnComplete(),
			mpb.PrependDecorators(decor.Name(ev.Stage+" ", decor.WCSyncSpaceR), decor.CountersNoUnit("%d/%d "+ev.Unit+" ", decor.WCSyncSpaceR)),
			mpb.AppendDecorators(decor.Percentage(), decor.Any(rate, decor.WCSyncSpaceR)))
	}
	a.bar.SetTotal(ev.Total, false)
	a.bar.SetCurrent(ev.Done)
}

// howFar says how far a stage is, its rate and the time left.
func (a *activeStage) howFar(ev engine.Event) string {
	s := fmt.Sprintf("%d", ev.Done)
	if ev.Total > 0 {
		s += fmt.Sprintf(" of %d", ev.Total)
	}
	s += " " + ev.Unit
	if rate := a.count.rate(ev.Done, ev.Total, ev.Time); rate != "" {
		s += ", " + rate
	}
	return s
}

func (d *display) logEvent(ev engine.Event) {
	var e *zerolog.Event
	switch {
	case ev.Err != nil:
		e = d.log.Error().Err(ev.Err)
	case ev.Type == engine.Note:
		e = d.log.Warn()
	default:
		e = d.log.Info()
	}
	e = e.Time("time", ev.Time).Str("stage", ev.Stage)
	switch ev.Type {
	case engine.NodeStarted:
		e.Str("kind", ev.Kind).Str("reason", ev.Reason).Msg("started")
	case engine.Progress:
		e.Int64("done", ev.Done).Int64("total", ev.Total).Str("unit", ev.Unit).Msg("progress")
	case engine.Note:
		e.Msg(ev.Message)
	case engine.NodeDone:
		e = e.Str("kind", ev.Kind).Str("state", ev.State.String()).Int64("rows", ev.Rows).Int64("reused", ev.Reused).Float64("seconds", ev.Took.Seconds())
		if ev.Reason != "" {
			e = e.Str("reason", ev.Reason)
		}
		if len(ev.Metrics) > 0 { // whose names are anybody's
			e = e.Interface("metrics", ev.Metrics)
		}
		e.Msg("done")
	}
}

// stopped says what became of a run that did not end well.
func (d *display) stopped(count map[engine.State]int, stages int) {
	if d.log != nil {
		d.count(d.log.Error(), count).Msg("stopped")
		return
	}
	d.skipped()
	unfinished := ""
	if n := count[engine.Miss] + count[engine.Pending]; n > 0 {
		unfinished = fmt.Sprintf(", %d not finished", n)
	}
	fmt.Fprintf(d.out, "stopped: %d failed, %d skipped%s, %d ran, %d cached of %s; what ran is kept\n",
		count[engine.Failed], count[engine.Skipped], unfinished, count[engine.Ran], count[engine.Hit], amount(stages, "stage"))
}

// finished is the last event of a good run, for programs.
func (d *display) finished(count map[engine.State]int, published []engine.Published, lock string, took time.Duration) {
	dirs := make([]string, len(published))
	for i, p := range published {
		dirs[i] = p.Dir
	}
	e := d.count(d.log.Info(), count).Strs("reports", dirs).Float64("seconds", took.Seconds())
	if lock != "" {
		e = e.Str("lock", lock)
	}
	e.Msg("done")
}

func (d *display) count(e *zerolog.Event, count map[engine.State]int) *zerolog.Event {
	return e.Int("ran", count[engine.Ran]).Int("cached", count[engine.Hit]).Int("failed", count[engine.Failed]).
		Int("skipped", count[engine.Skipped]).Int("unfinished", count[engine.Miss]+count[engine.Pending])
}

// shortPath is a path relative to the working folder where that is shorter.
func shortPath(p string) string {
	abs, err := filepath.Abs(p)
	if err != nil {
		return p
	}
	wd, err := os.Getwd()
	if err != nil {
		return p
	}
	if rel, err := filepath.Rel(wd, abs); err == nil && len(rel) < len(abs) {
		return rel
	}
	return abs
}
