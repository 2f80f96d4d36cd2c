package onnxruntime

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"unsafe"

	"shiftmill/kernels/native"
	"shiftmill/stages/model/onnx"
)

// Numbers of ONNXTensorElementDataType.
const (
	elementFloat   = 1
	elementFloat16 = 10
)

// A Session is a model ready to compute. It is safe for concurrent use and
// lives as long as the process.
type Session struct {
	library  *library
	handle   uintptr
	provider string

	inputs, outputs []onnx.Port
}

// Open makes a session. external names the files of weights beside the model,
// which file gives. The provider is "cpu" or "cuda".
func Open(model []byte, external []string, file func(name string) ([]byte, error), provider string) (*Session, error) {
	l, err := opened()
	if err != nil {
		return nil, err
	}
	s := &Session{library: l, provider: provider}
	if s.inputs, s.outputs, err = onnx.Ports(model); err != nil {
		return nil, err
	}
	var options uintptr
	if err := l.call(createSessionOptions, uintptr(unsafe.Pointer(&options))); err != nil {
		return nil, err
	}
	defer l.release(releaseOptions, options)
	for _, f := range []int{setIntraOpThreads, setInterOpThreads} {
		if err := l.call(f, options, 1); err != nil {
			return nil, err
		}
	}
	if provider == "cuda" {
		cuda, err := l.handle.Function("OrtSessionOptionsAppendExecutionProvider_CUDA")
		if err != nil {
			return nil, fmt.Errorf("this ONNX Runtime %s has no CUDA provider; pip install onnxruntime-gpu, or choose provider: cpu", l.version)
		}
		if status := native.Call(cuda, options, 0); status != 0 {
			message := text(native.Call(word(l.api, getErrorMessage), status))
			return nil, fmt.Errorf("ONNX Runtime %s: %s; choose provider: cpu where there is no GPU", l.version, message)
		}
	}
	if len(external) == 0 {
		err = l.call(createSessionFromData, l.env, uintptr(unsafe.Pointer(&model[0])), uintptr(len(model)), options, uintptr(unsafe.Pointer(&s.handle)))
		return s, err
	}
	return s, s.fromFolder(model, external, file, options)
}

// fromFolder opens a model whose weights lie in files beside it.
func (s *Session) fromFolder(model []byte, external []string, file func(name string) ([]byte, error), options uintptr) error {
	if runtime.GOOS == "windows" {
		return fmt.Errorf("weights beside the model are not opened on Windows; save the model in one file, or choose runtime: own")
	}
	dir, err := os.MkdirTemp("", "shiftmill-onnx-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	put := func(name string, data []byte) error {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if !strings.HasPrefix(path, dir+string(filepath.Separator)) {
			return fmt.Errorf("the model names weights at %q, outside its folder", name)
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return err
		}
		return os.WriteFile(path, data, 0o600)
	}
	for _, name := range external {
		data, err := file(name)
		if err == nil {
			err = put(name, data)
		}
		if err != nil {
			return err
		}
	}
	if err := put("model.onnx", model); err != nil {
		return err
	}
	path := cString(filepath.Join(dir, "model.onnx"))
	return s.library.call(createSession, s.library.env, uintptr(unsafe.Pointer(&path[0])), options, uintptr(unsafe.Pointer(&s.handle)))
}

// Inputs and Outputs are the model's.
func (s *Session) Inputs() []onnx.Port { return s.inputs }

// Outputs are described at Inputs.
func (s *Session) Outputs() []onnx.Port { return s.outputs }

// Identity names what the session's results may depend on.
func (s *Session) Identity() string {
	return Identity(s.library.version, s.provider, runtime.GOARCH)
}

// Close gives the session's memory back.
func (s *Session) Close() { s.library.release(releaseSession, s.handle) }

