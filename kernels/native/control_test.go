//go:build linux && (amd64 || arm64)

package native

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
	"unsafe"
)

// fast is a library that flushes subnormals once it is loaded or called: the
// first by -ffast-math where the compiler still links its start-up code into
// libraries, and by hand in any case.
const fast = `
#if defined(__x86_64__)
#include <immintrin.h>
static void flush(void) { _mm_setcsr(_mm_getcsr() | 0x8040); }
#else
static void flush(void) { unsigned long c; __asm__ volatile("mrs %0, fpcr" : "=r"(c)); __asm__ volatile("msr fpcr, %0" :: "r"(c | (1ul << 24))); }
#endif
__attribute__((constructor)) static void loaded(void) { flush(); }
float halve(float *x) { flush(); *x *= 0.5f; return 0; }
`

// halved is computed where the compiler cannot see the result.
//
//go:noinline
func halved(x float32) float32 { return x * 0.5 }

// TestSubnormalsSurvive opens and calls a library that flushes subnormals, and
// checks that Go's arithmetic on the same thread still has them.
func TestSubnormalsSurvive(t *testing.T) {
	gcc, err := exec.LookPath("gcc")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("gcc is missing")
		}
		t.Skip("gcc is not installed: no library to open")
	}
	dir := t.TempDir()
	source, library := filepath.Join(dir, "fast.c"), filepath.Join(dir, "fast.so")
	if err := os.WriteFile(source, []byte(fast), 0o644); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(gcc, "-O2", "-ffast-math", "-shared", "-fPIC", "-o", library, source).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	const least = 0x1p-126 // the least normal number
	check := func(after string) {
		t.Helper()
		if got := halved(least); got != 0x1p-127 {
			t.Errorf("after %s: half of the least normal number is %g, want %g", after, got, 0x1p-127)
		}
	}
	check("nothing")
	lib, _, err := Open(library)
	if err != nil {
		t.Fatal(err)
	}
	check("opening")
	halve, err := lib.Function("halve")
	if err != nil {
		t.Fatal(err)
	}
	x := new(float32)
	*x = least
	Call(halve, uintptr(unsafe.Pointer(x)))
	check("calling")
	if *x != 0 {
		t.Errorf("the library did not flush: it halved %g to %g, so this test shows nothing", least, *x)
	}
}
