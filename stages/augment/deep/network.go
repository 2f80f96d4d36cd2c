package deep

import "shiftmill/kernels/nn"

// A NetworkWeights is a distortion of one convolution of any network.
type NetworkWeights struct {
	Name  string
	apply func(l layer, d *Dice)
}

// NetworkWeightDistortions are those of EDSR and CAE that suit a convolution of
// any shape. Noise and growth are in measure of the weights.
func NetworkWeightDistortions() []NetworkWeights {
	weights := func(change func(v []float32, d *Dice)) func(layer, *Dice) {
		return func(l layer, d *Dice) { change(l.weight.Data, d) }
	}
	// some calls change with half the filters, drawn with replacement, each once.
	some := func(change func(v []float32)) func(layer, *Dice) {
		return func(l layer, d *Dice) {
			chosen := make([]bool, l.filters())
			for range (len(chosen) + 1) / 2 {
				chosen[d.IntN(len(chosen))] = true
			}
			for i, is := range chosen {
				if is {
					change(l.filter(i))
				}
			}
		}
	}
	return []NetworkWeights{
		{"flip-filters", func(l layer, _ *Dice) { l.flip() }},
		{"negate", weights(func(v []float32, _ *Dice) { negate(v) })},
		{"gelu", weights(func(v []float32, _ *Dice) { bend(v) })},
		{"grow", weights(func(v []float32, d *Dice) { grow(v, 4, d) })},
		{"mirror", func(l layer, _ *Dice) { mirror(l.weight.Data, l.weight.Shape[3]) }},
		{"noise", weights(func(v []float32, d *Dice) {
			most := float32(0)
			for _, x := range v {
				most = max(most, x, -x)
			}
			noise := make([]float32, len(v))
			d.Fill(noise, -most/2, most/2)
			for i := range v {
				v[i] += noise[i]
			}
		})},
		{"rotate", func(l layer, d *Dice) {
			if k := 1 + d.IntN(3); l.weight.Shape[2] == l.weight.Shape[3] {
				rotate(l.weight.Data, l.weight.Shape[3], 1, k)
			}
		}},
		{"signs", weights(sign)},
		{"mask", weights(keep)},
		{"negate-filters", some(negate)},
		{"zero-filters", some(func(v []float32) { clear(v) })},
		{"largest", func(l layer, _ *Dice) { largest(l.weight.Data, l.weight.Shape[2]*l.weight.Shape[3]) }},
	}
}

// DistortNetwork applies so many of some weight distortions, each equally
// likely, each to one of the convolutions in the middle of a network: all but
// the first and the last, if there are others.
func DistortNetwork(weights, biases []nn.Tensor, among []NetworkWeights, count int, d *Dice) {
	if len(weights) > 2 {
		weights, biases = weights[1:len(weights)-1], biases[1:len(biases)-1]
	}
	for range count {
		a := among[d.IntN(len(among))]
		i := d.IntN(len(weights))
		a.apply(layer{weights[i], biases[i]}, d)
	}
}
