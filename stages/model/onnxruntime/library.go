package onnxruntime

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sort"
	"strings"
	"sync"
	"unsafe"

	"golang.org/x/sys/cpu"

	"shiftmill/kernels/native"
)

// PathVariable is the environment variable that names the library's file; the
// flag --onnxruntime sets it.
const PathVariable = "SHIFTMILL_ONNXRUNTIME"

// Places of functions in the table of the C interface, which only ever grows
// at its end.
//
// Source: onnxruntime_c_api.h, struct OrtApi.
const (
	getErrorMessage       = 2
	createEnv             = 3
	createSession         = 7
	createSessionFromData = 8
	runSession            = 9
	createSessionOptions  = 10
	setIntraOpThreads     = 24
	setInterOpThreads     = 25
	createTensor          = 49
	tensorData            = 51
	elementType           = 60
	elementCount          = 64
	typeAndShape          = 65
	createCPUMemoryInfo   = 69
	releaseStatus         = 93
	releaseSession        = 95
	releaseValue          = 96
	releaseTypeAndShape   = 99
	releaseOptions        = 100
)

// apiVersion is the version of the interface that is asked for: old enough for
// every library of the last years.
const apiVersion = 11

// A library is ONNX Runtime, opened.
type library struct {
	handle  native.Library
	api     uintptr // table of functions
	version string
	env     uintptr
	memory  uintptr // description of the processor's memory
}

// opened opens the library once.
var opened = sync.OnceValues(open)

// Version is the version of the library that is found. The error says where
// it was looked for and how to get it.
func Version() (string, error) {
	l, err := opened()
	if err != nil {
		return "", err
	}
	return l.version, nil
}

// Identity names what results may depend on.
func Identity(version, provider, arch string) string {
	class := arch
	if provider == "cpu" && arch == "amd64" {
		for _, f := range []struct {
			name string
			has  bool
		}{{"avx512vnni", cpu.X86.HasAVX512VNNI}, {"avx512f", cpu.X86.HasAVX512F}, {"avx2", cpu.X86.HasAVX2}} {
			if f.has {
				class += " " + f.name
				break
			}
		}
	}
	return fmt.Sprintf("onnxruntime %s, %s, %s", version, provider, class)
}

// candidates are files that may be the library, in the order in which they are
// tried: the one that is named, the active Python environment's, the system's.
func candidates() []string {
	if path := os.Getenv(PathVariable); path != "" {
		if info, err := os.Stat(path); err == nil && info.IsDir() {
			return inFolder(path)
		}
		return []string{path}
	}
	var list []string
	for _, variable := range []string{"VIRTUAL_ENV", "CONDA_PREFIX"} {
		root := os.Getenv(variable)
		if root == "" {
			continue
		}
		for _, pattern := range []string{"lib/python3*/site-packages/onnxruntime/capi", "Lib/site-packages/onnxruntime/capi"} {
			folders, _ := filepath.Glob(filepath.Join(root, pattern)) // the pattern is sound
			for _, f := range folders {
				list = append(list, inFolder(f)...)
			}
		}
	}
	switch runtime.GOOS {
	case "darwin":
		list = append(list, "libonnxruntime.dylib", "/opt/homebrew/lib/libonnxruntime.dylib", "/usr/local/lib/libonnxruntime.dylib")
	case "windows":
		list = append(list, "onnxruntime.dll")
	default:
		list = append(list, "libonnxruntime.so", "libonnxruntime.so.1", "/usr/local/lib/libonnxruntime.so")
	}
	return list
}

// inFolder are the libraries in a folder, such as that of the Python package.
func inFolder(folder string) []string {
	var list []string
	for _, pattern := range []string{"libonnxruntime.so*", "libonnxruntime*.dylib", "onnxruntime.dll"} {
		found, _ := filepath.Glob(filepath.Join(folder, pattern)) // the pattern is sound
		sort.Strings(found)
		list = append(list, found...)
	}
	return list
}

func open() (*library, error) {
	const remedy = "install it with pip install onnxruntime (for provider: cuda, onnxruntime-gpu) in the active Python environment, or name its file with --onnxruntime FILE (libonnxruntime.so of that package or of a release), or choose runtime: own"
	names := candidates()
	if len(names) == 0 {
		return nil, fmt.Errorf("ONNX Runtime is not in %s; %s", os.Getenv(PathVariable), remedy)
	}
	handle, name, err := native.Open(names...)
	if err != nil {
		return nil, fmt.Errorf("ONNX Runtime was not found (tried %s: %v); %s", strings.Join(names, ", "), err, remedy)
	}
	base, err := handle.Function("OrtGetApiBase")
	if err != nil {
		return nil, fmt.Errorf("%s is not ONNX Runtime: %v; %s", name, err, remedy)
	}
	l := &library{handle: handle}
	functions := native.Call(base)
	l.version = text(native.Call(word(functions, 1)))
	if l.api = native.Call(word(functions, 0), apiVersion); l.api == 0 {
		return nil, fmt.Errorf("ONNX Runtime %s of %s lacks version %d of its interface; %s", l.version, name, apiVersion, remedy)
	}
	const warnings = 3 // log errors alone
	id := cString("shiftmill")
	if err := l.call(createEnv, warnings, uintptr(unsafe.Pointer(&id[0])), uintptr(unsafe.Pointer(&l.env))); err != nil {
		return nil, err
	}
	const arena, normal = 1, 0
	return l, l.call(createCPUMemoryInfo, arena, normal, uintptr(unsafe.Pointer(&l.memory)))
}

// call calls a function of the table and turns its status into an error.
//
//go:uintptrescapes
func (l *library) call(function int, args ...uintptr) error {
	status := native.Call(word(l.api, function), args...)
	if status == 0 {
		return nil
	}
	message := text(native.Call(word(l.api, getErrorMessage), status))
	l.release(releaseStatus, status)
	return fmt.Errorf("ONNX Runtime %s: %s", l.version, message)
}

func (l *library) release(function int, object uintptr) {
	if object != 0 {
		native.Call(word(l.api, function), object)
	}
}

// word is the i-th pointer of a table in the library's memory.
func word(table uintptr, i int) uintptr {
	return *(*uintptr)(unsafe.Add(foreign(table), i*int(unsafe.Sizeof(table))))
}

// foreign is a pointer to memory that is not Go's. The detour keeps vet from
// taking it for arithmetic on Go's own.
func foreign(address uintptr) unsafe.Pointer {
	return *(*unsafe.Pointer)(unsafe.Pointer(&address))
}

// text is a C string.
func text(address uintptr) string {
	if address == 0 {
		return ""
	}
	p := (*byte)(foreign(address))
	n := 0
	for *(*byte)(unsafe.Add(unsafe.Pointer(p), n)) != 0 {
		n++
	}
	return string(unsafe.Slice(p, n))
}

func cString(s string) []byte { return append([]byte(s), 0) }
