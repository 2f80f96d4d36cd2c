package model

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sort"
	"strings"
)

// ReadTensors reads a file of weights by its content: safetensors, or what
// torch.save made of tensors in dictionaries (both the zip form and the one
// before PyTorch 1.6). Nothing in the file is executed. Of a checkpoint the
// part called state_dict, model_state_dict, model, net or params is taken;
// names of inner dictionaries are joined with dots; a "module." before every
// name goes.
func ReadTensors(data []byte) ([]Tensor, error) {
	switch {
	case bytes.HasPrefix(data, []byte("PK\x03\x04")):
		return readTorchZip(data)
	case len(data) > 2 && data[0] == 0x80 && data[1] <= 5:
		return readTorchLegacy(data)
	}
	_, tensors, err := Decode(data)
	if err != nil {
		return nil, fmt.Errorf("neither safetensors nor a file of torch.save: %w", err)
	}
	return tensors, nil
}

// A torchStorage is a stretch of numbers that tensors are views of.
type torchStorage struct {
	dtype string
	count int64
	data  []byte
}

// A torchTensor is a view of a storage.
type torchTensor struct {
	storage     *torchStorage
	offset      int64
	size, steps []int64
}

var torchTypes = map[string]string{
	"FloatStorage": "F32", "HalfStorage": "F16", "BFloat16Storage": "BF16", "DoubleStorage": "F64", "LongStorage": "I64",
	"IntStorage": "I32", "ShortStorage": "I16", "CharStorage": "I8", "ByteStorage": "U8", "BoolStorage": "BOOL",
}

// storage reads the tuple that names a storage: ("storage", type, key, place,
// count).
func storageID(id any) (key string, s *torchStorage, err error) {
	t, ok := id.(*pickleList)
	if !ok || len(t.items) < 5 {
		return "", nil, fmt.Errorf("%w: a reference of a form that torch.save does not write", errPickle)
	}
	kind, ok1 := t.items[1].(pickleName)
	key, ok2 := t.items[2].(string)
	count, ok3 := t.items[4].(int64)
	if !ok1 || !ok2 || !ok3 || count < 0 {
		return "", nil, fmt.Errorf("%w: a reference to a storage of a form that torch.save does not write", errPickle)
	}
	dtype, ok := torchTypes[kind.name]
	if !ok {
		return "", nil, fmt.Errorf("%w: a storage of type %s, which is not read", errPickle, kind.name)
	}
	return key, &torchStorage{dtype: dtype, count: count}, nil
}

// rebuildTorch gives what the functions of torch.save's files stand for.
func rebuildTorch(f pickleName, args []any) (any, bool, error) {
	switch f.module + "." + f.name {
	case "collections.OrderedDict":
		return &pickleDict{}, true, nil
	case "torch.Size":
		if len(args) == 1 {
			return args[0], true, nil
		}
	case "torch._utils._rebuild_parameter", "torch._utils._rebuild_parameter_with_state":
		if len(args) > 0 {
			return args[0], true, nil
		}
	case "torch._utils._rebuild_tensor", "torch._utils._rebuild_tensor_v2":
		if len(args) < 4 {
			break
		}
		t := &torchTensor{}
		var ok [4]bool
		t.storage, ok[0] = args[0].(*torchStorage)
		t.offset, ok[1] = args[1].(int64)
		t.size, ok[2] = wholeNumbers(args[2])
		t.steps, ok[3] = wholeNumbers(args[3])
		if ok != [4]bool{true, true, true, true} || len(t.size) != len(t.steps) {
			return nil, false, fmt.Errorf("a tensor of a form that torch.save does not write")
		}
		return t, true, nil
	}
	return nil, false, nil
}

func wholeNumbers(v any) ([]int64, bool) {
	l, ok := v.(*pickleList)
	if !ok {
		return nil, false
	}
	out := make([]int64, len(l.items))
	for i, x := range l.items {
		if out[i], ok = x.(int64); !ok || out[i] < 0 {
			return nil, false
		}
	}
	return out, true
}

