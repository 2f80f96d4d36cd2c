package near

// views are the 64 lowest coefficients of a look, whole and by its nine windows,
// and those of the mirror image of each, which need not be computed on their own:
// odd cosines along a row change their sign, and the windows at a row's start and
// end change places.
type views struct {
	low  [64]int32
	sums [9][64]int64 // of windows [down][along], in 1/2^24
	view [64]int32
}

func (w *views) take(l *Look) {
	w.low = l.low()
	for along := range 3 {
		var half [16][8]int64 // [v][q]
		for v := range 16 {
			for q := range 8 {
				c := &windows[along][q]
				sum := int64(0)
				for u := range 16 {
					sum += int64(l[v*16+u]) * int64(c[u])
				}
				half[v][q] = sum
			}
		}
		for down := range 3 {
			for p := range 8 {
				c := &windows[down][p]
				var sums [8]int64
				for v := range 16 {
					for q, h := range &half[v] {
						sums[q] += h * int64(c[v])
					}
				}
				copy(w.sums[3*down+along][8*p:], sums[:])
			}
		}
	}
}

// of are the coefficients of the window at a place, 3*down+along, or of the
// whole at -1; they stand until the next call.
func (w *views) of(place int, mirror bool) *[64]int32 {
	if place < 0 {
		w.view = w.low
		if mirror {
			for i := 1; i < 64; i += 2 {
				w.view[i] = -w.view[i]
			}
		}
		return &w.view
	}
	sums, sign := &w.sums[place], int64(1)
	if mirror {
		sums, sign = &w.sums[place/3*3+2-place%3], -1
	}
	for i, s := range sums {
		if i%2 == 1 {
			s *= sign
		}
		w.view[i] = int32((s + 1<<23) >> 24)
	}
	return &w.view
}