// A frame holds what one run hands to the library by address, on Go's heap,
// where nothing moves.
type frame struct {
	images        []float32
	halves        []uint16
	shape         []int64
	input, output []byte
	inputName     uintptr // address of input
	outputName    uintptr
	tensor        uintptr
	result        uintptr
	info          uintptr
	data          uintptr
	count         uintptr
	kind          int32
}

// Run computes one output, which holds float32 or float16 numbers.
func (s *Session) Run(input string, images []float32, shape []int, output string) ([]float32, error) {
	l := s.library
	f := &frame{images: images, input: cString(input), output: cString(output)}
	for _, d := range shape {
		f.shape = append(f.shape, int64(d))
	}
	f.inputName, f.outputName = uintptr(unsafe.Pointer(&f.input[0])), uintptr(unsafe.Pointer(&f.output[0]))
	defer runtime.KeepAlive(f)
	data, bytes, kind := unsafe.Pointer(&f.images[0]), 4*len(images), elementFloat
	for _, p := range s.inputs {
		if p.Name == input && p.Type == elementFloat16 {
			f.halves = make([]uint16, len(images))
			for i, v := range images {
				f.halves[i] = toHalf(v)
			}
			data, bytes, kind = unsafe.Pointer(&f.halves[0]), 2*len(images), elementFloat16
		}
	}
	err := l.call(createTensor, l.memory, uintptr(data), uintptr(bytes), uintptr(unsafe.Pointer(&f.shape[0])), uintptr(len(f.shape)), uintptr(kind), uintptr(unsafe.Pointer(&f.tensor)))
	if err != nil {
		return nil, err
	}
	defer l.release(releaseValue, f.tensor)
	err = l.call(runSession, s.handle, 0, uintptr(unsafe.Pointer(&f.inputName)), uintptr(unsafe.Pointer(&f.tensor)), 1,
		uintptr(unsafe.Pointer(&f.outputName)), 1, uintptr(unsafe.Pointer(&f.result)))
	if err != nil {
		return nil, err
	}
	defer l.release(releaseValue, f.result)
	if err := l.call(typeAndShape, f.result, uintptr(unsafe.Pointer(&f.info))); err != nil {
		return nil, err
	}
	defer l.release(releaseTypeAndShape, f.info)
	if err := l.call(elementCount, f.info, uintptr(unsafe.Pointer(&f.count))); err != nil {
		return nil, err
	}
	if err := l.call(elementType, f.info, uintptr(unsafe.Pointer(&f.kind))); err != nil {
		return nil, err
	}
	if err := l.call(tensorData, f.result, uintptr(unsafe.Pointer(&f.data))); err != nil {
		return nil, err
	}
	n := int(f.count)
	values := make([]float32, n)
	switch f.kind {
	case elementFloat:
		copy(values, unsafe.Slice((*float32)(foreign(f.data)), n))
	case elementFloat16:
		for i, h := range unsafe.Slice((*uint16)(foreign(f.data)), n) {
			values[i] = onnx.Half(h)
		}
	default:
		return nil, fmt.Errorf("output %q holds numbers of ONNX type %d, want float32 or float16", output, f.kind)
	}
	return values, nil
}

// toHalf rounds to IEEE binary16, ties to even.
func toHalf(v float32) uint16 {
	u := math.Float32bits(v)
	sign := uint16(u >> 16 & 0x8000)
	e, m := int(u>>23&255), u&0x7fffff
	switch {
	case e == 255 && m != 0:
		return sign | 0x7e00
	case e >= 143:
		return sign | 0x7c00
	case e < 102:
		return sign
	}
	shift := uint(13)
	if e < 113 { // subnormal
		m |= 0x800000
		shift = uint(126 - e)
		e = 112
	}
	h := uint32(e-112)<<10 + m>>shift
	if e == 112 {
		h = m >> shift
	}
	rest, half := m&(1<<shift-1), uint32(1)<<(shift-1)
	if rest > half || rest == half && h&1 == 1 {
		h++
	}
	return sign | uint16(h)
}
