package corrupt

// gaussianNoise adds normal noise of standard deviation c to every value.
func gaussianNoise(x *field, c float64, src Draws) *field {
	z := make([]float32, len(x.v))
	src.Normals(z, bulk(0))
	for i := range x.v {
		x.v[i] += float64(c * float64(z[i]))
	}
	return x
}

// speckleNoise is gaussianNoise in proportion to the value.
func speckleNoise(x *field, c float64, src Draws) *field {
	z := make([]float32, len(x.v))
	src.Normals(z, bulk(0))
	for i, v := range x.v {
		x.v[i] = v + float64(v*float64(c*float64(z[i])))
	}
	return x
}

// shotNoise counts photons, c of which make a value of 1.
func shotNoise(x *field, c float64, src Draws) *field {
	for i, v := range x.v {
		x.v[i] = float64(src.Poisson(bulk(0)+uint32(i), v*c)) / c
	}
	return x
}

// impulseNoise hits each value, not each pixel, with probability c and makes
// it 1 or 0, either equally likely.
func impulseNoise(x *field, c float64, src Draws) *field {
	u := make([]float32, len(x.v))
	src.Uniforms(u, bulk(0))
	for i := range x.v {
		switch v := float64(u[i]); {
		case v < c/2:
			x.v[i] = 1
		case v < c:
			x.v[i] = 0
		}
	}
	return x
}
