package near

import (
	"flag"
	"math/rand/v2"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
)

var many = flag.Int("looks", 3000, "made-up looks in TestManyLooks; ImageNet has 1280000")

// peakMB is the most that this process has held; 0 where the system does not say.
func peakMB() int {
	data, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for _, line := range strings.Split(string(data), "\n") {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kb, _ := strconv.Atoi(strings.Fields(rest)[0])
			return kb / 1024
		}
	}
	return 0
}

// madeUp is a look whose coefficients spread as those of pictures do.
func madeUp(r *rand.Rand) *Look {
	l := new(Look)
	for i := range l {
		v, u := i/16, i%16
		spread := 40.0
		if v < 8 && u < 8 {
			spread = usual[v*8+u]
		}
		l[i] = int16(max(-16000, min(16000, spread*r.NormFloat64())))
	}
	return l
}

// disturbed is a look of nearly the same picture.
func disturbed(l *Look, r *rand.Rand) *Look {
	m := *l
	for i := range m {
		m[i] += int16(15 * r.NormFloat64())
	}
	return &m
}

// Among many looks, each hundredth of which comes again with some noise, the
// index finds the pairs and next to nothing else, with memory for each look and
// none for pairs that are not there.
func TestManyLooks(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 1))
	looks := make([]*Look, *many)
	again := len(looks) / 100
	for i := range looks {
		if i < len(looks)-again {
			looks[i] = madeUp(r)
		} else {
			looks[i] = disturbed(looks[i-(len(looks)-again)], r)
		}
	}
	before, start := peakMB(), cpu()
	found := find(t, looks, runtime.GOMAXPROCS(0), 0, func(i, j int) bool { return true })
	took := cpu() - start
	pairs := 0
	for _, c := range found.Pairs {
		if int(c.J)-int(c.I) == len(looks)-again {
			pairs++
		}
	}
	t.Logf("%d looks: %.1f CPU-s, %.0f a second and core; peak memory %d MB, of which %d were there before the index",
		len(looks), took.Seconds(), float64(len(looks))/took.Seconds(), peakMB(), before)
	t.Logf("%d candidates, %d of the %d pairs among them, %d keys crowded", len(found.Pairs), pairs, again, found.Crowded)
	if float64(pairs) < 0.98*float64(again) {
		t.Errorf("%d of %d pairs found", pairs, again)
	}
	if len(found.Pairs)-pairs > len(looks)/10 {
		t.Errorf("%d candidates are none", len(found.Pairs)-pairs)
	}
}

// Of pictures that all look alike, each has a bounded number of candidates: those
// that look most like it.
func TestFramesOfOneFilm(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 1))
	scene, looks := madeUp(r), []*Look{}
	for range 600 {
		looks = append(looks, disturbed(scene, r))
	}
	for range 2000 { // so that the film does not make the scale
		looks = append(looks, madeUp(r))
	}
	twin := disturbed(looks[100], rand.New(rand.NewPCG(7, 1)))
	for i := range twin { // closer than any other frame
		twin[i] = looks[100][i] + int16(i%2)
	}
	looks = append(looks, twin)
	found := find(t, looks, 2, 0, func(i, j int) bool { return true })
	if len(found.Pairs) > 601*nearest || found.Crowds < 500 {
		t.Errorf("%d candidates, %d crowds; want at most %d, and most of 601", len(found.Pairs), found.Crowds, 601*nearest)
	}
	for _, c := range found.Pairs {
		if c.I == 100 && int(c.J) == len(looks)-1 {
			return
		}
	}
	t.Error("the frame that comes twice was not found")
}
