package model

import (
	"fmt"
	"strings"

	"shiftmill/kernels/nn"
)

// Fill copies tensors into a network by name and returns how many it took.
// Counters of batches, which PyTorch keeps, are passed over. With fresh the
// last layer (fc) may be missing or of another shape; its names are returned
// and its values left alone. Every other tensor must be there and fit.
func Fill(net *nn.Network, tensors []Tensor, fresh bool) (taken int, left []string, err error) {
	given := map[string]Tensor{}
	for _, t := range tensors {
		if !strings.HasSuffix(t.Name, ".num_batches_tracked") {
			given[t.Name] = t
		}
	}
	var missing []string
	for _, s := range net.State {
		t, ok := given[s.Name]
		delete(given, s.Name)
		last := strings.HasPrefix(s.Name, "fc.")
		switch {
		case !ok && last && fresh, ok && last && fresh && fmt.Sprint(t.Shape) != fmt.Sprint(s.Shape):
			left = append(left, s.Name)
			continue
		case !ok:
			missing = append(missing, s.Name)
			continue
		}
		v, err := t.Float32s()
		if err != nil {
			return 0, nil, err
		}
		if err := net.SetTensor(t.Name, t.Shape, v); err != nil {
			return 0, nil, err
		}
		taken++
	}
	if len(missing) > 0 {
		hint := ""
		for name := range given {
			if hint == "" || name < hint {
				hint = name
			}
		}
		if hint != "" {
			hint = fmt.Sprintf("; it has tensors of other names, such as %q", hint)
		}
		return 0, nil, fmt.Errorf("the file lacks %d of the %d tensors of %s, the first is %q%s; names are as torchvision's", len(missing), len(net.State), net.Arch, missing[0], hint)
	}
	if len(given) > 0 && !fresh {
		return 0, nil, fmt.Errorf("the file has %d tensors that %s has not", len(given), net.Arch)
	}
	return taken, left, nil
}
