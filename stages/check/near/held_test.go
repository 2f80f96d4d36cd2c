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
	laid  [2]Match
	copy  bool
	known bool // two real pictures that are the same
	fold  int
}

// A setting is a choice of the three limits.
type setting struct{ agreement, detail, worst float64 }

var shipped = setting{agreement, detail, worst}

func (s setting) same(p *judged) bool {
	return slices.ContainsFunc(p.laid[:], func(m Match) bool {
		return m.Agreement >= s.agreement && m.Detail >= s.detail && m.Worst <= s.worst
	})
}

// loose is the agreement from which pairs are looked at here at all; all pairs
// of different real pictures above it were looked at when same.txt was made.
const loose = 0.90

// TestHeldOut asks what the limits of Confirm are worth on pictures that they
// were not chosen by: they are chosen anew on one half of the real pictures
// and their copies, by a rule, and judged on the other half.
func TestHeldOut(t *testing.T) {
	if os.Getenv("SHIFTMILL_SWEEP") == "" {
		t.Skip("chooses limits on 8,000 pictures; SHIFTMILL_SWEEP=1 runs it")
	}
	x := newTrial(t, real(t, 1), 0, 4000, 9) // other copies than those of TestCopies
	known := same(t)
	fold := func(i int) int {
		h := fnv.New32a()
		h.Write([]byte(short(x.files[i])))
		return int(h.Sum32()>>7) & 1
	}
	var pairs []judged
	var mu sync.Mutex
	found := x.all()
	each(len(found), runtime.GOMAXPROCS(0), func(k int) {
		p := judged{Candidate: found[k]}
		_, p.copy = x.copyOf(p.Candidate)
		if !p.copy && int(p.J) >= len(x.files) {
			return // copies of different pictures, or of known pairs
		}
		f, at := p.framing(x.thumbs[p.I], x.thumbs[p.J])
		agrees := f.agreement(at)
		if agrees < hopeless {
			return
		}
		p.laid[0] = f.judge(at, agrees, loose)
		at, agrees = f.refine(at, agrees)
		p.laid[1] = f.judge(at, agrees, loose)
		p.known = !p.copy && known[short(x.files[p.I])+" "+short(x.files[p.J])]
		p.fold = fold(int(p.I))
		if p.laid[1].Agreement < loose {
			return
		}
		mu.Lock()
		defer mu.Unlock()
		pairs = append(pairs, p)
	})
	if *sheets != "" {
		var strangers []Candidate
		of := map[Candidate]Match{}
		for _, p := range pairs {
			if !p.copy && !p.known {
				strangers = append(strangers, p.Candidate)
				of[p.Candidate] = p.laid[1]
			}
		}
		sheet(t, *sheets, x, strangers, func(c Candidate) Match { return of[c] })
	}
	made := [2]map[string]int{{}, {}}
	for k, i := range x.copied {
		made[fold(i)][x.how[k]]++
	}
	t.Logf("chosen on both halves: %v", choose(pairs, -1))
	for tune := range 2 {
		chosen := choose(pairs, tune)
		for _, s := range []setting{chosen, shipped} {
			caught, right, wrong := map[string]int{}, 0, 0
			for i := range pairs {
				p := &pairs[i]
				if p.fold == tune || !s.same(p) {
					continue
				}
				switch k, _ := x.copyOf(p.Candidate); {
				case p.copy:
					caught[x.how[k]]++
				case p.known:
					right++
				default:
					wrong++
				}
			}
			text := ""
			copied := 0
			for _, how := range copies {
				text += fmt.Sprintf(", %s %d of %d", how, caught[how], made[1-tune][how])
				copied += caught[how]
				need := 0.99
				if how == "cropped" {
					need = 0.90
				}
				if float64(caught[how]) < need*float64(made[1-tune][how]) {
					t.Errorf("half %d, limits %v: %d of %d %s copies found", 1-tune, s, caught[how], made[1-tune][how], how)
				}
			}
			name := fmt.Sprintf("chosen on half %d", tune)
			if s == shipped {
				name = "as shipped"
			}
			t.Logf("limits %v (%s), judged on half %d: %d real pairs the same, %d not%s", s, name, 1-tune, right, wrong, text)
			if float64(wrong) > 0.01*float64(right+copied+wrong) {
				t.Errorf("half %d, limits %v: %d pairs are not the same", 1-tune, s, wrong)
			}
		}
	}
}

// choose takes the limits that join no two different real pictures of a half,
// or of both for -1, and find the most copies; of several such, the middle one in each limit.
func choose(pairs []judged, fold int) setting {
	var best []setting
	most := -1
	for a := 90; a <= 98; a++ {
		for d := 6; d <= 18; d++ {
			for w := 2; w <= 16; w++ {
				s := setting{float64(a) / 100, float64(d) / 20, float64(w) / 20}
				copied, wrong := 0, false
				for i := range pairs {
					p := &pairs[i]
					if p.fold == 1-fold || wrong || !s.same(p) {
						continue
					}
					if p.copy {
						copied++
					}
					wrong = !p.copy && !p.known
				}
				if wrong || copied < most {
					continue
				}
				if copied > most {
					most, best = copied, nil
				}
				best = append(best, s)
			}
		}
	}
	middle := func(of func(setting) float64) float64 {
		v := make([]float64, len(best))
		for i, s := range best {
			v[i] = of(s)
		}
		slices.Sort(v)
		return v[len(v)/2]
	}
	return setting{middle(func(s setting) float64 { return s.agreement }), middle(func(s setting) float64 { return s.detail }), middle(func(s setting) float64 { return s.worst })}
}
