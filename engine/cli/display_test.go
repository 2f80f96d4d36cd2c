package cli

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"shiftmill/engine"
)

// TestRateOfWork checks that the rate of a stage is that of its present work:
// the time it waited for its input, another unit it counted before and the
// steps that an earlier run had done are no part of it.
func TestRateOfWork(t *testing.T) {
	var out bytes.Buffer
	d := &display{out: &out, stderr: &out, active: map[string]*activeStage{}}
	begin := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	at := func(seconds, done int, unit string) {
		d.event(engine.Event{Type: engine.Progress, Stage: "net", Time: begin.Add(time.Duration(seconds) * time.Second), Done: int64(done), Total: 1000, Unit: unit})
	}
	d.active["net"] = &activeStage{told: begin}
	at(500, 8, "images read")
	at(520, 108, "images read")
	at(1000, 400, "steps") // of which an earlier run did all
	at(1060, 520, "steps")
	want := []string{
		"at work  net  8 of 1000 images read",
		"at work  net  108 of 1000 images read, 5/s, about 2m58s left",
		"at work  net  400 of 1000 steps",
		"at work  net  520 of 1000 steps, 2/s, about 4m0s left",
	}
	if got := strings.TrimSpace(out.String()); got != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", got, strings.Join(want, "\n"))
	}
}
