package model

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// errPickle is wrapped by what is wrong with a pickle.
var errPickle = errors.New("not a pickle that holds tensors alone")

// The values of a pickle: nil, bool, int64, float64, string, pickleBytes,
// *pickleList (lists and tuples), *pickleDict, pickleName, *pickleObject and
// whatever the two hooks of an unpickler return.
type (
	pickleBytes []byte
	pickleList  struct {
		items []any
		tuple bool
	}
	pickleDict struct{ keys, values []any }
	// A pickleName is a function or class by its name. It is never called.
	pickleName struct{ module, name string }
	// A pickleObject is what calling an unknown name would give.
	pickleObject struct{ of pickleName }
)

// An unpickler reads Python's pickle protocols 0 to 5 as far as data need
// them. Nothing in a file is ever executed: names are looked up in rebuild,
// and what is not known there becomes an inert object.
type unpickler struct {
	data []byte
	at   int

	persistent func(id any) (any, error)
	rebuild    func(f pickleName, args []any) (v any, known bool, err error)

	stack []any
	marks []int
	memo  map[int64]any
}

// maxPickleDepth bounds the stack, far above what state dictionaries need.
const maxPickleDepth = 1 << 22

func (u *unpickler) bad(format string, args ...any) error {
	return fmt.Errorf("%w: byte %d: %s", errPickle, u.at, fmt.Sprintf(format, args...))
}

func (u *unpickler) take(n int) ([]byte, error) {
	if n < 0 || n > len(u.data)-u.at {
		return nil, u.bad("%d bytes are wanted, %d are left", n, len(u.data)-u.at)
	}
	b := u.data[u.at : u.at+n]
	u.at += n
	return b, nil
}

func (u *unpickler) line() (string, error) {
	for i := u.at; i < len(u.data); i++ {
		if u.data[i] == '\n' {
			s := string(u.data[u.at:i])
			u.at = i + 1
			return s, nil
		}
	}
	return "", u.bad("a line does not end")
}

func (u *unpickler) push(v any) { u.stack = append(u.stack, v) }

func (u *unpickler) pop() (any, error) {
	least := 0
	if n := len(u.marks); n > 0 {
		least = u.marks[n-1]
	}
	if len(u.stack) <= least {
		return nil, u.bad("the stack is empty")
	}
	v := u.stack[len(u.stack)-1]
	u.stack = u.stack[:len(u.stack)-1]
	return v, nil
}

func (u *unpickler) top() (any, error) {
	v, err := u.pop()
	if err == nil {
		u.push(v)
	}
	return v, err
}

// popMark returns what was pushed since the last mark.
func (u *unpickler) popMark() ([]any, error) {
	n := len(u.marks)
	if n == 0 {
		return nil, u.bad("there is no mark")
	}
	at := u.marks[n-1]
	u.marks = u.marks[:n-1]
	items := append([]any(nil), u.stack[at:]...)
	u.stack = u.stack[:at]
	return items, nil
}

// load reads one pickle to its end.
func (u *unpickler) load() (any, error) {
	u.stack, u.marks, u.memo = nil, nil, map[int64]any{}
	for {
		op, err := u.take(1)
		if err != nil {
			return nil, err
		}
		if op[0] == '.' {
			return u.pop()
		}
		if err := u.step(op[0]); err != nil {
			return nil, err
		}
		if len(u.stack) > maxPickleDepth {
			return nil, u.bad("more than %d values on the stack", maxPickleDepth)
		}
	}
}