// readTorchZip reads the zip form: data.pkl and a file for each storage.
func readTorchZip(data []byte) ([]Tensor, error) {
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, fmt.Errorf("read zip of torch.save: %w", err)
	}
	files := map[string]*zip.File{}
	root := ""
	for _, f := range z.File {
		files[f.Name] = f
		if strings.HasSuffix(f.Name, "/data.pkl") {
			root = strings.TrimSuffix(f.Name, "data.pkl")
		}
	}
	read := func(name string) ([]byte, error) {
		f := files[root+name]
		if f == nil {
			return nil, fmt.Errorf("the zip lacks %s%s; torch.save writes it", root, name)
		}
		if f.UncompressedSize64 > 64*uint64(len(data)) {
			return nil, fmt.Errorf("%s is said to have %d bytes", f.Name, f.UncompressedSize64)
		}
		r, err := f.Open()
		if err != nil {
			return nil, err
		}
		defer r.Close()
		return io.ReadAll(r)
	}
	if root == "" {
		return nil, errors.New("a zip without data.pkl; neither torch.save nor torch.jit wrote it")
	}
	if files[root+"byteorder"] != nil {
		order, err := read("byteorder")
		if err != nil {
			return nil, err
		}
		if string(order) != "little" {
			return nil, fmt.Errorf("its byte order is %q, want little", order)
		}
	}
	pickle, err := read("data.pkl")
	if err != nil {
		return nil, err
	}
	storages := map[string]*torchStorage{}
	u := &unpickler{data: pickle, rebuild: rebuildTorch, persistent: func(id any) (any, error) {
		key, s, err := storageID(id)
		if err != nil {
			return nil, err
		}
		if old := storages[key]; old != nil {
			return &torchStorage{s.dtype, s.count, old.data}, nil
		}
		if s.data, err = read("data/" + key); err != nil {
			return nil, err
		}
		storages[key] = s
		return s, nil
	}}
	v, err := u.load()
	if err != nil {
		return nil, err
	}
	return stateOf(v)
}

// readTorchLegacy reads the form before PyTorch 1.6: pickles of a magic
// number, a version, facts about the machine, the object, and the keys of the
// storages, whose numbers follow.
func readTorchLegacy(data []byte) ([]Tensor, error) {
	storages := map[string]*torchStorage{}
	u := &unpickler{data: data, rebuild: rebuildTorch, persistent: func(id any) (any, error) {
		key, s, err := storageID(id)
		if err != nil {
			return nil, err
		}
		if storages[key] == nil {
			storages[key] = s
		}
		return storages[key], nil
	}}
	var parts [5]any
	for i := range parts {
		var err error
		if parts[i], err = u.load(); err != nil {
			return nil, err
		}
	}
	if magic, ok := parts[0].(pickleBytes); !ok || len(magic) != 10 {
		return nil, fmt.Errorf("%w: it does not begin with the number of torch.save", errPickle)
	}
	keys, ok := parts[4].(*pickleList)
	if !ok {
		return nil, fmt.Errorf("%w: the list of storages is missing", errPickle)
	}
	for _, k := range keys.items {
		key, _ := k.(string)
		s := storages[key]
		if s == nil {
			return nil, fmt.Errorf("%w: storage %q belongs to no tensor", errPickle, key)
		}
		head, err := u.take(8)
		if err != nil {
			return nil, err
		}
		if n := int64(binary.LittleEndian.Uint64(head)); n != s.count {
			return nil, fmt.Errorf("%w: storage %q has %d numbers, its tensors say %d", errPickle, key, n, s.count)
		}
		if s.count > int64(len(data)) {
			return nil, fmt.Errorf("%w: storage %q of %d numbers", errPickle, key, s.count)
		}
		if s.data, err = u.take(int(s.count) * dtypeSize[s.dtype]); err != nil {
			return nil, err
		}
	}
	return stateOf(parts[3])
}

