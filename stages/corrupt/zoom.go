package corrupt

import "math"

// A zoom enlarges the middle of a field by a factor of at least 1, linearly
// and corner to corner, and cuts the surplus off evenly.
type zoom struct {
	rows   []int     // for each output row the input row above it
	toward []float32 // and how far it lies towards the next

	base, lane []int32 // for each value of a row where its left neighbour is; see lerp
	from, to   []float32
}

// newZoom prepares fields of h x w pixels with c channels.
func newZoom(h, w, c int, factor float64) *zoom {
	z := &zoom{}
	var t []float64
	z.rows, t = zoomAxis(h, factor)
	z.toward = narrow(t)
	columns, t := zoomAxis(w, factor)
	blocks := (w*c + lanes - 1) / lanes
	z.base, z.lane = make([]int32, blocks), make([]int32, blocks*lanes)
	z.from, z.to = make([]float32, blocks*lanes), make([]float32, blocks*lanes)
	for i := range z.base {
		var at [lanes]int32
		least := int32(math.MaxInt32)
		for j := range at {
			e := min(i*lanes+j, w*c-1)
			at[j] = int32(columns[e/c]*c + e%c)
			least = min(least, at[j])
			z.to[i*lanes+j] = float32(t[e/c])
			z.from[i*lanes+j] = float32(1 - t[e/c])
		}
		z.base[i] = least
		for j := range at {
			z.lane[i*lanes+j] = at[j] - least // below 8, since neighbours read neighbours or the same
		}
	}
	return z
}

// across enlarges one row; src has room for lanes+c values behind it, which
// are read but don't count, and dst is a multiple of lanes.
func (z *zoom) across(dst, src []float32, c int) { lerp(dst, src, c, z.base, z.lane, z.from, z.to) }

// zoomAxis gives for each of n outputs the input to its left and how far it
// lies towards the next.
func zoomAxis(n int, factor float64) (at []int, toward []float64) {
	crop := int(math.Ceil(float64(n) / factor))
	first := (n - crop) / 2
	large := int(math.RoundToEven(float64(crop) * factor))
	trim := (large - n) / 2
	at, toward = make([]int, n), make([]float64, n)
	for i := range n {
		pos := 0.0
		if large > 1 {
			pos = float64(i+trim) * float64(crop-1) / float64(large-1)
		}
		left := math.Floor(pos)
		at[i], toward[i] = first+int(left), pos-left
	}
	return at, toward
}

// zoomBlur averages the picture and its enlargements.
func zoomBlur(x *field, zooms []*zoom) *field {
	out := newField(x.h, x.w, x.c)
	n := x.w * x.c
	room := (n+lanes-1)/lanes*lanes + lanes
	padded := make([]float32, n+lanes+x.c)
	// A row of the picture, and for every zoom two rows enlarged across, at the
	// places of odd and even row numbers.
	rows := make([]float32, room*(1+2*len(zooms)))
	held := make([]int, 2*len(zooms))
	for i := range held {
		held[i] = -1
	}
	offsets, weights := multiples(1+2*len(zooms), room), make([]float32, 1+2*len(zooms))
	share := 1 / float32(len(zooms)+1)
	weights[0] = share
	for y := range x.h {
		copy(rows[:n], x.row(y))
		for i, z := range zooms {
			for k := range 2 {
				at := min(z.rows[y]+k, x.h-1)
				slot := 2*i + at&1
				w := float32(share * z.toward[y])
				if k == 0 {
					w = float32(share * (1 - z.toward[y]))
				} else if at == z.rows[y] {
					continue // the last row, towards which nothing lies
				}
				weights[1+slot] = w
				if k == 0 {
					weights[1+(slot^1)] = 0
				}
				if w == 0 || held[slot] == at {
					continue
				}
				held[slot] = at
				copy(padded, x.row(at))
				z.across(rows[room*(1+slot):][:room-lanes], padded, x.c)
			}
		}
		weigh(out.row(y), rows, offsets, weights)
	}
	return out
}

// enlarge is one zoom of a field.
func enlarge(x *field, z *zoom) *field {
	out := newField(x.h, x.w, x.c)
	n := x.w * x.c
	room := (n + lanes - 1) / lanes * lanes
	padded := make([]float32, n+lanes+x.c)
	rows := make([]float32, x.h*room)
	last := min(z.rows[x.h-1]+1, x.h-1)
	for y := z.rows[0]; y <= last; y++ {
		copy(padded, x.row(y))
		z.across(rows[y*room:][:room], padded, x.c)
	}
	for y, at := range z.rows {
		t := z.toward[y]
		weigh(out.row(y), rows, []int32{int32(at * room), int32(min(at+1, x.h-1) * room)}, []float32{1 - t, t})
	}
	return out
}
