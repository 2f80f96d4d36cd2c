package opencl

import (
	"errors"
	"fmt"
	"runtime"

	"shiftmill/kernels/opencl/internal/native"
)

// ErrNone says that there is no OpenCL on this machine, or no device.
var ErrNone = errors.New("no OpenCL device")

// Names by which the library is looked for. The first is the loader that lets
// several vendors' drivers live beside each other. Containers made with NVIDIA's
// toolkit have the driver but often not the file that tells the loader of it
// (nvidia-container-toolkit#682), so the driver is opened directly as well.
var (
	linuxLoaders   = []string{"libOpenCL.so.1", "libOpenCL.so"}
	linuxDrivers   = []string{"libnvidia-opencl.so.1"}
	darwinLoaders  = []string{"/System/Library/Frameworks/OpenCL.framework/OpenCL"}
	windowsLoaders = []string{"OpenCL.dll"}
)

// remedy says how to get OpenCL.
const remedy = `install a driver and the loader: on Debian and Ubuntu "apt-get install ocl-icd-libopencl1" with the GPU vendor's driver, or "pocl-opencl-icd" to try it on the processor`

// nvidiaRemedy is for containers without the vendor file.
const nvidiaRemedy = `in a container with an NVIDIA GPU: run it with NVIDIA_DRIVER_CAPABILITIES=compute,utility, and "mkdir -p /etc/OpenCL/vendors && echo libnvidia-opencl.so.1 > /etc/OpenCL/vendors/nvidia.icd" (nvidia-container-toolkit#682)`

// libraries lists what may be opened on this system: loaders, then drivers.
func libraries() (loaders, drivers []string) {
	switch runtime.GOOS {
	case "darwin":
		return darwinLoaders, nil
	case "windows":
		return windowsLoaders, nil
	}
	return linuxLoaders, linuxDrivers
}

// connect opens the loader and, where that has no platform, a vendor's driver
// itself.
func connect() (*api, []id, error) {
	loaders, drivers := libraries()
	var problems []error
	for _, names := range [][]string{loaders, drivers} {
		if len(names) == 0 {
			continue
		}
		lib, name, err := native.Open(names...)
		if errors.Is(err, errors.ErrUnsupported) {
			return nil, nil, fmt.Errorf("%w: %v", ErrNone, err)
		}
		if err != nil {
			problems = append(problems, err)
			continue
		}
		a, err := bind(lib, name)
		if err != nil {
			problems = append(problems, err)
			continue
		}
		platforms, err := a.platforms()
		if err == nil && len(platforms) > 0 {
			return a, platforms, nil
		}
		problems = append(problems, fmt.Errorf("%s: it knows no driver", name))
	}
	return nil, nil, fmt.Errorf("%w: %w; %s; %s", ErrNone, errors.Join(problems...), remedy, nvidiaRemedy)
}
