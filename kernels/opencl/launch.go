package opencl

import (
	"fmt"
	"math"
	"unsafe"

	"shiftmill/kernels"
	"shiftmill/kernels/native"
)

// groupSize is the number of work-items in every work-group, GROUP in base.cl.
const groupSize = 64

// groups is the number of work-groups for n work-items.
func groups(n int) int { return (n + groupSize - 1) / groupSize }

// launch starts a kernel on x by y by z work-groups. An argument is a
// kernels.Span, which becomes the two of SPAN in base.cl, an int, a bool, a
// uint32 or a float32.
func (d *Device) launch(name string, x, y, z int, args ...any) error {
	if x == 0 || y == 0 || z == 0 {
		return nil
	}
	k, ok := d.kernels[name]
	if !ok {
		panic("opencl: no kernel " + name)
	}
	n := uintptr(0)
	set := func(size uintptr, value uint64) error {
		d.args[n] = value
		r := native.Call(d.api.setKernelArg, k, n, size, uintptr(unsafe.Pointer(&d.args[n])))
		n++
		return check(fmt.Sprintf("argument %d of %s", n-1, name), r)
	}
	for _, a := range args {
		var err error
		switch a := a.(type) {
		case kernels.Span:
			m := id(0)
			if a.Memory != nil {
				own, wrong := d.own(a)
				if wrong != nil {
					return fmt.Errorf("%s: %w", name, wrong)
				}
				m = own.id
			}
			if err = set(unsafe.Sizeof(m), uint64(m)); err == nil {
				err = set(8, uint64(a.Offset))
			}
		case int:
			if a < math.MinInt32 || a > math.MaxInt32 {
				return fmt.Errorf("%s: %d does not fit 32 bits: %w", name, a, errTooLarge)
			}
			err = set(4, uint64(uint32(int32(a))))
		case bool:
			v := uint64(0)
			if a {
				v = 1
			}
			err = set(4, v)
		case uint32:
			err = set(4, uint64(a))
		case float32:
			err = set(4, uint64(math.Float32bits(a)))
		default:
			panic(fmt.Sprintf("opencl: argument %d of %s is a %T", n, name, a))
		}
		if err != nil {
			return err
		}
	}
	d.global = [3]uintptr{uintptr(x) * groupSize, uintptr(y), uintptr(z)}
	d.local = [3]uintptr{groupSize, 1, 1}
	r := native.Call(d.api.enqueueKernel, d.queue, k, 3, 0, uintptr(unsafe.Pointer(&d.global)), uintptr(unsafe.Pointer(&d.local)), 0, 0, 0)
	return check(name, r)
}
