package cli

import (
	"fmt"
	"strings"
	"time"

	"shiftmill/engine"
)

// workText says what a stage will take, as far as that is known; "" for nothing.
func workText(w *engine.Work) string {
	if w == nil {
		return ""
	}
	if w.Partitions == 0 && w.Bytes == 0 {
		return w.From
	}
	var parts []string
	if w.Rows > 0 {
		rows := amount(w.Rows, "row")
		if w.Partitions > 1 {
			rows += fmt.Sprintf(" in %d partitions", w.Partitions)
		}
		parts = append(parts, rows)
	}
	if w.Bytes >= 0 {
		parts = append(parts, size(w.Bytes)+" to store")
	}
	if w.Seconds > 0 {
		parts = append(parts, duration(seconds(w.Seconds)))
	}
	text := strings.Join(parts, ", ")
	if text == "" || w.Bytes < 0 {
		return text
	}
	if w.Most {
		return "at most " + text + ", " + w.From
	}
	return "about " + text + ", " + w.From
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// planTotals counts the states of a plan and adds up its work.
func planTotals(plan []engine.Instance) string {
	count := map[engine.State]int{}
	var took float64
	var stored int64
	untimed, unsized := 0, 0
	for _, n := range plan {
		count[n.State]++
		w := n.Work
		if w == nil {
			continue
		}
		if w.Seconds == engine.Unknown {
			untimed++
		} else {
			took += w.Seconds
		}
		if w.Bytes == engine.Unknown {
			unsized++
		} else {
			stored += w.Bytes
		}
	}
	text := fmt.Sprintf("%d to run, %d after those, %d cached", count[engine.Miss], count[engine.Pending], count[engine.Hit])
	if took > 0 {
		text += fmt.Sprintf("; about %s of work", duration(seconds(took)))
		if untimed > 0 {
			text += fmt.Sprintf(" and %s not run before", amount(untimed, "stage"))
		}
	}
	if stored > 0 {
		text += fmt.Sprintf("; about %s to store", size(stored))
		if unsized > 0 {
			text += fmt.Sprintf(" and %s of unknown size", amount(unsized, "stage"))
		}
	}
	return text
}
