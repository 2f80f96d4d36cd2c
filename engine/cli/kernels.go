package cli

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"

	"github.com/spf13/cobra"

	"shiftmill/kernels"
)

func (s *session) kernelsCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "kernels",
		Short: "List the implementations of the arithmetic that run here, and compare their results",
		Long: `Kernels lists the implementations of the arithmetic that this processor can run, the slowest first,
and runs a self-test: every one of them must give the bits of the plain one ("generic").`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			names, active := kernels.Backends(), kernels.Active()
			defer kernels.Use(active)
			var want [sha256.Size]byte
			for i, name := range names {
				if err := kernels.Use(name); err != nil {
					return err
				}
				got := selfTest()
				if i == 0 {
					want = got
				}
				verdict := "same bits"
				if got != want {
					verdict = "OTHER BITS than " + names[0]
				}
				in := ""
				if name == active {
					in = "  in use"
				}
				s.printf("%-10s %s  %x%s\n", name, verdict, got[:6], in)
				if got != want {
					return fmt.Errorf("backend %s computes other bits than %s on this processor; report it, with the model of the processor", name, names[0])
				}
			}
			return nil
		},
	}
}

// selfTest is a digest over results of the operations that training,
// evaluation and Noise2Net are made of, on fixed random numbers and odd sizes.
func selfTest() [sha256.Size]byte {
	source := func(purpose string) kernels.Source { return kernels.NewKey("self-test", 1, 1, purpose, 0).Row("row") }
	random := func(purpose string, n int) []float32 {
		v := make([]float32, n)
		source(purpose).Ranges(v, 0, -2, 2)
		return v
	}
	h := sha256.New()
	add := func(v []float32) {
		kernels.Canonical(v)
		b := make([]byte, 4*len(v))
		for i, x := range v {
			binary.LittleEndian.PutUint32(b[4*i:], math.Float32bits(x))
		}
		h.Write(b)
	}
	const m, n, k = 13, 29, 37
	product := make([]float32, m*n)
	kernels.MatMul(product, random("a", m*k), random("b", k*n), m, n, k, false, false, nil)
	add(product)

	shape := kernels.ConvShape{N: 2, Ci: 5, H: 11, W: 17, Co: 9, KH: 3, KW: 3, PadH: 1, PadW: 1}
	y := make([]float32, 2*9*11*17)
	w := random("weights", 9*5*3*3)
	kernels.Conv2D(y, random("x", 2*5*11*17), w, random("bias", 9), shape, nil)
	add(y)
	dx := make([]float32, 2*5*11*17)
	kernels.Conv2DBackData(dx, random("dy", 2*9*11*17), w, shape, nil)
	add(dx)

	for _, f := range []func(dst, x []float32){kernels.ExpSlice, kernels.TanhSlice, kernels.SigmoidSlice, kernels.GELUSlice, kernels.ReLU} {
		v := make([]float32, 101)
		f(v, random("elements", 101))
		add(v)
	}
	add([]float32{kernels.Sum(random("sum", 1001))})

	image := random("image", 3*19*23)
	net := kernels.DrawNoise2Net(kernels.DrawNoise2NetStructure(source("structure")), source("network"))
	kernels.Noise2Net(image, image, 19, 23, net, 0.5, new(kernels.Scratch))
	add(image)
	return [sha256.Size]byte(h.Sum(nil))
}
