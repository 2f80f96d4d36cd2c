package simd

// ProductRows is the largest number of rows of a product tile, and ProductLanes its columns.
const (
	ProductRows  = 6
	ProductLanes = 4 * Lanes
)

// ProductTile adds k terms to rows x columns elements of a matrix product, rows from 1 to 6. Term t of element (i, j) is
// a[i*lda+t] times that of column j%64 of panel j/64 of the right factor, which is at right[j/64*size+t*ldb+j%64]; the
// element is at c[i*ldc+j]. The chain starts at +0, or at c's content if load is set. Whole panels, whose rows
// follow each other (ldb is 64) and may be read behind the last column, are faster. end may be nil.
func (b Backend) ProductTile(rows, columns, k int, a []float32, lda int, right []float32, ldb, size int, whole bool, c []float32, ldc int, load bool, end *Ending) {
	if b != AVX512 || k == 0 {
		productTileGeneric(rows, columns, k, a, lda, right, ldb, size, c, ldc, load, end)
		return
	}
	var rest Ending // of the columns behind
	behind := func(n int) {
		if end != nil && end.Add != nil {
			rest = *end
			rest.Add = rest.Add[min(n, len(rest.Add)):]
			end = &rest
		}
	}
	full := columns / ProductLanes
	for p := 0; p < full; p += productPiece {
		panels := min(productPiece, full-p)
		productTileAVX512(rows, ProductLanes/Lanes, panels, k, a, lda, right[p*size:], ldb, size, c[p*ProductLanes:], ldc, 1<<Lanes-1, whole, load, end)
		behind(panels * ProductLanes)
	}
	if left := columns % ProductLanes; left > 0 {
		vectors := (left + Lanes - 1) / Lanes
		mask := 1<<(left-(vectors-1)*Lanes) - 1
		productTileAVX512(rows, vectors, 1, k, a, lda, right[full*size:], ldb, size, c[full*ProductLanes:], ldc, mask, whole, load, end)
	}
}

// productPiece bounds the panels of one call, which nobody can interrupt.
const productPiece = 8

func productTileGeneric(rows, columns, k int, a []float32, lda int, right []float32, ldb, size int, c []float32, ldc int, load bool, end *Ending) {
	for i := range rows {
		for j := range columns {
			var acc float64
			if load {
				acc = float64(c[i*ldc+j])
			}
			at := j/ProductLanes*size + j%ProductLanes
			for t := range k {
				acc = chain(float64(a[i*lda+t]), float64(right[at+t*ldb]), acc)
			}
			c[i*ldc+j] = float32(acc)
			if end != nil {
				c[i*ldc+j] = end.value(i, i*end.Pitch+j, c[i*ldc+j])
			}
		}
	}
}

// CopyRows stores n rows of 64 values a panel, which lie xs apart in x, in panels that are size apart in y, one row behind another.
func (b Backend) CopyRows(n, panels int, x []float32, xs int, y []float32, size int) {
	if b == AVX512 && n > 0 && panels > 0 {
		copyRowsAVX512(n, panels, &x[0], xs, &y[0], size)
		return
	}
	for i := range n {
		for p := range panels {
			copy(y[p*size+i*ProductLanes:][:ProductLanes], x[i*xs+p*ProductLanes:])
		}
	}
}
