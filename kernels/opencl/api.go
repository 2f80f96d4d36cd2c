package opencl

import (
	"fmt"
	"strings"
	"unsafe"

	"shiftmill/kernels/native"
)

// An id is a handle of OpenCL's: of a platform, device, context, queue, memory,
// program or kernel.
type id = uintptr

// Numbers of CL/cl.h (OpenCL 1.2) that we use.
const (
	success        = 0
	deviceNotFound = -1
	noPlatform     = -1001

	deviceTypeCPU = 1 << 1
	deviceTypeGPU = 1 << 2
	deviceTypeAll = 0xFFFFFFFF

	platformVersion = 0x0901
	platformName    = 0x0902

	infoType              = 0x1000
	infoMaxGroup          = 0x1004
	infoMaxAlloc          = 0x1010
	infoSingle            = 0x101B
	infoGlobalMemory      = 0x101F
	infoLocalMemory       = 0x1023
	infoLittleEndian      = 0x1026
	infoAvailable         = 0x1027
	infoCompilerAvailable = 0x1028
	infoComputeUnits      = 0x1002
	infoName              = 0x102B
	infoDriverVersion     = 0x102D
	infoVersion           = 0x102F

	programBinarySizes = 0x1165
	programBinaries    = 0x1166
	buildLog           = 0x1183

	memoryReadWrite = 1
)

// Bits of CL_DEVICE_SINGLE_FP_CONFIG.
const (
	fpDenormals = 1 << 0
	fpInfNaN    = 1 << 1
	fpNearest   = 1 << 2
	fpFMA       = 1 << 5
	fpDivide    = 1 << 7 // correctly rounded divide and square root
)

// An api is OpenCL's functions of one library.
type api struct {
	library string // as it was opened

	getPlatformIDs, getPlatformInfo, getDeviceIDs, getDeviceInfo uintptr
	createContext, releaseContext, createQueue, releaseQueue     uintptr
	createBuffer, releaseMemory, enqueueRead, enqueueWrite       uintptr
	programWithSource, programWithBinary, buildProgram           uintptr
	getProgramInfo, getBuildInfo, releaseProgram                 uintptr
	createKernel, releaseKernel, setKernelArg, enqueueKernel     uintptr
	finish                                                       uintptr
}

// A function is one of the api: its name in a library and its place in the table
// of a driver.
type function struct {
	at   *uintptr
	name string
	slot int
}

func (a *api) functions() []function {
	return []function{
		{&a.getPlatformIDs, "clGetPlatformIDs", 0}, {&a.getPlatformInfo, "clGetPlatformInfo", 1},
		{&a.getDeviceIDs, "clGetDeviceIDs", 2}, {&a.getDeviceInfo, "clGetDeviceInfo", 3},
		{&a.createContext, "clCreateContext", 4}, {&a.releaseContext, "clReleaseContext", 7},
		{&a.createQueue, "clCreateCommandQueue", 9}, {&a.releaseQueue, "clReleaseCommandQueue", 11},
		{&a.createBuffer, "clCreateBuffer", 14}, {&a.releaseMemory, "clReleaseMemObject", 18},
		{&a.programWithSource, "clCreateProgramWithSource", 26}, {&a.programWithBinary, "clCreateProgramWithBinary", 27},
		{&a.releaseProgram, "clReleaseProgram", 29}, {&a.buildProgram, "clBuildProgram", 30},
		{&a.getProgramInfo, "clGetProgramInfo", 32}, {&a.getBuildInfo, "clGetProgramBuildInfo", 33},
		{&a.createKernel, "clCreateKernel", 34}, {&a.releaseKernel, "clReleaseKernel", 37}, {&a.setKernelArg, "clSetKernelArg", 38},
		{&a.finish, "clFinish", 47}, {&a.enqueueRead, "clEnqueueReadBuffer", 48}, {&a.enqueueWrite, "clEnqueueWriteBuffer", 49},
		{&a.enqueueKernel, "clEnqueueNDRangeKernel", 59},
	}
}

