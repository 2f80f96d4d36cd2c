package main

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
)

// An isa is an instruction set that the element-wise loops are written for: its vectors are Y or Z registers.
type isa struct {
	suffix string // of function names
	vector string
	bytes  int // of a vector
}

var (
	avx2Set   = isa{"AVX2", "Y", 32}
	avx512Set = isa{"AVX512", "Z", 64}
)

// Lanes is simd.Lanes.
const Lanes = 16

func (i isa) lanes() int { return i.bytes / 4 }

func (i isa) registers() int {
	if i.masks() {
		return 32
	}
	return 16
}

func (i isa) masks() bool { return i.bytes == 64 }

var register = regexp.MustCompile(`\bV([0-9]+)\b`)

// vop emits an instruction whose vectors are written V0, V1, ... and, in memory operands, whose vector's size is @.
func (f *file) vop(format string, args ...any) {
	text := register.ReplaceAllString(fmt.Sprintf(format, args...), f.isa.vector+"$1")
	f.op("%s", sizes.ReplaceAllStringFunc(text, func(s string) string {
		n, _ := strconv.Atoi(s[1:])
		return strconv.Itoa(n * f.isa.bytes)
	}))
}

// sizes finds @n, which stands for n times the bytes of a vector.
var sizes = regexp.MustCompile(`@[0-9]+`)

// bits emits a bitwise operation of floats (AND, ANDN, OR, XOR).
func (f *file) bits(name, b, a, dst string) { f.vop("V%sPS %s, %s, %s", name, b, a, dst) }

// choose emits dst = compare(a, b) ? yes : no, where the predicate is one of VCMPPS; scratch may be dst.
func (f *file) choose(predicate int, b, a, yes, no, dst, scratch string) {
	if f.isa.masks() {
		f.vop("VCMPPS $%d, %s, %s, K1", predicate, b, a)
		f.vop("VBLENDMPS %s, %s, K1, %s", yes, no, dst)
		return
	}
	f.vop("VCMPPS $%d, %s, %s, %s", predicate, b, a, scratch)
	f.vop("VBLENDVPS %s, %s, %s, %s", scratch, yes, no, dst)
}

// Predicates of VCMPPS.
const (
	equal        = 0
	less         = 1
	lessEqual    = 2
	unordered    = 3
	notLessEqual = 6 // true for NaN
	ordered      = 7
	greater      = 14
)

// sorted yields a map's entries by key, so that the output is always the same.
func sorted(m map[string]string) func(func(string, string) bool) {
	return func(yield func(string, string) bool) {
		for _, k := range slices.Sorted(maps.Keys(m)) {
			if !yield(k, m[k]) {
				return
			}
		}
	}
}
