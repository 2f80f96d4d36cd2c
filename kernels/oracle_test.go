package kernels

import "math"

// The definitions of numeric-rules word by word, one term at a time, as the oracle of the packed and tiled versions.

func oracleConv(x, w, bias []float32, s ConvShape) []float32 {
	s = s.filled()
	oh, ow, ci, co := s.OutH(), s.OutW(), s.Ci/s.Groups, s.Co/s.Groups
	y := make([]float32, s.N*s.Co*oh*ow)
	for n := range s.N {
		for o := range s.Co {
			for oy := range oh {
				for ox := range ow {
					var acc float32
					for c := range ci {
						for kh := range s.KH {
							for kw := range s.KW {
								iy, ix := oy*s.StrideH+kh*s.DilH-s.PadH, ox*s.StrideW+kw*s.DilW-s.PadW
								var v float32
								if iy >= 0 && iy < s.H && ix >= 0 && ix < s.W {
									v = x[((n*s.Ci+o/co*ci+c)*s.H+iy)*s.W+ix]
								}
								acc = FMA32(v, w[((o*ci+c)*s.KH+kh)*s.KW+kw], acc)
							}
						}
					}
					if bias != nil {
						acc += bias[o]
					}
					y[((n*s.Co+o)*oh+oy)*ow+ox] = acc
				}
			}
		}
	}
	return y
}

func oracleBackData(dy, w []float32, s ConvShape) []float32 {
	s = s.filled()
	oh, ow, ci, co := s.OutH(), s.OutW(), s.Ci/s.Groups, s.Co/s.Groups
	dx := make([]float32, s.N*s.Ci*s.H*s.W)
	for n := range s.N {
		for c := range s.Ci {
			g := c / ci
			for iy := range s.H {
				for ix := range s.W {
					var acc float32
					for o := range co {
						for kh := range s.KH {
							for kw := range s.KW {
								ny, nx := iy+s.PadH-kh*s.DilH, ix+s.PadW-kw*s.DilW
								if math.Mod(float64(ny), float64(s.StrideH)) != 0 || math.Mod(float64(nx), float64(s.StrideW)) != 0 {
									continue
								}
								oy, ox := ny/s.StrideH, nx/s.StrideW
								var v float32
								if ny >= 0 && nx >= 0 && oy < oh && ox < ow {
									v = dy[((n*s.Co+g*co+o)*oh+oy)*ow+ox]
								}
								acc = FMA32(v, w[(((g*co+o)*ci+c%ci)*s.KH+kh)*s.KW+kw], acc)
							}
						}
					}
					dx[((n*s.Ci+c)*s.H+iy)*s.W+ix] = acc
				}
			}
		}
	}
	return dx
}

func oracleBackWeight(dy, x []float32, s ConvShape) []float32 {
	s = s.filled()
	oh, ow, ci, co := s.OutH(), s.OutW(), s.Ci/s.Groups, s.Co/s.Groups
	dw := make([]float32, s.Co*ci*s.KH*s.KW)
	for i := range dw {
		kw, kh, c, o := i%s.KW, i/s.KW%s.KH, i/s.KW/s.KH%ci, i/s.KW/s.KH/ci
		var total, acc float32
		for p := range s.N * oh * ow {
			if p%1024 == 0 {
				if p == 1024 {
					total = acc
				} else if p > 0 {
					total += acc
				}
				acc = 0
			}
			n, oy, ox := p/oh/ow, p/ow%oh, p%ow
			iy, ix := oy*s.StrideH+kh*s.DilH-s.PadH, ox*s.StrideW+kw*s.DilW-s.PadW
			var v float32
			if iy >= 0 && iy < s.H && ix >= 0 && ix < s.W {
				v = x[((n*s.Ci+o/co*ci+c)*s.H+iy)*s.W+ix]
			}
			acc = FMA32(v, dy[((n*s.Co+o)*oh+oy)*ow+ox], acc)
		}
		if s.N*oh*ow > 1024 {
			acc = total + acc
		}
		dw[i] = acc
	}
	return dw
}
