package opencl

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"unsafe"

	"shiftmill/kernels/native"
)

// buildOptions are the only ones allowed: anything that lets a compiler loose
// on arithmetic would change bits.
const buildOptions = "-cl-std=CL1.2 -cl-fp32-correctly-rounded-divide-sqrt"

//go:embed cl/*.cl
var files embed.FS

// order is the order of the files in the program: base.cl, whose first line
// turns contraction off, and what the others use come first.
var order = []string{"base", "functions", "random", "element", "conv", "winograd", "norm", "pool", "loss", "shape", "gate", "optimizer", "noise2net", "probe"}

// source is the program's text.
func source() string {
	var b strings.Builder
	for _, name := range order {
		text, err := files.ReadFile("cl/" + name + ".cl")
		if err != nil {
			panic("opencl: " + err.Error()) // it is embedded
		}
		b.Write(text)
	}
	return b.String()
}

var kernelName = regexp.MustCompile(`(?m)^(?:WORK|ONE|TWO) ?\(?([a-z_0-9]+)[,(]`)

// kernelNames lists the kernels of the program.
func kernelNames() []string {
	var list []string
	for _, m := range kernelName.FindAllStringSubmatch(source(), -1) {
		list = append(list, m[1])
	}
	return list
}

// zeroed is a zero-terminated copy.
func zeroed(s string) []byte { return append([]byte(s), 0) }

// program returns the built program: from the cache, else built and put there.
func (d *Device) program(cache string) (id, error) {
	text := source()
	digest := sha256.Sum256([]byte(strings.Join([]string{"shiftmill/opencl/1", text, buildOptions, d.identity}, "\x00")))
	file := ""
	if cache != "" {
		file = filepath.Join(cache, hex.EncodeToString(digest[:])+".bin")
		if binary, ok := readCache(file); ok {
			if p, err := d.fromBinary(binary); err == nil {
				return p, nil
			}
		}
	}
	p, err := d.fromSource(text)
	if err != nil || file == "" {
		return p, err
	}
	if binary, err := d.binary(p); err == nil {
		// What cannot be kept is built again next time, nothing worse.
		_ = writeCache(file, binary)
	}
	return p, nil
}

func (d *Device) fromSource(text string) (id, error) {
	code := new(int32)
	b := []byte(text)
	strings, lengths := []uintptr{uintptr(unsafe.Pointer(&b[0]))}, []uintptr{uintptr(len(b))}
	p := native.Call(d.api.programWithSource, d.context, 1, uintptr(unsafe.Pointer(&strings[0])), uintptr(unsafe.Pointer(&lengths[0])), uintptr(unsafe.Pointer(code)))
	runtime.KeepAlive(b)
	if *code != success {
		return 0, fmt.Errorf("clCreateProgramWithSource: %w", status(*code))
	}
	return p, d.build(p)
}

func (d *Device) fromBinary(binary []byte) (id, error) {
	if len(binary) == 0 {
		return 0, fmt.Errorf("empty program")
	}
	code, loaded := new(int32), new(int32)
	device := d.device
	pointers, lengths := []uintptr{uintptr(unsafe.Pointer(&binary[0]))}, []uintptr{uintptr(len(binary))}
	p := native.Call(d.api.programWithBinary, d.context, 1, uintptr(unsafe.Pointer(&device)), uintptr(unsafe.Pointer(&lengths[0])),
		uintptr(unsafe.Pointer(&pointers[0])), uintptr(unsafe.Pointer(loaded)), uintptr(unsafe.Pointer(code)))
	runtime.KeepAlive(binary)
	if *code != success || *loaded != success {
		return 0, fmt.Errorf("clCreateProgramWithBinary: %w", status(*code))
	}
	return p, d.build(p)
}

// build compiles or links a program; its error holds the compiler's log.
func (d *Device) build(p id) error {
	device, options := d.device, zeroed(buildOptions)
	r := status(int32(native.Call(d.api.buildProgram, p, 1, uintptr(unsafe.Pointer(&device)), uintptr(unsafe.Pointer(&options[0])), 0, 0)))
	if r == success {
		return nil
	}
	size := new(uintptr)
	native.Call(d.api.getBuildInfo, p, d.device, buildLog, 0, 0, uintptr(unsafe.Pointer(size)))
	log := make([]byte, *size+1)
	native.Call(d.api.getBuildInfo, p, d.device, buildLog, *size, uintptr(unsafe.Pointer(&log[0])), 0)
	native.Call(d.api.releaseProgram, p)
	return fmt.Errorf("build the kernels for %s: %w\n%s", d, r, bytes.TrimRight(log, "\x00\n"))
}

// binary returns the built program's code.
func (d *Device) binary(p id) ([]byte, error) {
	size := new(uintptr)
	if err := check("clGetProgramInfo", native.Call(d.api.getProgramInfo, p, programBinarySizes, unsafe.Sizeof(*size), uintptr(unsafe.Pointer(size)), 0)); err != nil {
		return nil, err
	}
	if *size == 0 {
		return nil, fmt.Errorf("the driver gives no binary")
	}
	b := make([]byte, *size)
	pointers := []uintptr{uintptr(unsafe.Pointer(&b[0]))}
	r := native.Call(d.api.getProgramInfo, p, programBinaries, unsafe.Sizeof(pointers[0]), uintptr(unsafe.Pointer(&pointers[0])), 0)
	runtime.KeepAlive(b)
	return b, check("clGetProgramInfo", r)
}

// readCache reads a built program and checks the digest in front of it.
func readCache(file string) ([]byte, bool) {
	b, err := os.ReadFile(file)
	if err != nil || len(b) < sha256.Size {
		return nil, false
	}
	if sum := sha256.Sum256(b[sha256.Size:]); !bytes.Equal(sum[:], b[:sha256.Size]) {
		return nil, false
	}
	return b[sha256.Size:], true
}

// writeCache puts a built program into place at once, so that processes that
// share the folder see all of it or nothing.
func writeCache(file string, binary []byte) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(file), "building-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	sum := sha256.Sum256(binary)
	_, err = f.Write(append(sum[:], binary...))
	if e := f.Close(); err == nil {
		err = e
	}
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), file)
}
