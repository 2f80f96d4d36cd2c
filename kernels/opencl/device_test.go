package opencl

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"shiftmill/kernels"
)

// TestMissing takes every property that the rules need from a device's report
// and checks that the device is refused for it.
func TestMissing(t *testing.T) {
	whole := map[uint32]uint64{
		infoAvailable: 1, infoCompilerAvailable: 1, infoLittleEndian: 1, infoMaxGroup: 256, infoLocalMemory: 32 << 10,
		infoSingle: fpDenormals | fpInfNaN | fpNearest | fpFMA | fpDivide,
	}
	lacks := func(what uint32, less uint64) []string {
		return missing(func(w uint32) uint64 {
			if w == what {
				return whole[w] - less
			}
			return whole[w]
		})
	}
	if got := lacks(0, 0); len(got) > 0 {
		t.Fatalf("a device that has everything lacks %q", got)
	}
	for _, tt := range []struct {
		what uint32
		less uint64
		want string
	}{
		{infoAvailable, 1, "it is not available"}, {infoCompilerAvailable, 1, "its driver has no compiler"},
		{infoLittleEndian, 1, "its memory is big-endian"}, {infoMaxGroup, 193, "work-groups of fewer than 64"},
		{infoLocalMemory, 17 << 10, "less than 16 KiB of local memory"},
		{infoSingle, fpDenormals, "no subnormal float32 numbers"}, {infoSingle, fpInfNaN, "no infinities and NaNs"},
		{infoSingle, fpNearest, "no rounding to nearest"}, {infoSingle, fpFMA, "no fused multiply-add"},
		{infoSingle, fpDivide, "no correctly rounded division and square root"},
	} {
		if got := strings.Join(lacks(tt.what, tt.less), "; "); got != tt.want {
			t.Errorf("lacks %q, want %q", got, tt.want)
		}
	}
	err := &Refusal{"opencl:3 (Old GPU)", []string{"no fused multiply-add"}}
	const want = "opencl:3 (Old GPU) cannot give the results of other machines: no fused multiply-add; update its driver, or use another device or --device cpu"
	if err.Error() != want {
		t.Errorf("got  %s\nwant %s", err, want)
	}
}

// TestProbeFindsOtherArithmetic builds the probe with the mistakes of devices
// that must be refused.
func TestProbeFindsOtherArithmetic(t *testing.T) {
	d := testDevice(t)
	for _, tt := range []struct{ name, from, to, want string }{
		{"fuses", "a[i] * b[i] + c[i]", "fma(a[i], b[i], c[i])", "it fuses multiplications with additions"},
		{"rounds twice", "fma(a[i], b[i], c[i])", "(a[i] * b[i] + c[i])", "fused multiply-add is rounded twice"},
		{"estimates quotients", "a[i] / b[i]", "a[i] * (1.0f / b[i])", "its division is not correctly rounded"},
		{"estimates roots", "sqrt(a[i])", "a[i] * (1.0f / sqrt(a[i]))", "its square root is not correctly rounded"},
		{"flushes", "= a[i] * b[i];", "= fabs(a[i] * b[i]) < 0x1p-126f ? 0.0f : a[i] * b[i];", "it flushes subnormal numbers"},
		{"rounds halves up", "rint(a[i])", "floor(a[i] + 0.5f)", "it does not round halves to even"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			text := source()
			at := strings.Index(text, "WORK probe(")
			text = text[:at] + strings.Replace(text[at:], tt.from, tt.to, 1)
			broken := &Device{Info: d.Info, context: d.context, queue: d.queue, kernels: map[string]id{}}
			program, err := broken.fromSource(text)
			if err != nil {
				t.Fatal(err)
			}
			if err := broken.take(program, "probe"); err != nil {
				t.Fatal(err)
			}
			lacks, err := broken.probe()
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(lacks, "\n"); !strings.Contains(got, tt.want) {
				t.Errorf("a device that %s lacks %q, want %q among it", tt.name, got, tt.want)
			}
		})
	}
}

// TestSelfTestFindsWrongOperation builds one kernel with a mistake in it.
func TestSelfTestFindsWrongOperation(t *testing.T) {
	d := testDevice(t)
	text := strings.Replace(source(), "ONE(tanh_map, tanh_(x))", "ONE(tanh_map, tanh(x))", 1)
	wrong := &Device{Info: d.Info, context: d.context, queue: d.queue, kernels: map[string]id{}}
	program, err := wrong.fromSource(text)
	if err != nil {
		t.Fatal(err)
	}
	if err := wrong.take(program, "tanh_map"); err != nil {
		t.Fatal(err)
	}
	for _, s := range kernels.Samples() {
		if s.Name != "tanh of 1023" {
			continue
		}
		var m *kernels.Mismatch
		if err := s.Compare(wrong); !errors.As(err, &m) || m.Op != s.Name {
			t.Errorf("the driver's own tanh passes for ours: %v", err)
		}
	}
}