// stateOf finds the tensors of an unpickled object.
func stateOf(v any) ([]Tensor, error) {
	d, ok := v.(*pickleDict)
	if o, is := v.(*pickleObject); is {
		return nil, fmt.Errorf("the file holds a whole %s.%s, which only its Python code can open; save model.state_dict() instead", o.of.module, o.of.name)
	}
	if !ok {
		return nil, fmt.Errorf("the file holds a %T, want a dictionary of tensors as model.state_dict() gives", v)
	}
	for _, part := range []string{"state_dict", "model_state_dict", "model", "net", "params"} {
		for i, k := range d.keys {
			if inner, ok := d.values[i].(*pickleDict); ok && k == part {
				d = inner
				break
			}
		}
	}
	var tensors []Tensor
	var walk func(prefix string, d *pickleDict, depth int) error
	walk = func(prefix string, d *pickleDict, depth int) error {
		if depth > 64 {
			return fmt.Errorf("%w: dictionaries in dictionaries without end", errPickle)
		}
		for i, k := range d.keys {
			name, ok := k.(string)
			if !ok {
				continue
			}
			switch v := d.values[i].(type) {
			case *pickleDict:
				if err := walk(prefix+name+".", v, depth+1); err != nil {
					return err
				}
			case *torchTensor:
				t, err := v.tensor(prefix + name)
				if err != nil {
					return err
				}
				tensors = append(tensors, t)
			}
		}
		return nil
	}
	if err := walk("", d, 0); err != nil {
		return nil, err
	}
	if len(tensors) == 0 {
		return nil, errors.New("the file holds no tensors; save model.state_dict()")
	}
	all := true
	for _, t := range tensors {
		all = all && strings.HasPrefix(t.Name, "module.")
	}
	if all {
		for i := range tensors {
			tensors[i].Name = strings.TrimPrefix(tensors[i].Name, "module.")
		}
	}
	sort.Slice(tensors, func(i, j int) bool { return tensors[i].Name < tensors[j].Name })
	for i := 1; i < len(tensors); i++ {
		if tensors[i].Name == tensors[i-1].Name {
			return nil, fmt.Errorf("two tensors are called %q", tensors[i].Name)
		}
	}
	return tensors, nil
}

// tensor copies a view's numbers in row-major order.
func (t *torchTensor) tensor(name string) (Tensor, error) {
	width := int64(dtypeSize[t.storage.dtype])
	if int64(len(t.storage.data)) < t.storage.count*width {
		return Tensor{}, fmt.Errorf("tensor %q: its storage has %d bytes, want %d", name, len(t.storage.data), t.storage.count*width)
	}
	out := Tensor{Name: name, DType: t.storage.dtype, Shape: make([]int, len(t.size))}
	total := int64(1)
	for i, n := range t.size {
		out.Shape[i] = int(n)
		total = min(total*min(n, 1), 1)
	}
	if total == 0 {
		return out, nil
	}
	last := t.offset
	for i, n := range t.size {
		if total > t.storage.count/n {
			return Tensor{}, fmt.Errorf("tensor %q of shape %v is larger than its storage of %d", name, t.size, t.storage.count)
		}
		total *= n
		if n > 1 && t.steps[i] > t.storage.count/(n-1) {
			return Tensor{}, fmt.Errorf("tensor %q: its steps %v leave its storage of %d", name, t.steps, t.storage.count)
		}
		last += (n - 1) * t.steps[i]
	}
	if t.offset > t.storage.count || last >= t.storage.count {
		return Tensor{}, fmt.Errorf("tensor %q ends at %d of a storage of %d", name, last, t.storage.count)
	}
	out.Data = make([]byte, 0, total*width)
	at := make([]int64, len(t.size))
	for range total {
		place := t.offset
		for i, x := range at {
			place += x * t.steps[i]
		}
		out.Data = append(out.Data, t.storage.data[place*width:(place+1)*width]...)
		for i := len(at) - 1; i >= 0; i-- {
			if at[i]++; at[i] < t.size[i] {
				break
			}
			at[i] = 0
		}
	}
	return out, nil
}
