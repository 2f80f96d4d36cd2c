package opencl

import "shiftmill/kernels"

func (d *Device) ranges(o kernels.RangesOp, dst kernels.Span) error {
	key, row := o.Source.Words()
	return d.launch("ranges", groups((o.N+3)/4), 1, 1, dst, o.N, o.First, key[0], key[1], row[0], row[1], o.Hi-o.Lo, o.Lo)
}

func (d *Device) normals(o kernels.NormalsOp, dst kernels.Span) error {
	key, row := o.Source.Words()
	return d.launch("normals", groups((o.N+3)/4), 1, 1, dst, o.N, o.First, key[0], key[1], row[0], row[1])
}

// sources writes the words of random sources to scratch.
func (d *Device) sources(list []kernels.Source) (kernels.Span, error) {
	words := make([]uint32, 0, 4*len(list))
	for _, s := range list {
		key, row := s.Words()
		words = append(words, key[0], key[1], row[0], row[1])
	}
	at, err := d.scratch.take(d, len(words))
	if err != nil {
		return at, err
	}
	at.Offset /= 4 // in values of four words
	return at, write(d, kernels.Span{Memory: at.Memory, Offset: 4 * at.Offset, Size: at.Size}, words)
}

func (d *Device) dropout(o kernels.DropoutOp, r, s []kernels.Span) error {
	n := len(o.Rows) * o.Each
	if n == 0 {
		return nil
	}
	rows, err := d.sources(o.Rows)
	if err != nil {
		return err
	}
	return d.launch("dropout", groups(n), 1, 1, r[0], s[0], rows, n, o.Each, o.Prob, 1/(1-o.Prob))
}
