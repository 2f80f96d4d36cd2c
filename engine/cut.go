package engine

// A Cut says how a fresh dataset is cut into partitions. It never reaches a
// result.
type Cut struct{ Mean, Min, Max int }

// defaultCut keeps partitions near 1,024 rows.
var defaultCut = Cut{Mean: 1024, Min: 256, Max: 4096}

// CutAround is a cut into partitions of about n rows.
func CutAround(n int) Cut { return Cut{Mean: n, Min: max(1, n/4), Max: 4 * n} }

// ends returns the exclusive end of each partition of sorted ids. A partition
// ends where a hash of the id says so, so that inserted rows change the
// partition they fall into and no other.
func (c Cut) ends(ids []string) []int {
	var ends []int
	at := cutter{Cut: c}
	for i, id := range ids {
		if at.after(id) || i == len(ids)-1 {
			ends = append(ends, i+1)
		}
	}
	return ends
}

// A cutter cuts ids that come one after the other.
type cutter struct {
	Cut
	n int // rows of the partition so far
}

// after says whether a partition ends with this id.
func (c *cutter) after(id string) bool {
	c.n++
	ends := c.n >= c.Max || c.n >= c.Min && mix(fnv64a(id))%uint64(c.Mean) == 0
	if ends {
		c.n = 0
	}
	return ends
}

// fnv64a is the hash of hash/fnv, which wants its bytes copied.
func fnv64a(s string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	return h
}

// mix spreads the bits of a hash (the finaliser of SplitMix64).
func mix(x uint64) uint64 {
	x ^= x >> 30
	x *= 0xbf58476d1ce4e5b9
	x ^= x >> 27
	x *= 0x94d049bb133111eb
	return x ^ x>>31
}