// TestNone checks what is said where there is no OpenCL.
func TestNone(t *testing.T) {
	_, err := libraries{loaders: []string{"libno-such-loader.so"}, drivers: []string{"libno-such-driver.so"}}.list()
	if !errors.Is(err, ErrNone) || !strings.Contains(err.Error(), `"apt-get install ocl-icd-libopencl1"`) {
		t.Errorf("error %v does not name the remedy", err)
	}
}

// TestDriverWithoutLoader opens a driver itself, as in containers that have
// NVIDIA's driver and not the file that names it, and computes with it.
func TestDriverWithoutLoader(t *testing.T) {
	testDevice(t)
	names, err := filepath.Glob("/etc/OpenCL/vendors/pocl.icd")
	if err != nil || len(names) == 0 {
		t.Skip("PoCL is not registered in /etc/OpenCL/vendors: no driver to open without a loader")
	}
	text, err := os.ReadFile(names[0])
	if err != nil {
		t.Fatal(err)
	}
	d, err := libraries{loaders: []string{"libno-such-loader.so"}, drivers: []string{strings.TrimSpace(string(text))}}.open(0, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if d.Library != strings.TrimSpace(string(text)) {
		t.Errorf("opened through %s, want the driver itself", d.Library)
	}
	for _, s := range kernels.Samples()[:8] {
		if err := s.Compare(d); err != nil {
			t.Error(err)
		}
	}
	// With the loader beside it, the same platform is not listed twice.
	once, err := List()
	if err != nil {
		t.Fatal(err)
	}
	l := systemLibraries()
	l.drivers = append(l.drivers, strings.TrimSpace(string(text)))
	if both, err := l.list(); err != nil || len(both) != len(once) {
		t.Errorf("%d devices (%v) with loader and driver, %d with the loader", len(both), err, len(once))
	}
}

// TestCache checks that a program is built once for a device, and that a
// damaged file is built again.
func TestCache(t *testing.T) {
	d := testDevice(t)
	dir := t.TempDir()
	files := func() []string {
		list, err := filepath.Glob(filepath.Join(dir, "*.bin"))
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	for range 2 {
		if _, err := d.program(dir); err != nil {
			t.Fatal(err)
		}
		if len(files()) != 1 {
			t.Fatalf("files %q, want one", files())
		}
	}
	if _, ok := readCache(files()[0]); !ok {
		t.Error("the kept program cannot be read back")
	}
	before, err := os.Stat(files()[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(files()[0], before.Size()/2); err != nil {
		t.Fatal(err)
	}
	if _, ok := readCache(files()[0]); ok {
		t.Error("half a file passes for a whole one")
	}
	if _, err := d.program(dir); err != nil {
		t.Fatal(err)
	}
	if _, ok := readCache(files()[0]); !ok {
		t.Error("the damaged file was not replaced")
	}
	other := d.Info // another driver is another program
	other.identity += " 2"
	second := &Device{Info: other, context: d.context, queue: d.queue, kernels: map[string]id{}}
	if _, err := second.program(dir); err != nil {
		t.Fatal(err)
	}
	if len(files()) != 2 {
		t.Errorf("%d files for two drivers", len(files()))
	}
}

// TestPlaces checks that spans of other devices and beyond a memory are errors.
func TestPlaces(t *testing.T) {
	d := testDevice(t)
	m, err := d.Alloc(8)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Free()
	if err := d.Write(kernels.Span{Memory: m, Offset: 4, Size: 8}, make([]float32, 8)); err == nil {
		t.Error("wrote beyond a memory")
	}
	if err := d.Write(kernels.Span{Memory: m, Size: 4}, make([]float32, 8)); err == nil {
		t.Error("wrote beyond a span")
	}
	other := &Device{Info: d.Info}
	if err := other.Read(make([]float32, 1), kernels.Span{Memory: m, Size: 8}); err == nil {
		t.Error("read another device's memory")
	}
	if _, err := d.Alloc(1 << 50); err == nil || !strings.Contains(err.Error(), "at most") {
		t.Errorf("reserving a petabyte: %v", err)
	}
	if err := d.Do(unknown{}, nil, nil); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("an unknown operation: %v", err)
	}
}

// TestMemoryIsCollected checks that memory which nobody refers to goes back to
// the device.
func TestMemoryIsCollected(t *testing.T) {
	d := testDevice(t)
	before := d.used.Load()
	for range 4 {
		if _, err := d.Alloc(1 << 10); err != nil {
			t.Fatal(err)
		}
	}
	if got := d.used.Load(); got != before+4*4<<10 {
		t.Fatalf("%d bytes in use, want %d", got, before+4*4<<10)
	}
	for range 400 {
		runtime.GC()
		if d.used.Load() == before {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Errorf("%d bytes in use after collection, want %d", d.used.Load(), before)
}

// unknown is an operation that no device has.
type unknown struct{}

func (unknown) Operands() (results, sources []int)    { return nil, nil }
func (unknown) Run(_ *kernels.Pool, _, _ [][]float32) {}
