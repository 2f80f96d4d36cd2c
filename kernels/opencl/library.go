package opencl

import (
	"errors"
	"fmt"
	"runtime"
	"unsafe"

	"shiftmill/kernels/native"
)

// ErrNone says that there is no OpenCL on this machine, or no device.
var ErrNone = errors.New("no OpenCL device")

// remedy says how to get OpenCL.
const remedy = `install a driver and the loader: on Debian and Ubuntu "apt-get install ocl-icd-libopencl1" with the GPU vendor's driver, or "pocl-opencl-icd" to try it on the processor; in a container with an NVIDIA GPU set NVIDIA_DRIVER_CAPABILITIES=compute,utility`

// A libraries is what may be opened on a system: loaders, which find the drivers
// of all vendors, and drivers. Containers made with NVIDIA's toolkit have the
// driver but often lack the file that tells the loader of it
// (nvidia-container-toolkit#682), or the loader; so drivers are opened without
// it as well.
type libraries struct{ loaders, drivers []string }

func systemLibraries() libraries {
	switch runtime.GOOS {
	case "darwin":
		return libraries{loaders: []string{"/System/Library/Frameworks/OpenCL.framework/OpenCL"}}
	case "windows":
		return libraries{loaders: []string{"OpenCL.dll"}}
	}
	return libraries{[]string{"libOpenCL.so.1", "libOpenCL.so"}, []string{"libnvidia-opencl.so.1"}}
}

// A platform is a vendor's driver, with the functions that serve it.
type platform struct {
	api *api
	id  id
}

// platforms opens everything and lists what it finds, each vendor once.
func (l libraries) platforms() ([]platform, error) {
	var list []platform
	var problems []error
	names := map[string]bool{}
	add := func(library string, bind func(native.Library, string) (*api, []id, error)) error {
		lib, opened, err := native.Open(library)
		if err != nil {
			return err
		}
		a, ids, err := bind(lib, opened)
		if err != nil {
			return err
		}
		for _, p := range ids {
			if name := a.text(a.getPlatformInfo, p, platformName); !names[name] {
				names[name] = true
				list = append(list, platform{a, p})
			}
		}
		return nil
	}
	for _, name := range l.loaders {
		err := add(name, bindLoader)
		if err == nil {
			break
		}
		problems = append(problems, err)
	}
	for _, name := range l.drivers {
		if err := add(name, bindDriver); err != nil {
			problems = append(problems, err)
		}
	}
	if len(list) > 0 {
		return list, nil
	}
	return nil, fmt.Errorf("%w: no driver is registered with %s; %s (%w)", ErrNone, l.loaders[0], remedy, errors.Join(problems...))
}

// bindLoader takes the functions that a loader exports.
func bindLoader(lib native.Library, name string) (*api, []id, error) {
	a := &api{library: name}
	for _, f := range a.functions() {
		at, err := lib.Function(f.name)
		if err != nil {
			return nil, nil, fmt.Errorf("%s is no OpenCL 1.2: %w", name, err)
		}
		*f.at = at
	}
	list, err := a.platforms(a.getPlatformIDs)
	return a, list, err
}

// bindDriver takes the functions of a driver without a loader: the driver hands
// out its platforms by an extension, and a platform begins with the address of
// the table of its functions.
//
// Source: the extension cl_khr_icd of the OpenCL specification.
func bindDriver(lib native.Library, name string) (*api, []id, error) {
	address, err := lib.Function("clGetExtensionFunctionAddress")
	if err != nil {
		return nil, nil, err
	}
	text := zeroed("clIcdGetPlatformIDsKHR")
	platformIDs := native.Call(address, uintptr(unsafe.Pointer(&text[0])))
	if platformIDs == 0 {
		return nil, nil, fmt.Errorf("%s gives no platforms without a loader", name)
	}
	a := &api{library: name}
	list, err := a.platforms(platformIDs)
	if err != nil || len(list) == 0 {
		return a, nil, err
	}
	table := native.Word(list[0])
	for _, f := range a.functions() {
		if *f.at = native.Word(table + uintptr(f.slot)*unsafe.Sizeof(table)); *f.at == 0 {
			return nil, nil, fmt.Errorf("%s lacks %s", name, f.name)
		}
	}
	return a, list, nil
}
