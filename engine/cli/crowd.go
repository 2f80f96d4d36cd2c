package cli

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"shiftmill/engine"
)

// How many lines a run prints of the instances of one stage as they come: of
// those that ran, and of failures and notes that are alike.
const (
	mostRan   = 12
	mostAlike = leastFold - 1
)

// A crowd is what a run tells of the instances of a stage, in one respect: the
// first ones in a line each, the others together, from time to time and when
// the last has ended. So a run of thousands prints a page, and one whose stages
// take long a line for each.
type crowd struct {
	state, stage string
	most         int // lines as they come
	told         int
	held         []heldLine // since the last line: the first ones, to be told alone where they are few
	count        int        // of what is held
	rows, reused int64
	took         time.Duration // of the one that took longest: they may have run side by side
	last         time.Time     // of the last line
}

// A heldLine is a line that was not printed yet.
type heldLine struct{ instance, text string }

var digits = regexp.MustCompile(`[0-9]+`)

// ran tells of an instance that ran.
func (d *display) ran(ev engine.Event) {
	if !isInstance(ev.Stage) {
		d.line("ran", ev.Stage, ranText(ev.Rows, ev.Reused, ev.Took))
		return
	}
	c := d.crowd("ran", ev.Stage, "", mostRan)
	c.rows, c.reused, c.took = c.rows+ev.Rows, c.reused+ev.Reused, max(c.took, ev.Took)
	d.tell(c, ev.Stage, ranText(ev.Rows, ev.Reused, ev.Took), ev.Time)
}

// alike tells of what may be said of many instances alike, figures apart.
func (d *display) alike(state string, ev engine.Event, text string) {
	if !isInstance(ev.Stage) {
		d.line(state, ev.Stage, text)
		return
	}
	d.tell(d.crowd(state, ev.Stage, digits.ReplaceAllString(likeOthers(text), "0"), mostAlike), ev.Stage, text, ev.Time)
}

// crowd finds or begins a crowd.
func (d *display) crowd(state, instance, alike string, most int) *crowd {
	stage := stageOf(instance)
	key := strings.Join([]string{state, stage, alike}, "\x00")
	c := d.crowds[key]
	if c == nil {
		c = &crowd{state: state, stage: stage, most: most}
		d.crowds[key] = c
		if d.ofStage[stage] == nil {
			d.order = append(d.order, stage)
		}
		d.ofStage[stage] = append(d.ofStage[stage], c)
	}
	return c
}

// tell prints a line of a crowd, or holds it.
func (d *display) tell(c *crowd, instance, text string, now time.Time) {
	c.count++
	if len(c.held) < mostAlike {
		c.held = append(c.held, heldLine{instance, text})
	}
	if c.told < c.most || c.state == "ran" && now.Sub(c.last) >= quiet {
		d.release(c)
		c.last = now
	}
}

// release prints what a crowd holds.
func (d *display) release(c *crowd) {
	switch {
	case c.count == len(c.held):
		for _, l := range c.held {
			d.line(c.state, l.instance, l.text)
		}
	case c.state == "ran":
		d.line(c.state, more(c.stage, c.count), ranText(c.rows, c.reused, c.took)+" each at most")
	default:
		text := likeOthers(c.held[0].text)
		for _, l := range c.held[1:] {
			if likeOthers(l.text) != text {
				text += ", and the like"
				break
			}
		}
		d.line(c.state, more(c.stage, c.count), text)
	}
	c.told += c.count
	c.count, c.held, c.rows, c.reused, c.took = 0, nil, 0, 0, 0
}

func more(stage string, n int) string { return fmt.Sprintf("%s (%d more instances)", stage, n) }

// releaseStage prints all that is held of a stage.
func (d *display) releaseStage(stage string) {
	for _, c := range d.ofStage[stage] {
		if c.count > 0 {
			d.release(c)
		}
	}
}

// isInstance says whether a name is that of one instance of a matrix.
func isInstance(name string) bool { return strings.Contains(name, "[") }

func ranText(rows, reused int64, took time.Duration) string {
	var parts []string
	if rows > 0 {
		parts = append(parts, amount(rows, "row"))
	}
	if reused > 0 {
		parts = append(parts, fmt.Sprintf("%d of them unchanged", reused))
	}
	return strings.Join(append(parts, duration(took)), ", ")
}
