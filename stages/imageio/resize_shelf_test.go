package imageio

import "testing"

// TestShelf asks for more tables than a shelf has room for: those asked for again and again must be built once, and what is kept
// must stay within the room.
func TestShelf(t *testing.T) {
	const bytes = shelfBytes / 64
	var s shelf[int]
	built := map[int]int{}
	ask := func(n int) {
		t.Helper()
		if got := s.get(axis{from: n}, func() (int, int) { built[n]++; return n, bytes }); got != n {
			t.Fatalf("table of %d is that of %d", n, got)
		}
		held := 0
		for _, half := range []map[axis]kept[int]{s.young, s.old} {
			for _, k := range half {
				held += k.bytes
			}
		}
		if held > shelfBytes {
			t.Fatalf("keeps %d bytes of %d", held, shelfBytes)
		}
	}
	for n := 1; n <= 1000; n++ {
		ask(0)
		ask(n)
	}
	if built[0] != 1 {
		t.Errorf("the table that is asked for each time was built %d times", built[0])
	}
	ask(1)
	if built[1] != 2 {
		t.Errorf("the table asked for first was built %d times, want again after 1,000 others", built[1])
	}
	s.get(axis{from: -1}, func() (int, int) { return 0, shelfBytes })
	if _, ok := s.young[axis{from: -1}]; ok {
		t.Error("keeps a table larger than its half")
	}
}
