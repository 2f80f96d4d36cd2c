package cli

import (
	"fmt"
	"regexp"
	"strings"

	"shiftmill/engine"
	"shiftmill/pipeline"
)

// leastFold is how many instances of a stage that fare alike are printed as one line.
const leastFold = 4

// stageOf is the stage of an instance.
func stageOf(instance string) string {
	stage, _, _ := strings.Cut(instance, "[")
	return stage
}

var coordinates = regexp.MustCompile(`\[[^\[\]\s]*=[^\[\]\s]*\]`)

// jobFolder is the folder of an instance's program.
var jobFolder = regexp.MustCompile(`/jobs/[0-9a-f]{64}/`)

// likeOthers is a text about an instance as it would be about others of its stage.
func likeOthers(text string) string {
	return jobFolder.ReplaceAllString(coordinates.ReplaceAllString(text, ""), "/jobs/*/")
}

func folded(stage string, n int) string { return fmt.Sprintf("%s (%d instances)", stage, n) }

// foldNames puts the instances of a stage together where they are many, at the place
// of the first.
func foldNames(instances []string) (names []string) {
	count := map[string]int{}
	for _, i := range instances {
		count[stageOf(i)]++
	}
	for _, i := range instances {
		switch n := count[stageOf(i)]; {
		case n == 0: // named with the first
		case n < leastFold:
			names = append(names, i)
		default:
			names = append(names, folded(stageOf(i), n))
			count[stageOf(i)] = 0
		}
	}
	return names
}

// foldMistakes writes mistakes in lines: those at one place that differ only in the
// instance they name as one.
func foldMistakes(es pipeline.Errors) (lines []string) {
	type kind struct {
		pos       pipeline.Pos
		path, msg string
	}
	alike := func(e *pipeline.Error) kind { return kind{e.Pos, e.Path, likeOthers(e.Msg)} }
	count := map[kind]int{}
	for _, e := range es {
		count[alike(e)]++
	}
	for _, e := range es {
		switch n := count[alike(e)]; {
		case n == 0: // told with the first
		case n == 1:
			lines = append(lines, e.Error())
		case n == 2:
			lines = append(lines, fmt.Sprintf("%s (and so for one more instance)", e))
			count[alike(e)] = 0
		default:
			lines = append(lines, fmt.Sprintf("%s (and so for %d more instances)", e, n-1))
			count[alike(e)] = 0
		}
	}
	return lines
}

// foldPlan puts instances of a stage together that fare alike, where they are many:
// at the place of the first, with the work of all. details are what is said of each.
func foldPlan(plan []engine.Instance, details []string) ([]engine.Instance, []string) {
	key := func(i int) string {
		n := plan[i]
		from, detail := "", likeOthers(details[i])
		if n.Work != nil {
			from = n.Work.From
		}
		if n.State == engine.Hit && n.Rows > 0 {
			detail = "rows" // which are added up
		}
		return strings.Join([]string{stageOf(n.Name), n.State.String(), n.Kind, detail, from}, "\x00")
	}
	of := map[string][]int{}
	for i := range plan {
		of[key(i)] = append(of[key(i)], i)
	}
	var out []engine.Instance
	var said []string
	for i := range plan {
		group := of[key(i)]
		switch {
		case len(group) < leastFold:
			out, said = append(out, plan[i]), append(said, details[i])
		case group[0] == i:
			n, detail := plan[i], likeOthers(details[i])
			n.Name = folded(stageOf(n.Name), len(group))
			if n.Work != nil {
				sum := *n.Work
				for _, j := range group[1:] {
					sum = addWork(sum, *plan[j].Work)
				}
				n.Work = &sum
			}
			if n.State == engine.Hit && n.Rows > 0 {
				rows := 0
				for _, j := range group {
					rows += plan[j].Rows
				}
				detail = amount(rows, "row")
			}
			out, said = append(out, n), append(said, detail)
		}
	}
	return out, said
}

func addWork(a, b engine.Work) engine.Work {
	add := func(x, y int64) int64 {
		if x == engine.Unknown || y == engine.Unknown {
			return engine.Unknown
		}
		return x + y
	}
	a.Partitions += b.Partitions
	a.Rows, a.Bytes, a.Out = add(a.Rows, b.Rows), add(a.Bytes, b.Bytes), add(a.Out, b.Out)
	if a.Seconds += b.Seconds; a.Seconds-b.Seconds == engine.Unknown || b.Seconds == engine.Unknown {
		a.Seconds = engine.Unknown
	}
	a.Most = a.Most || b.Most
	return a
}

// A foldedChange is a change that instances of one stage have in common.
type foldedChange struct {
	engine.Change
	from   map[string]bool // instances behind the input
	times  int
	causes []engine.Change
}

// foldChanges puts changes together that differ only in the instance they come from.
func foldChanges(changes []engine.Change) []*foldedChange {
	of := map[string]*foldedChange{}
	var out []*foldedChange
	for _, c := range changes {
		alike := c
		alike.From, alike.Label = stageOf(c.From), likeOthers(c.Label)
		f := of[alike.String()]
		if f == nil {
			f = &foldedChange{Change: c, from: map[string]bool{}}
			of[alike.String()] = f
			out = append(out, f)
		}
		f.times++
		f.from[c.From] = true
		f.causes = append(f.causes, c.Cause...)
	}
	for _, f := range out {
		if len(f.from) > 1 {
			f.From = folded(stageOf(f.From), len(f.from))
		}
	}
	return out
}
