package kernels

// A layout says how the channels of an image are copied before a convolution reads them: padded with zeros, and for a
// stride cut into phases (every stride-th row and column), so that each tap reads neighbouring output positions from
// neighbouring addresses.
type layout struct {
	h, w             int      // of the image as it is
	top, left        int      // zero rows and columns before the first; negative ones crop
	strideH, strideW int      // distance of output positions in the image
	phases           [][2]int // the phases that some tap reads
	rows, pitch      int      // of one phase's plane
}

// channel returns the number of elements of one channel.
func (l *layout) channel() int { return len(l.phases) * l.rows * l.pitch }

// plain reports that the image can be read where it lies.
func (l *layout) plain() bool {
	return l.top == 0 && l.left == 0 && l.strideH == 1 && l.strideW == 1 && l.rows == l.h && l.pitch == l.w
}

// tap returns the offset within a channel of what output (0, 0) reads at row y and column x of the padded image,
// registering the phase when it is new.
func (l *layout) tap(y, x int) int {
	phase := [2]int{y % l.strideH, x % l.strideW}
	at := -1
	for i, p := range l.phases {
		if p == phase {
			at = i
		}
	}
	if at < 0 {
		at = len(l.phases)
		l.phases = append(l.phases, phase)
	}
	return (at*l.rows+y/l.strideH)*l.pitch + x/l.strideW
}

// copy lays out one channel.
func (l *layout) copy(dst, src []float32) { l.copyRows(dst, src, l.pitch, l.rows*l.pitch, 0, l.rows) }

// copyRows lays out n rows of one channel from row first on: row first+i of a phase at dst[i*next], the phases plane apart.
func (l *layout) copyRows(dst, src []float32, next, plane, first, n int) {
	if len(l.phases) == 1 && l.strideH == 1 && l.strideW == 1 && l.left >= 0 && l.left+l.w <= l.pitch {
		before := min(max(l.top-first, 0), n)
		y := min(max(first-l.top, 0), l.h)
		count := min(l.h-y, n-before)
		for i := range n {
			if i < before || i >= before+count {
				clear(dst[i*next : i*next+l.pitch])
			}
		}
		if count > 0 {
			backend().PadRows(count, l.left, l.w, l.pitch, src[y*l.w:], dst[before*next:], next)
		}
		return
	}
	for at, p := range l.phases {
		for i := range n {
			row := dst[at*plane+i*next:][:l.pitch]
			y := p[0] + (first+i)*l.strideH - l.top
			if y < 0 || y >= l.h {
				clear(row)
				continue
			}
			copyRow(row, src[y*l.w:(y+1)*l.w], p[1]-l.left, l.strideW)
		}
	}
}

// line is how far apart the rows lie when those of all channels lie side by side; whatever a tile reads then lies in few pages
// of memory.
func (l *layout) line(channels int) int { return channels * len(l.phases) * l.pitch }

// lines replaces offsets of taps into channels one behind another by those into rows of so many channels.
func (l *layout) lines(taps []int, channels int) {
	for i, o := range taps {
		row := o / l.pitch
		taps[i] = row%l.rows*l.line(channels) + row/l.rows*l.pitch + o%l.pitch
	}
}

// copyRow sets dst[j] to src[first+j*stride], or +0 where that lies outside.
func copyRow(dst, src []float32, first, stride int) {
	j := 0
	for ; j < len(dst) && first+j*stride < 0; j++ {
		dst[j] = 0
	}
	switch stride {
	case 1:
		if at := first + j; at < len(src) {
			j += copy(dst[j:], src[at:])
		}
	case 2:
		if at := first + 2*j; at < len(src) {
			n := min(len(dst)-j, (len(src)-at+1)/2)
			backend().Deinterleave(dst[j:j+n], src[at:])
			j += n
		}
	default:
		for ; j < len(dst) && first+j*stride < len(src); j++ {
			dst[j] = src[first+j*stride]
		}
	}
	clear(dst[j:])
}
