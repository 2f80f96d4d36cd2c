package draw

// Contour adds the closed contour through the points, at least three of them.
func (p *Path) Contour(pts []Point) {
	p.Move(pts[0].X, pts[0].Y)
	for _, q := range pts[1:] {
		p.Line(q.X, q.Y)
	}
}

// Smooth rounds a closed contour by cutting its corners (Chaikin, 1974), so many times; each
// doubles the number of points. A corner given as two equal points stays sharp.
func Smooth(pts []Point, rounds int) []Point {
	for range rounds {
		out := make([]Point, 0, 2*len(pts))
		for i, a := range pts {
			b := pts[(i+1)%len(pts)]
			if a == b {
				out = append(out, a, a)
				continue
			}
			out = append(out,
				Point{floorDiv(3*a.X+b.X+2, 4), floorDiv(3*a.Y+b.Y+2, 4)},
				Point{floorDiv(a.X+3*b.X+2, 4), floorDiv(a.Y+3*b.Y+2, 4)})
		}
		pts = out
	}
	return pts
}

// Clear makes every pixel of the image v.
func (m *Image) Clear(v uint8) {
	for i := range m.Pix {
		m.Pix[i] = v
	}
}

// Through lays the layer on the image where the mask's red channel is bright: 255 shows the layer,
// 0 the image. All three have one size.
func (m *Image) Through(mask, layer *Image) {
	for i := 0; i < len(m.Pix); i += 3 {
		k := int32(mask.Pix[i])
		if k == 0 {
			continue
		}
		k += k >> 7 // 255 is all
		for j := i; j < i+3; j++ {
			m.Pix[j] = uint8((int32(m.Pix[j])*(256-k) + int32(layer.Pix[j])*k + 128) >> 8)
		}
	}
}
