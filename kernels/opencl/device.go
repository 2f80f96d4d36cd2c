package opencl

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"unsafe"

	"shiftmill/kernels"
	"shiftmill/kernels/native"
)

// A Device is an OpenCL device that was opened. It is a kernels.Device and safe
// for concurrent use; its operations run one after the other.
type Device struct {
	Info
	context id
	queue   id

	used atomic.Int64 // bytes of memories

	mu      sync.Mutex
	kernels map[string]id
	args    [64]uint64 // arguments of the launch being prepared, where C reads them
	global  [3]uintptr // its work-items
	local   [3]uintptr // of a work-group
	scratch scratch
	tables  tables
}

var _ kernels.Device = (*Device)(nil)

// An Info is what a device says of itself.
type Info struct {
	Number      int    // from 0, over all platforms
	Name        string // as its driver calls it
	Platform    string
	Driver      string // version
	CPU         bool   // a processor, not a GPU
	Units       int    // compute units
	MemoryBytes uint64
	MaxAlloc    uint64   // bytes of one memory
	Missing     []string // what the device lacks; empty if it may be used
	Library     string   // through which it was found
	identity    string   // everything by which a built program may differ
	api         *api
	device      id
}

// String names a device for people and run records.
func (i Info) String() string { return fmt.Sprintf("opencl:%d (%s)", i.Number, i.Name) }

// GPU says whether the device is no processor.
func (i Info) GPU() bool { return !i.CPU }

// List finds every device of this machine. No OpenCL and no device is an error
// that wraps ErrNone and names the remedy.
func List() ([]Info, error) { return systemLibraries().list() }

func (l libraries) list() ([]Info, error) {
	platforms, err := l.platforms()
	if err != nil {
		return nil, err
	}
	var list []Info
	for _, p := range platforms {
		devices, err := p.api.devices(p.id)
		if err != nil {
			return nil, err
		}
		for _, d := range devices {
			list = append(list, p.api.describe(len(list), p.id, d))
		}
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("%w: no driver has a device; %s", ErrNone, remedy)
	}
	return list, nil
}

func (a *api) describe(number int, platform, device id) Info {
	text := func(what uint32) string { return a.text(a.getDeviceInfo, device, what) }
	value := func(what uint32) uint64 { return a.number(a.getDeviceInfo, device, what) }
	i := Info{
		Number: number, Name: text(infoName), Driver: text(infoDriverVersion),
		Platform: a.text(a.getPlatformInfo, platform, platformName), CPU: value(infoType)&deviceTypeCPU != 0,
		Units: int(value(infoComputeUnits)), MemoryBytes: value(infoGlobalMemory), MaxAlloc: value(infoMaxAlloc),
		Library: a.library, api: a, device: device,
	}
	i.identity = strings.Join([]string{i.Platform, a.text(a.getPlatformInfo, platform, platformVersion), i.Name, text(infoVersion), i.Driver}, "\n")
	i.Missing = missing(value)
	return i
}

// missing lists what the reports of a device lack of what the rules need.
func missing(value func(what uint32) uint64) []string {
	var list []string
	single := value(infoSingle)
	for _, need := range []struct {
		there bool
		what  string
	}{
		{value(infoAvailable) != 0, "it is not available"},
		{value(infoCompilerAvailable) != 0, "its driver has no compiler"},
		{value(infoLittleEndian) != 0, "its memory is big-endian"},
		{single&fpDenormals != 0, "no subnormal float32 numbers"},
		{single&fpInfNaN != 0, "no infinities and NaNs"},
		{single&fpNearest != 0, "no rounding to nearest"},
		{single&fpFMA != 0, "no fused multiply-add"},
		{single&fpDivide != 0, "no correctly rounded division and square root"},
		{value(infoMaxGroup) >= groupSize, fmt.Sprintf("work-groups of fewer than %d", groupSize)},
		{value(infoLocalMemory) >= 16<<10, "less than 16 KiB of local memory"},
	} {
		if !need.there {
			list = append(list, need.what)
		}
	}
	return list
}

// A Refusal says why a device may not be used. Its results would differ from
// those of other machines.
type Refusal struct {
	Device string
	Lacks  []string
}

func (r *Refusal) Error() string {
	return fmt.Sprintf("%s cannot give the results of other machines: %s; update its driver, or use another device or --device cpu",
		r.Device, strings.Join(r.Lacks, "; "))
}

// Options are the settings of Open.
type Options struct {
	// Cache is the folder for built programs; "" keeps none.
	Cache string
}

// Open makes a device ready: it checks what the device reports, builds the
// kernels or takes them from the cache, and runs the probes. The error of a
// device whose arithmetic is not ours is a *Refusal, that of a machine without
// OpenCL wraps ErrNone.
func Open(number int, o Options) (*Device, error) { return systemLibraries().open(number, o) }

func (l libraries) open(number int, o Options) (*Device, error) {
	list, err := l.list()
	if err != nil {
		return nil, err
	}
	if number < 0 || number >= len(list) {
		return nil, fmt.Errorf("%w opencl:%d; there are opencl:0 to opencl:%d, see shiftmill kernels", ErrNone, number, len(list)-1)
	}
	d := &Device{Info: list[number], kernels: map[string]id{}}
	if len(d.Missing) > 0 {
		return nil, &Refusal{d.String(), d.Missing}
	}
	if err := d.open(o); err != nil {
		return nil, fmt.Errorf("open %s: %w", d, errors.Join(err, d.Close()))
	}
	if lacks, err := d.probe(); err != nil || len(lacks) > 0 {
		if err == nil {
			err = &Refusal{d.String(), lacks}
		}
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

func (d *Device) open(o Options) error {
	code := new(int32)
	device := d.device
	d.context = native.Call(d.api.createContext, 0, 1, uintptr(unsafe.Pointer(&device)), 0, 0, uintptr(unsafe.Pointer(code)))
	if *code != success {
		return fmt.Errorf("clCreateContext: %w", status(*code))
	}
	d.queue = native.Call(d.api.createQueue, d.context, d.device, 0, uintptr(unsafe.Pointer(code)))
	if *code != success {
		return fmt.Errorf("clCreateCommandQueue: %w", status(*code))
	}
	program, err := d.program(o.Cache)
	if err != nil {
		return err
	}
	return d.take(program, kernelNames()...)
}

// take makes kernels of a program ready and gives the program back.
func (d *Device) take(program id, names ...string) error {
	defer native.Call(d.api.releaseProgram, program)
	code := new(int32)
	for _, name := range names {
		text := zeroed(name)
		k := native.Call(d.api.createKernel, program, uintptr(unsafe.Pointer(&text[0])), uintptr(unsafe.Pointer(code)))
		if *code != success {
			return fmt.Errorf("clCreateKernel %s: %w", name, status(*code))
		}
		d.kernels[name] = k
	}
	return nil
}

// Close gives the device back. Memories of it must no longer be used.
func (d *Device) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	var err error
	if d.queue != 0 {
		err = check("clFinish", native.Call(d.api.finish, d.queue))
	}
	d.scratch.free()
	d.tables.free()
	for name, k := range d.kernels {
		native.Call(d.api.releaseKernel, k)
		delete(d.kernels, name)
	}
	if d.queue != 0 {
		native.Call(d.api.releaseQueue, d.queue)
	}
	if d.context != 0 {
		native.Call(d.api.releaseContext, d.context)
	}
	d.queue, d.context = 0, 0
	return err
}
