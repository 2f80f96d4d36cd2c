package near

import (
	"fmt"
	"hash/fnv"
	"os"
	"runtime"
	"slices"
	"sync"
	"testing"
)

// A judged pair is a copy and its original, or two real pictures, laid over
// each other as the candidate said and with the edges moved.
type judged struct {
	Candidate
	laid [2]Match
	how  string // of a copy
	same bool
	fold int
}

func (l Limits) accepts(p *judged) bool { return slices.ContainsFunc(p.laid[:], l.accept) }

const (
	loose  = 0.84 // agreement from which pairs are looked at here at all
	harder = 0.70 // cosine of the pairs of different pictures that limits are chosen by: more than the index finds
)

// TestHeldOut asks what the limits of Confirm are worth on pictures that they
// were not chosen by: they are chosen anew on one half of the real pictures
// and their copies, by a rule, and judged on the other half; that several times,
// with other halves.
func TestHeldOut(t *testing.T) {
	if os.Getenv("SHIFTMILL_SWEEP") == "" {
		t.Skip("chooses limits on 8,000 pictures; SHIFTMILL_SWEEP=1 runs it")
	}
	x := newTrial(t, real(t, 1), 0, 4000, 9) // other copies than those of TestCopies
	pairs := x.judge(t)
	for halving := range 5 {
		for i := range pairs {
			pairs[i].fold = x.fold(int(pairs[i].I), halving)
		}
		made := [2]map[string]int{{}, {}}
		for k, i := range x.copied {
			made[x.fold(i, halving)][x.how[k]]++
		}
		for tune := range 2 {
			chosen := choose(t, pairs, func(p *judged) bool { return p.fold == tune })
			x.report(t, pairs, chosen, 1-tune, made[1-tune], fmt.Sprintf("chosen on half %d.%d", halving, tune))
			if halving == 0 {
				x.report(t, pairs, Usual(), 1-tune, made[1-tune], "as shipped")
			}
		}
	}
	t.Logf("chosen on all: %.3f", choose(t, pairs, func(*judged) bool { return true }))
}

func (x *trial) fold(i, halving int) int {
	h := fnv.New64a()
	fmt.Fprint(h, halving, x.origins[i])
	return int(mix(h.Sum64()) & 1)
}

// judge lays all pairs of real pictures that come near over each other, and
// all copies over their originals.
func (x *trial) judge(t *testing.T) []judged {
	var pairs []judged
	var strangers []Candidate
	of := map[Candidate]Match{}
	var mu sync.Mutex
	found := x.candidates(harder)
	each(len(found), runtime.GOMAXPROCS(0), func(k int) {
		p := judged{Candidate: found[k], same: x.same(found[k])}
		if k, ok := x.copyOf(p.Candidate); ok {
			p.how = x.how[k]
		} else if !x.isReal(p.J) {
			return // copies of different pictures, or of known pairs
		}
		f, at := p.framing(x.thumbs[p.I], x.thumbs[p.J])
		agrees := f.agreement(at)
		if agrees < hopeless {
			return
		}
		p.laid[0] = f.judge(at, agrees, loose)
		if at, agrees, ok := f.refine(at, loose); ok {
			p.laid[1] = f.judge(at, agrees, loose)
		}
		if max(p.laid[0].Agreement, p.laid[1].Agreement) < loose {
			return
		}
		mu.Lock()
		defer mu.Unlock()
		pairs = append(pairs, p)
		if !p.same {
			strangers, of[p.Candidate] = append(strangers, p.Candidate), p.laid[1]
		}
	})
	t.Logf("%d pairs of real pictures that are not the same come near", len(strangers))
	if *sheets != "" {
		sheet(t, *sheets, x, strangers, func(c Candidate) Match { return of[c] })
	}
	return pairs
}

// report judges limits on a half: made says how many copies of each kind it has.
func (x *trial) report(t *testing.T, pairs []judged, s Limits, half int, made map[string]int, name string) {
	caught, right, wrong, hard := map[string]int{}, 0, 0, 0
	for i := range pairs {
		p := &pairs[i]
		switch {
		case p.fold != half || !s.accepts(p):
		case p.how != "":
			caught[p.how]++
		case p.same:
			right++
		case p.Cosine >= parallel:
			wrong++
		default:
			hard++
		}
	}
	text, copied := "", 0
	for _, how := range copies {
		text += fmt.Sprintf(", %s %d of %d", how, caught[how], made[how])
		copied += caught[how]
		need := 0.99
		if how == "cropped" {
			need = 0.90
		}
		if float64(caught[how]) < need*float64(made[how]) {
			t.Errorf("limits %.3f (%s): %d of %d %s copies of the other half found", s, name, caught[how], made[how], how)
		}
	}
	t.Logf("limits %.3f (%s): of the other half %d real pairs the same, %d not (of those that the index would not even ask for %d)%s", s, name, right, wrong, hard, text)
	if percent(right, right+wrong) < 99 {
		t.Errorf("limits %.3f (%s): %d pairs of the other half are not the same", s, name, wrong)
	}
}

// choose takes the middle, in each limit, of all those that join no two
// different real pictures of a part and find nearly all copies of each kind.
func choose(t *testing.T, pairs []judged, in func(*judged) bool) Limits {
	t.Helper()
	all := map[string]int{}
	for i := range pairs {
		if p := &pairs[i]; in(p) {
			all[p.how]++
		}
	}
	var fit []Limits
	for a := 85; a <= 98; a++ {
		for s := 2; s <= 40; s++ {
			for d := 80; d <= 98; d += 2 {
				s := Limits{float64(a) / 100, float64(s) / 50, float64(d) / 100}
				caught, wrong := map[string]int{}, false
				for i := range pairs {
					p := &pairs[i]
					if wrong || !in(p) || !s.accepts(p) {
						continue
					}
					wrong = !p.same
					caught[p.how]++
				}
				enough := !slices.ContainsFunc(copies, func(how string) bool {
					return float64(caught[how]) < 0.995*float64(all[how])
				})
				if !wrong && enough {
					fit = append(fit, s)
				}
			}
		}
	}
	if len(fit) == 0 {
		t.Fatal("no limits will do")
	}
	middle := func(of func(Limits) float64) float64 {
		v := make([]float64, len(fit))
		for i, s := range fit {
			v[i] = of(s)
		}
		slices.Sort(v)
		return v[len(v)/2]
	}
	return Limits{middle(func(s Limits) float64 { return s.Agreement }), middle(func(s Limits) float64 { return s.Structure }), middle(func(s Limits) float64 { return s.Detail })}
}
