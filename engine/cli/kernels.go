package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"shiftmill/kernels"
	"shiftmill/kernels/opencl"
	"shiftmill/pipeline"
)

func (s *session) kernelsCommand() *cobra.Command {
	rates := true
	c := &cobra.Command{
		Use:   "kernels",
		Short: "List what can do the arithmetic here, compare the results, and say how fast it is",
		Long: `Kernels lists the devices that --device takes: the processor with each of the instruction sets it has,
and OpenCL devices, such as GPUs. It runs a self-test: every operation, on ordinary and special values, must
give the bits of plain Go ("cpu:generic"). A device that fails is named with the operation, and must not be
used. The star is at the device that runs use here.

Convolution is 3x3 from 64 to 64 channels at 56x56, the product 512x512 by 512x512, Noise2Net at 32x32; each on
all processors, in float32. "At most" is what fused multiply-adds of registers alone reach.`,
		Args: noArgs,
		RunE: func(*cobra.Command, []string) error { return s.kernels(rates) },
	}
	c.Flags().StringVar(&s.device, "device", "", "only this device, such as cpu:avx2 or opencl:0")
	c.Flags().BoolVar(&rates, "rates", true, "measure how fast the devices are")
	return c
}

func (s *session) kernels(rates bool) error {
	local, err := pipeline.FindLocal(".")
	if err != nil {
		return err
	}
	inUse := "cpu"
	if local != nil && local.Device != "" {
		inUse = local.Device
	}
	fastest := kernels.Active()
	defer func() { _ = kernels.Use(fastest) }() // it was in use
	if inUse == "cpu" {
		inUse = "cpu:" + fastest
	}
	asked := s.device
	if asked == "cpu" {
		asked = "cpu:" + fastest
	}
	t := deviceTable{s: s, inUse: inUse, rates: rates}
	for _, name := range kernels.Backends() {
		if device := "cpu:" + name; asked == "" || asked == device {
			t.cpu(device, name)
		}
	}
	list, err := opencl.List()
	switch {
	case err != nil && strings.HasPrefix(asked, "opencl"):
		return err
	case err != nil && asked == "":
		s.printf("  %-12s  none here: %v\n", "opencl", err)
	}
	for _, info := range list {
		if device := fmt.Sprintf("opencl:%d", info.Number); asked == "" || asked == device {
			t.openCL(device, info)
		}
	}
	if t.shown == 0 {
		return usage("there is no device %q; shiftmill kernels lists them", asked)
	}
	return errors.Join(t.failed...)
}

// A deviceTable prints a line for each device.
type deviceTable struct {
	s      *session
	inUse  string
	rates  bool
	shown  int
	failed []error
}

func (t *deviceTable) line(device, verdict, what string) {
	t.shown++
	star := " "
	if device == t.inUse {
		star = "*"
	}
	t.s.printf("%s %-12s  %s\n", star, device, verdict)
	if what != "" {
		t.s.printf("  %-12s  %s\n", "", what)
	}
}

// cpu tests and measures one instruction set.
func (t *deviceTable) cpu(device, name string) {
	verdict := "defines the results"
	samples := kernels.Samples()
	if name != "generic" {
		for _, s := range samples {
			if err := s.CompareBackend(name); err != nil {
				t.failed = append(t.failed, fmt.Errorf("%w; report it, with the model of the processor", err))
				t.line(device, "FAILED: "+err.Error(), "")
				return
			}
		}
		verdict = fmt.Sprintf("same bits in %d tests", len(samples))
	}
	if t.rates {
		_ = kernels.Use(name) // it is one of Backends
		verdict += rateLine(measureCPU())
	}
	t.line(device, verdict, "")
}

// openCL tests and measures an OpenCL device. One that reports or shows other
// arithmetic is refused, which is no failure of the command; one that passed
// the probes and fails an operation is.
func (t *deviceTable) openCL(device string, info opencl.Info) {
	what := info.Name + " (" + deviceSize(info) + ")"
	d, err := opencl.Open(info.Number, opencl.Options{Cache: kernelCache()})
	if refused := (*opencl.Refusal)(nil); errors.As(err, &refused) {
		t.line(device, "refused: "+refused.Error(), what)
		return
	}
	if err != nil {
		t.line(device, "cannot be used: "+err.Error(), what)
		return
	}
	defer func() {
		if err := d.Close(); err != nil {
			t.failed = append(t.failed, err)
		}
	}()
	_ = kernels.Use("generic") // it is always there
	samples := kernels.Samples()
	for _, s := range samples {
		if err := s.Compare(d); err != nil {
			t.failed = append(t.failed, fmt.Errorf("%w; do not use %s, and report it with the model and the driver's version", err, device))
			t.line(device, "FAILED: "+err.Error(), what)
			return
		}
	}
	verdict := fmt.Sprintf("same bits in %d tests", len(samples))
	if t.rates {
		r, err := measureDevice(d)
		if err != nil {
			t.failed = append(t.failed, err)
			t.line(device, "FAILED: "+err.Error(), what)
			return
		}
		verdict += rateLine(r)
	}
	t.line(device, verdict, what)
}
