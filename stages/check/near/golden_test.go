package near

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
)

// mixed are looks of all sorts: made up, the same with some noise, mirrored,
// frames of films of which there are few and very many, flat ones and none.
func mixed() []*Look {
	r := rand.New(rand.NewPCG(8, 1))
	var looks []*Look
	for range 1500 {
		looks = append(looks, madeUp(r))
	}
	for i := range 100 {
		looks = append(looks, disturbed(looks[7*i], r))
		looks = append(looks, disturbed(mirroredLook(looks[11*i]), r))
	}
	for _, frames := range []int{30, 100} {
		scene := madeUp(r)
		for range frames {
			looks = append(looks, disturbed(scene, r))
		}
	}
	still := madeUp(r)
	for range 4100 {
		looks = append(looks, still)
	}
	looks = append(looks, nil, new(Look), nil, &Look{300})
	r.Shuffle(len(looks), func(i, j int) { looks[i], looks[j] = looks[j], looks[i] })
	return looks
}

// mirroredLook is the look of the mirrored picture: odd cosines along a row change
// their sign.
func mirroredLook(l *Look) *Look {
	m := *l
	for i := 1; i < len(m); i += 2 {
		m[i] = -m[i]
	}
	return &m
}

func digestOf(found []Candidate) [8]byte {
	h := sha256.New()
	for _, c := range found {
		var b []byte
		b = binary.LittleEndian.AppendUint32(b, uint32(c.I))
		b = binary.LittleEndian.AppendUint32(b, uint32(c.J))
		b = append(b, byte(c.order()))
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(c.Cosine))
		h.Write(b)
	}
	return [8]byte(h.Sum(nil))
}

// listed are looks in memory.
type listed []*Look

func (l listed) Len() int { return len(l) }

func (l listed) Each(f func(first int, run []*Look) error) error {
	const run = 1000
	for at := 0; at < len(l); at += run {
		if err := f(at, l[at:min(at+run, len(l))]); err != nil {
			return err
		}
	}
	return nil
}

func find(t testing.TB, looks []*Look, workers int, memory int64, apart func(i, j int) bool) *Found {
	t.Helper()
	s := Search{Workers: workers, Memory: memory, Apart: apart}
	found, err := s.Find(listed(looks))
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// What is found never changes: not with the memory, in which tables may have to
// be made one after the other, nor with the workers, nor with the code. The digest was
// taken when all vectors and tables were in memory at once.
func TestFindGolden(t *testing.T) {
	looks := mixed()
	apart := func(i, j int) bool { return (i^j)&1 == 1 }
	for _, tt := range []struct {
		workers, rounds int
		memory          int64
	}{{2, 1, 0}, {1, 2, 1_240_000}, {3, 5, 1_110_000}} {
		found := find(t, looks, tt.workers, tt.memory, apart)
		if found.Rounds != tt.rounds {
			t.Errorf("with %d bytes the tables are made in %d rounds, want %d", tt.memory, found.Rounds, tt.rounds)
		}
		got := fmt.Sprintf("%d pairs %x, %d keys crowded, %d crowds, %d blank", len(found.Pairs), digestOf(found.Pairs), found.Crowded, found.Crowds, found.Blank)
		if want := "2508 pairs a76c67fc0c4b048b, 24 keys crowded, 32 crowds, 2 blank"; got != want {
			t.Errorf("with %d bytes:\n got %s\nwant %s", tt.memory, got, want)
		}
	}
}

// With no memory at all each table is made on its own.
func TestFindTableByTable(t *testing.T) {
	looks := mixed()[:300]
	want := find(t, looks, 2, 0, func(i, j int) bool { return true })
	got := find(t, looks, 2, 1, func(i, j int) bool { return true })
	if got.Rounds != tables || want.Rounds != 1 {
		t.Fatalf("%d and %d rounds", got.Rounds, want.Rounds)
	}
	if want.Rounds = got.Rounds; !reflect.DeepEqual(got, want) {
		t.Errorf("%d pairs %x, want %d %x", len(got.Pairs), digestOf(got.Pairs), len(want.Pairs), digestOf(want.Pairs))
	}
}

// A table gives each key its pictures, whatever else there is.
func TestTable(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 1))
	for _, n := range []int{0, 1, 40, 3000} {
		keys := make([]uint32, n)
		want := make([][]int32, 256)
		for i := range keys {
			if keys[i] = uint32(r.IntN(256)); i%3 == 0 {
				keys[i] = []uint32{0, 7, 255}[r.IntN(3)]
			}
			if i%5 > 0 {
				want[keys[i]] = append(want[keys[i]], int32(i))
			}
		}
		table := newTable(8, n, func(i int) (uint32, bool) { return keys[i], i%5 > 0 })
		crowded := 0
		for k := range want {
			if got := table.of(uint32(k)); !slices.Equal(got, want[k]) {
				t.Errorf("of %d pictures, key %d has %v, want %v", n, k, got, want[k])
			}
			if len(want[k]) > 20 {
				crowded++
			}
		}
		if got := table.crowded(8, 20); got != crowded {
			t.Errorf("of %d pictures, %d keys are crowded, want %d", n, got, crowded)
		}
	}
}
