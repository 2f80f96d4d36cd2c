package cli

import (
	"fmt"
	"runtime"
	"time"

	"shiftmill/kernels"
)

// rates are how fast a device is.
type rates struct {
	convolution, product float64 // FLOP/s
	noise2Net            float64 // images/s
	peak                 float64 // FLOP/s of the registers alone, or 0 where nobody knows
}

func rateLine(r rates) string {
	of := ""
	if r.peak > 0 {
		of = " of at most " + flops(r.peak)
	}
	return fmt.Sprintf("; convolution %s, product %s%s, Noise2Net %s img/s", flops(r.convolution), flops(r.product), of, rounded(r.noise2Net))
}

// flops is a rate for people.
func flops(v float64) string {
	if v >= 1e12 {
		return rounded(v/1e12) + " TFLOP/s"
	}
	return rounded(v/1e9) + " GFLOP/s"
}

// rounded has about three digits.
func rounded(v float64) string {
	switch {
	case v >= 100:
		return fmt.Sprintf("%.0f", v)
	case v >= 10:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.2f", v)
}

// A workload is an operation that is measured.
type workload struct {
	op   kernels.Op
	work float64 // FLOP or images
}

// workloads are those of rates, small ones for slow arithmetic.
func workloads(n int) [3]workload {
	shape := kernels.ConvShape{N: n, Ci: 64, H: 56, W: 56, Co: 64, KH: 3, KW: 3, PadH: 1, PadW: 1}
	noise := kernels.Noise2NetOp{H: 32, W: 32, Epsilon: []float32{0.5}}
	key := kernels.NewKey("rates", 1, 1, "noise2net", 0)
	for i := range 16 * n {
		id := fmt.Sprint(i)
		noise.Structures = append(noise.Structures, kernels.DrawNoise2NetStructure(key.Row("structure "+id)))
		noise.Weights = append(noise.Weights, key.Row("weights "+id))
	}
	product := kernels.MatMulOp{M: 512, N: 512, K: 512}
	return [3]workload{
		{kernels.ConvOp{ConvShape: shape}, 2 * float64(n) * 64 * 64 * 9 * 56 * 56},
		{product, 2 * 512 * 512 * 512},
		{noise, float64(16 * n)},
	}
}

// measured is how much work a second is done by run, which is called until it
// has taken long enough to tell.
func measured(work float64, run func() error) (float64, error) {
	if err := run(); err != nil { // the first time costs more
		return 0, err
	}
	const enough = 200 * time.Millisecond
	start, turns := time.Now(), 0
	for turns == 0 || time.Since(start) < enough {
		if err := run(); err != nil {
			return 0, err
		}
		turns++
	}
	return work * float64(turns) / time.Since(start).Seconds(), nil
}

func values(sizes []int) [][]float32 {
	var list [][]float32
	for i, n := range sizes {
		v := make([]float32, n)
		kernels.NewKey("rates", 1, 1, "values", uint64(i)).Row("").Ranges(v, 0, -1, 1)
		list = append(list, v)
	}
	return list
}

// measureCPU measures the instruction set in use on all processors.
func measureCPU() rates {
	n := 8
	if kernels.Active() == "generic" {
		n = 1
	}
	pool := kernels.NewPool(runtime.GOMAXPROCS(0))
	var got [3]float64
	for i, w := range workloads(n) {
		r, s := w.op.Operands()
		results, sources := values(r), values(s)
		got[i], _ = measured(w.work, func() error { // it has no error
			w.op.Run(pool, results, sources)
			return nil
		})
	}
	const rounds = 5000
	made := kernels.PeakFMAs(rounds, pool)
	peak, _ := measured(2*float64(made), func() error {
		kernels.PeakFMAs(rounds, pool)
		return nil
	})
	return rates{got[0], got[1], got[2], peak}
}

// measureDevice measures a device; data lie in its memory already.
func measureDevice(d kernels.Device) (rates, error) {
	n := 8
	if d.GPU() {
		n = 64
	}
	var got [3]float64
	for i, w := range workloads(n) {
		r, s := w.op.Operands()
		results, err := placed(d, r)
		if err != nil {
			return rates{}, err
		}
		sources, err := placed(d, s)
		if err != nil {
			return rates{}, err
		}
		got[i], err = measured(w.work, func() error {
			if err := d.Do(w.op, results, sources); err != nil {
				return err
			}
			return d.Read(make([]float32, 1), results[0])
		})
		for _, at := range append(results, sources...) {
			at.Memory.Free()
		}
		if err != nil {
			return rates{}, err
		}
	}
	return rates{got[0], got[1], got[2], 0}, nil
}

func placed(d kernels.Device, sizes []int) ([]kernels.Span, error) {
	var list []kernels.Span
	for _, v := range values(sizes) {
		m, err := d.Alloc(len(v))
		if err != nil {
			return nil, err
		}
		at := kernels.Span{Memory: m, Size: len(v)}
		if err := d.Write(at, v); err != nil {
			return nil, err
		}
		list = append(list, at)
	}
	return list, nil
}
