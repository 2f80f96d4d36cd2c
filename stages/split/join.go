package split

// joinGroups makes one group of all rows that share a value of any group
// column, directly or through other rows. A group's place is the least of its
// values' digests, so it does not depend on the order of rows.
func (s *scan) joinGroups() {
	type value struct {
		key groupKey
		w   uint64
	}
	at := map[groupKey]int{}
	var values []value
	var parent []int
	find := func(i int) int {
		for parent[i] != i {
			parent[i] = parent[parent[i]]
			i = parent[i]
		}
		return i
	}
	first := func(c *chunk, i int) int {
		for k := range c.keys {
			if key := c.keys[k][i]; key != (groupKey{}) {
				return at[key]
			}
		}
		return -1
	}
	for _, c := range s.chunks {
		for i := range c.rows {
			for k := range c.keys {
				key := c.keys[k][i]
				if _, ok := at[key]; !ok && key != (groupKey{}) {
					at[key] = len(values)
					parent = append(parent, len(values))
					values = append(values, value{key, c.w[k][i]})
				}
			}
			for k := range c.keys {
				if key := c.keys[k][i]; key != (groupKey{}) {
					parent[find(at[key])] = find(first(c, i))
				}
			}
		}
	}
	least := append([]value(nil), values...)
	for i, v := range values {
		if m := &least[find(i)]; v.key.u < m.key.u || v.key.u == m.key.u && v.key.g < m.key.g {
			*m = v
		}
	}
	for _, c := range s.chunks {
		for i := range c.rows {
			r := &c.rows[i]
			if v := first(c, i); v >= 0 {
				m := least[find(v)]
				r.u, r.g, r.w = m.key.u, m.key.g, m.w
			} else {
				c.alone++
			}
		}
		c.keys, c.w = nil, nil
	}
}
