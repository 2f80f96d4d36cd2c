package opencl

import (
	"fmt"
	"runtime"
	"time"
	"unsafe"

	"shiftmill/kernels"
	"shiftmill/kernels/native"
)

// A memory is a buffer of a device. One that nobody refers to any more is given
// back by the garbage collector.
type memory struct {
	d       *Device
	id      id
	values  int
	cleanup runtime.Cleanup
}

// A buffer is what a memory gives back.
type buffer struct {
	d     *Device
	id    id
	bytes int64
}

func (b buffer) free() {
	native.Call(b.d.api.releaseMemory, b.id)
	b.d.used.Add(-b.bytes)
}

// Free gives a memory back once everything that was started has ended; OpenCL
// keeps it as long.
func (m *memory) Free() {
	if m.id != 0 {
		m.cleanup.Stop()
		buffer{m.d, m.id, bytesOf(m.values)}.free()
		m.id = 0
	}
}

func bytesOf(values int) int64 { return int64(max(values, 1)) * 4 }

// Alloc is described at kernels.Device.
func (d *Device) Alloc(values int) (kernels.Memory, error) {
	m, err := d.alloc(values)
	if err != nil {
		return nil, err
	}
	return m, nil
}

func (d *Device) alloc(values int) (*memory, error) {
	bytes := bytesOf(values)
	if uint64(bytes) > d.MaxAlloc {
		return nil, fmt.Errorf("%s cannot reserve %d MiB in one piece, at most %d MiB; use smaller batches or images", d, bytes>>20, d.MaxAlloc>>20)
	}
	m, err := d.buffer(bytes)
	if err != nil || d.used.Load() > int64(d.MemoryBytes/4*3) {
		// Memories of networks that are done with may wait for a collection,
		// which the little that they hold of Go's memory does not bring about.
		runtime.GC()
		for range 20 {
			if err == nil {
				break
			}
			time.Sleep(5 * time.Millisecond) // until they are given back
			m, err = d.buffer(bytes)
		}
	}
	if err != nil {
		return nil, err
	}
	held := &memory{d: d, id: m, values: values}
	held.cleanup = runtime.AddCleanup(held, buffer.free, buffer{d, m, bytes})
	return held, nil
}

func (d *Device) buffer(bytes int64) (id, error) {
	code := new(int32)
	m := native.Call(d.api.createBuffer, d.context, memoryReadWrite, uintptr(bytes), 0, uintptr(unsafe.Pointer(code)))
	if *code != success {
		return 0, fmt.Errorf("reserve %d MiB on %s: %w", bytes>>20, d, status(*code))
	}
	d.used.Add(bytes)
	return m, nil
}

// span is the whole of a memory.
func (m *memory) span() kernels.Span { return kernels.Span{Memory: m, Size: m.values} }

// Write is described at kernels.Device.
func (d *Device) Write(dst kernels.Span, v []float32) error {
	if len(v) == 0 {
		return nil
	}
	return write(d, dst, v)
}

// write copies values of four bytes to the device and waits for it.
func write[T float32 | int32 | uint32](d *Device, dst kernels.Span, v []T) error {
	m, err := d.own(dst)
	if err != nil {
		return err
	}
	if len(v) > dst.Size {
		return fmt.Errorf("%s: %d values for a place of %d", d, len(v), dst.Size)
	}
	r := native.Call(d.api.enqueueWrite, d.queue, m.id, 1, uintptr(dst.Offset)*4, uintptr(len(v))*4, uintptr(unsafe.Pointer(&v[0])), 0, 0, 0)
	runtime.KeepAlive(v)
	return check("clEnqueueWriteBuffer", r)
}

// Read is described at kernels.Device.
func (d *Device) Read(v []float32, src kernels.Span) error {
	if len(v) == 0 {
		return check("clFinish", native.Call(d.api.finish, d.queue))
	}
	m, err := d.own(src)
	if err != nil {
		return err
	}
	if len(v) > src.Size {
		return fmt.Errorf("%s: %d values from a place of %d", d, len(v), src.Size)
	}
	r := native.Call(d.api.enqueueRead, d.queue, m.id, 1, uintptr(src.Offset)*4, uintptr(len(v))*4, uintptr(unsafe.Pointer(&v[0])), 0, 0, 0)
	runtime.KeepAlive(v)
	return check("clEnqueueReadBuffer", r)
}

// own is the memory of a span that lies on this device.
func (d *Device) own(s kernels.Span) (*memory, error) {
	m, ok := s.Memory.(*memory)
	if !ok || m.d != d {
		return nil, fmt.Errorf("%s: the memory belongs to another device", d)
	}
	if s.Offset < 0 || s.Size < 0 || s.Offset+s.Size > m.values {
		return nil, fmt.Errorf("%s: values %d to %d of a memory of %d", d, s.Offset, s.Offset+s.Size, m.values)
	}
	return m, nil
}

// A scratch lends memory to one operation at a time. The queue runs operations
// in order, so the next may take the same place.
type scratch struct {
	m       *memory
	used    int
	outworn []*memory // that the operation outgrew and may still name
}

// begin takes back what the operation before was lent.
func (s *scratch) begin() {
	s.used = 0
	for _, m := range s.outworn {
		m.Free()
	}
	s.outworn = s.outworn[:0]
}

// take lends a place until the operation ends.
func (s *scratch) take(d *Device, values int) (kernels.Span, error) {
	const align = 64
	values = (values + align - 1) / align * align
	if s.m == nil || s.used+values > s.m.values {
		size := max(values, 1<<16)
		if s.m != nil {
			size = max(size, 2*s.m.values)
			s.outworn = append(s.outworn, s.m)
			s.m = nil
		}
		m, err := d.alloc(size)
		if err != nil {
			return kernels.Span{}, err
		}
		s.m, s.used = m, 0
	}
	at := kernels.Span{Memory: s.m, Offset: s.used, Size: values}
	s.used += values
	return at, nil
}

func (s *scratch) free() {
	s.begin()
	if s.m != nil {
		s.m.Free()
		s.m = nil
	}
}

// A tables keeps constant tables of operations by what they follow from.
type tables struct {
	held   map[any]*memory
	values int
}

// mostTables bounds the values of kept tables: 64 MiB.
const mostTables = 16 << 20

// table returns the table of a key, making it where it is new.
func (d *Device) table(key any, build func() []int32) (kernels.Span, error) {
	if m, ok := d.tables.held[key]; ok {
		return m.span(), nil
	}
	v := build()
	if d.tables.values+len(v) > mostTables {
		d.tables.free()
	}
	m, err := d.alloc(len(v))
	if err != nil {
		return kernels.Span{}, err
	}
	if len(v) > 0 {
		if err := write(d, m.span(), v); err != nil {
			m.Free()
			return kernels.Span{}, err
		}
	}
	if d.tables.held == nil {
		d.tables.held = map[any]*memory{}
	}
	d.tables.held[key] = m
	d.tables.values += len(v)
	return m.span(), nil
}

func (t *tables) free() {
	for _, m := range t.held {
		m.Free()
	}
	t.held, t.values = nil, 0
}