// step executes one opcode.
func (u *unpickler) step(op byte) error {
	switch op {
	case 0x80: // PROTO
		v, err := u.take(1)
		if err == nil && v[0] > 5 {
			err = u.bad("protocol %d is not known", v[0])
		}
		return err
	case 0x95: // FRAME
		_, err := u.take(8)
		return err
	case '(':
		u.marks = append(u.marks, len(u.stack))
	case '0':
		_, err := u.pop()
		return err
	case '1':
		_, err := u.popMark()
		return err
	case '2':
		v, err := u.top()
		u.push(v)
		return err
	case 'N':
		u.push(nil)
	case 0x88, 0x89:
		u.push(op == 0x88)
	case 'J', 'K', 'M', 0x8a, 'I', 'L', 'G', 'F':
		return u.numeral(op)
	case 'X', 0x8c, 0x8d, 'T', 'U', 'V', 'S', 'B', 'C', 0x8e:
		return u.text(op)
	case ')', 't', 0x85, 0x86, 0x87, ']', 'l', '}', 'd':
		return u.container(op)
	case 'a', 'e', 's', 'u':
		return u.extend(op)
	case 'q', 'r', 'p', 0x94, 'h', 'j', 'g':
		return u.remember(op)
	case 'c', 0x93:
		return u.global(op)
	case 'R', 0x81, 'b':
		return u.call(op)
	case 'Q':
		id, err := u.pop()
		if err != nil {
			return err
		}
		if u.persistent == nil {
			return u.bad("it refers to data outside")
		}
		v, err := u.persistent(id)
		u.push(v)
		return err
	default:
		return u.bad("opcode %#02x, which files of tensors do not use", op)
	}
	return nil
}

func (u *unpickler) numeral(op byte) error {
	size := map[byte]int{'J': 4, 'K': 1, 'M': 2, 0x8a: 1, 'G': 8}[op]
	if size == 0 {
		return u.decimal(op)
	}
	b, err := u.take(size)
	if err != nil {
		return err
	}
	switch op {
	case 'J':
		u.push(int64(int32(binary.LittleEndian.Uint32(b))))
	case 'K':
		u.push(int64(b[0]))
	case 'M':
		u.push(int64(binary.LittleEndian.Uint16(b)))
	case 'G':
		u.push(math.Float64frombits(binary.BigEndian.Uint64(b)))
	case 0x8a:
		n := int(b[0])
		if b, err = u.take(n); err != nil {
			return err
		}
		if n > 8 { // such as the file's magic number, of which only the kind matters
			u.push(pickleBytes(b))
			return nil
		}
		v := uint64(0)
		for i, x := range b {
			v |= uint64(x) << (8 * i)
		}
		if n > 0 && n < 8 && b[n-1] >= 0x80 {
			v |= ^uint64(0) << (8 * n)
		}
		u.push(int64(v))
	}
	return nil
}

// decimal reads a number written as text, as protocol 0 does.
func (u *unpickler) decimal(op byte) error {
	s, err := u.line()
	if err != nil {
		return err
	}
	switch {
	case op == 'I' && (s == "00" || s == "01"):
		u.push(s == "01")
	case op == 'F':
		var f float64
		if _, err := fmt.Sscanf(s, "%g", &f); err != nil {
			return u.bad("%q is no number", s)
		}
		u.push(f)
	default:
		var n int64
		if _, err := fmt.Sscanf(s, "%d", &n); err != nil {
			return u.bad("%q is no number", s)
		}
		u.push(n)
	}
	return nil
}

func (u *unpickler) text(op byte) error {
	if op == 'V' || op == 'S' {
		s, err := u.line()
		if op == 'S' && len(s) >= 2 {
			s = s[1 : len(s)-1] // quotes
		}
		u.push(s)
		return err
	}
	width := map[byte]int{'X': 4, 0x8c: 1, 0x8d: 8, 'T': 4, 'U': 1, 'B': 4, 'C': 1, 0x8e: 8}[op]
	b, err := u.take(width)
	if err != nil {
		return err
	}
	n := uint64(0)
	for i, x := range b {
		n |= uint64(x) << (8 * i)
	}
	if n > uint64(len(u.data)) {
		return u.bad("a text of %d bytes", n)
	}
	if b, err = u.take(int(n)); err != nil {
		return err
	}
	if op == 'B' || op == 'C' || op == 0x8e {
		u.push(pickleBytes(b))
	} else {
		u.push(string(b))
	}
	return nil
}

