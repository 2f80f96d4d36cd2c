package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"shiftmill/kernels"
	"shiftmill/kernels/opencl"
	"shiftmill/pipeline"
)

// useDevice lets the arithmetic be done where --device says, else the machine's
// settings, else on the processor with the fastest instructions it has. It
// returns the device's name for run records, and what gives it back.
func (s *session) useDevice(local *pipeline.Local) (name string, release func() error, err error) {
	asked, from := s.device, "--device"
	if asked == "" && local != nil {
		asked, from = local.Device, local.File+": device"
	}
	return takeDevice(asked, from)
}

func takeDevice(asked, from string) (name string, release func() error, err error) {
	release = func() error { return nil }
	kind, which, _ := strings.Cut(asked, ":")
	switch {
	case asked == "" || asked == "cpu":
		return "cpu:" + kernels.Active(), release, nil
	case kind == "cpu":
		before := kernels.Active()
		if err := kernels.Use(which); err != nil {
			return "", nil, usage("%s: %w", from, err)
		}
		return asked, func() error { return kernels.Use(before) }, nil
	case kind == "opencl":
		n, err := strconv.Atoi(which)
		if err != nil || n < 0 {
			break
		}
		d, err := opencl.Open(n, opencl.Options{Cache: kernelCache()})
		if err != nil {
			return "", nil, usage("%s: %w", from, err)
		}
		kernels.Accelerate(d)
		return d.String(), func() error {
			kernels.Accelerate(nil)
			return d.Close()
		}, nil
	}
	return "", nil, usage("%s: %q is no device; there are cpu, %s and opencl:N, see shiftmill kernels", from, asked, strings.Join(cpuDevices(), ", "))
}

// cpuDevices are the processor's names for --device, the slowest first.
func cpuDevices() []string {
	var list []string
	for _, b := range kernels.Backends() {
		list = append(list, "cpu:"+b)
	}
	return list
}

// cacheVariable names the folder for kernels built for GPUs; "off" keeps none.
const cacheVariable = "SHIFTMILL_KERNEL_CACHE"

// kernelCache is the folder where built kernels are kept, apart from all
// results: deleting it costs a few seconds.
func kernelCache() string {
	switch dir := os.Getenv(cacheVariable); dir {
	case "":
	case "off":
		return ""
	default:
		return dir
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return "" // no home: nothing is kept
	}
	return filepath.Join(dir, "shiftmill", "kernels")
}

// size of a device for people.
func deviceSize(i opencl.Info) string {
	what := "GPU"
	if i.CPU {
		what = "CPU"
	}
	return fmt.Sprintf("%s, %d compute units, %s, driver %s %s", what, i.Units, size(int64(i.MemoryBytes)), i.Platform, i.Driver)
}
