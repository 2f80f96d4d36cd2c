package kernels

import (
	"fmt"
	"testing"
)

func TestMatMul(t *testing.T) {
	for i, d := range [][3]int{{1, 1, 1}, {0, 3, 2}, {3, 0, 2}, {2, 3, 0}, {7, 8, 9}, {13, 65, 63}, {6, 16, 400}, {5, 256, 20}, {20, 5, 900}, {11, 135, 600}, {515, 64, 9}, {2, 1100, 5}, {8, 80, 257}} {
		m, n, k := d[0], d[1], d[2]
		for _, trans := range []int{0, 1, 2, 3} {
			transA, transB := trans&1 != 0, trans&2 != 0
			t.Run(fmt.Sprint(d, transA, transB), func(t *testing.T) {
				a, b := testValues("a", m*k, i%2 == 1), testValues("b", k*n, i%2 == 1)
				want := make([]float32, m*n)
				for r := range m {
					for c := range n {
						for j := range k {
							at, bt := r*k+j, j*n+c
							if transA {
								at = j*m + r
							}
							if transB {
								bt = c*k + j
							}
							want[r*n+c] = FMA32(a[at], b[bt], want[r*n+c])
						}
					}
				}
				eachBackend(t, func(t *testing.T, p *Pool) {
					got, check := guarded(m * n)
					MatMul(got, a, b, m, n, k, transA, transB, p)
					check(t, "MatMul")
					sameBits(t, "MatMul", got, want)
				})
			})
		}
	}
}