func (u *unpickler) container(op byte) error {
	count := map[byte]int{0x85: 1, 0x86: 2, 0x87: 3}[op]
	switch op {
	case ')', ']':
		u.push(&pickleList{tuple: op == ')'})
		return nil
	case '}':
		u.push(&pickleDict{})
		return nil
	case 0x85, 0x86, 0x87:
		items := make([]any, count)
		for i := count - 1; i >= 0; i-- {
			v, err := u.pop()
			if err != nil {
				return err
			}
			items[i] = v
		}
		u.push(&pickleList{items, true})
		return nil
	}
	items, err := u.popMark()
	if err != nil {
		return err
	}
	if op == 'd' {
		d := &pickleDict{}
		u.push(d)
		return u.put(d, items)
	}
	u.push(&pickleList{items, op == 't'})
	return nil
}

func (u *unpickler) put(d *pickleDict, pairs []any) error {
	if len(pairs)%2 != 0 {
		return u.bad("a key has no value")
	}
	for i := 0; i < len(pairs); i += 2 {
		d.keys, d.values = append(d.keys, pairs[i]), append(d.values, pairs[i+1])
	}
	return nil
}

// extend adds to the list or dictionary below. Inert objects take anything.
func (u *unpickler) extend(op byte) error {
	var items []any
	var err error
	switch op {
	case 'e', 'u':
		items, err = u.popMark()
	default:
		for range map[byte]int{'a': 1, 's': 2}[op] {
			var v any
			if v, err = u.pop(); err != nil {
				return err
			}
			items = append([]any{v}, items...)
		}
	}
	if err != nil {
		return err
	}
	into, err := u.top()
	if err != nil {
		return err
	}
	switch into := into.(type) {
	case *pickleObject:
		return nil
	case *pickleList:
		if op == 'a' || op == 'e' {
			into.items = append(into.items, items...)
			return nil
		}
	case *pickleDict:
		if op == 's' || op == 'u' {
			return u.put(into, items)
		}
	}
	return u.bad("items are added to a %T", into)
}

func (u *unpickler) remember(op byte) error {
	var n int64
	switch op {
	case 0x94:
		n = int64(len(u.memo))
	case 'p', 'g':
		s, err := u.line()
		if err != nil {
			return err
		}
		if _, err := fmt.Sscanf(s, "%d", &n); err != nil {
			return u.bad("%q is no number", s)
		}
	default:
		width := map[byte]int{'q': 1, 'h': 1, 'r': 4, 'j': 4}[op]
		b, err := u.take(width)
		if err != nil {
			return err
		}
		n = int64(b[0])
		if width == 4 {
			n = int64(binary.LittleEndian.Uint32(b))
		}
	}
	if op == 'h' || op == 'j' || op == 'g' {
		v, ok := u.memo[n]
		if !ok {
			return u.bad("nothing was remembered as %d", n)
		}
		u.push(v)
		return nil
	}
	v, err := u.top()
	u.memo[n] = v
	return err
}

func (u *unpickler) global(op byte) error {
	var n pickleName
	if op == 'c' {
		var err error
		if n.module, err = u.line(); err != nil {
			return err
		}
		if n.name, err = u.line(); err != nil {
			return err
		}
	} else {
		name, err := u.pop()
		if err != nil {
			return err
		}
		module, err := u.pop()
		if err != nil {
			return err
		}
		var ok, ok2 bool
		n.name, ok = name.(string)
		n.module, ok2 = module.(string)
		if !ok || !ok2 {
			return u.bad("a name that is no text")
		}
	}
	u.push(n)
	return nil
}

// call stands for calling a name with arguments, and for setting the state of
// what that gave.
func (u *unpickler) call(op byte) error {
	args, err := u.pop()
	if err != nil {
		return err
	}
	f, err := u.pop()
	if err != nil {
		return err
	}
	if op == 'b' {
		u.push(f) // the state of dictionaries and inert objects holds no tensors
		return nil
	}
	list, ok := args.(*pickleList)
	if !ok {
		return u.bad("arguments are a %T", args)
	}
	name, ok := f.(pickleName)
	if !ok {
		return u.bad("a %T is called", f)
	}
	v, known, err := u.rebuild(name, list.items)
	if err != nil {
		return fmt.Errorf("%w: %v", errPickle, err)
	}
	if !known {
		v = &pickleObject{name}
	}
	u.push(v)
	return nil
}