// A status is an error code of OpenCL.
type status int32

var statusNames = map[status]string{
	deviceNotFound: "device not found", -2: "device not available", -3: "compiler not available", -4: "memory object allocation failure: the device's memory is full",
	-5: "out of resources", -6: "out of host memory", -11: "build program failure", -30: "invalid value", -34: "invalid context",
	-36: "invalid command queue", -38: "invalid memory object", -42: "invalid binary", -44: "invalid program", -45: "invalid program executable",
	-46: "invalid kernel name", -48: "invalid kernel", -49: "invalid argument index", -50: "invalid argument value", -51: "invalid argument size",
	-52: "invalid kernel arguments", -54: "invalid work group size", -55: "invalid work item size", -61: "invalid buffer size",
	noPlatform: "no driver is registered",
}

func (s status) Error() string {
	if name, ok := statusNames[s]; ok {
		return fmt.Sprintf("OpenCL error %d (%s)", int32(s), name)
	}
	return fmt.Sprintf("OpenCL error %d", int32(s))
}

// check turns a result into an error that names the function.
func check(function string, r uintptr) error {
	if s := status(int32(r)); s != success {
		return fmt.Errorf("%s: %w", function, s)
	}
	return nil
}

// platforms lists the vendors' drivers that a function such as clGetPlatformIDs
// knows; none is no error.
func (a *api) platforms(platformIDs uintptr) ([]id, error) {
	n := new(uint32)
	s := status(int32(native.Call(platformIDs, 0, 0, uintptr(unsafe.Pointer(n)))))
	if s == noPlatform || s == success && *n == 0 {
		return nil, nil
	}
	if s != success {
		return nil, fmt.Errorf("clGetPlatformIDs: %w", s)
	}
	list := make([]id, *n)
	r := native.Call(platformIDs, uintptr(*n), uintptr(unsafe.Pointer(&list[0])), 0)
	return list, check("clGetPlatformIDs", r)
}

// devices lists the devices of a platform; none is no error.
func (a *api) devices(platform id) ([]id, error) {
	n := new(uint32)
	s := status(int32(native.Call(a.getDeviceIDs, platform, deviceTypeAll, 0, 0, uintptr(unsafe.Pointer(n)))))
	if s == deviceNotFound || s == success && *n == 0 {
		return nil, nil
	}
	if s != success {
		return nil, fmt.Errorf("clGetDeviceIDs: %w", s)
	}
	list := make([]id, *n)
	r := native.Call(a.getDeviceIDs, platform, deviceTypeAll, uintptr(*n), uintptr(unsafe.Pointer(&list[0])), 0)
	return list, check("clGetDeviceIDs", r)
}

// info reads what a function such as clGetDeviceInfo says of an object.
func (a *api) info(function uintptr, object id, what uint32) ([]byte, error) {
	size := new(uintptr)
	if err := check("query", native.Call(function, object, uintptr(what), 0, 0, uintptr(unsafe.Pointer(size)))); err != nil {
		return nil, err
	}
	if *size == 0 {
		return nil, nil
	}
	b := make([]byte, *size)
	return b, check("query", native.Call(function, object, uintptr(what), uintptr(len(b)), uintptr(unsafe.Pointer(&b[0])), 0))
}

// text is info as a string.
func (a *api) text(function uintptr, object id, what uint32) string {
	b, err := a.info(function, object, what)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(strings.TrimRight(string(b), "\x00"))
}

// number is info as an integer of any width; what cannot be told is 0.
func (a *api) number(function uintptr, object id, what uint32) uint64 {
	b, err := a.info(function, object, what)
	if err != nil || len(b) > 8 {
		return 0
	}
	var v uint64
	for i, x := range b {
		v |= uint64(x) << (8 * i)
	}
	return v
}
