package nn

// fused returns the nodes with every sum that follows a convolution, whose
// result nobody else reads, made by that convolution's own stores: plus then names
// the other node. Likewise a convolution stores its results where the pixel
// shuffle behind it would move them, which stands only there. The values are
// the same.
func (f *flow) fused() []flowNode {
	readers := make([]int, len(f.nodes))
	for i := range f.nodes {
		for _, j := range f.nodes[i].reads() {
			readers[j]++
		}
	}
	list := make([]flowNode, 0, len(f.nodes))
	at := make([]int, len(f.nodes)) // where a node has gone
	for i, n := range f.nodes {
		last := len(list) - 1
		for k := range n.in {
			n.in[k] = at[n.in[k]]
		}
		if n.kind == sum && f.nodes[i].in[0] == i-1 && readers[i-1] == 1 && n.in[1] != last {
			if c := &list[last]; c.kind == convolve && c.act == linear && c.plus == 0 && c.factor == 0 {
				c.plus = n.in[1] + 1
				at[i] = last
				continue
			}
		}
		if n.kind == shuffle {
			c := &list[last]
			if n.in[0] != last || readers[f.nodes[i].in[0]] != 1 || c.kind != convolve || c.plus > 0 {
				panic("nn: a pixel shuffle without a convolution of its own")
			}
			c.c, c.h, c.w, c.factor = n.c, n.h, n.w, n.factor
			at[i] = last
			continue
		}
		at[i] = len(list)
		list = append(list, n)
	}
	return list
}
