package jpeg

// progressiveBlock returns the method that decodes a block of the scan (ITU-T T.81, annex G). Each adds to the
// coefficients of the component; samples are made once all scans are read.
func (d *decoder) progressiveBlock(s *scan) func(*component, int, int) error {
	switch {
	case s.first == 0 && s.high == 0:
		return func(c *component, row, col int) error { return d.dcFirst(s, c, row, col) }
	case s.first == 0:
		return func(c *component, row, col int) error { return d.dcRefine(s, c, row, col) }
	case s.high == 0:
		return func(c *component, row, col int) error { return d.acFirst(s, c, row, col) }
	}
	return func(c *component, row, col int) error { return d.acRefine(s, c, row, col) }
}

func (c *component) block(row, col int) (*[64]int16, *uint8) {
	i := row*c.blocksWide + col
	return (*[64]int16)(c.coef[64*i:]), &c.last[i]
}

func (d *decoder) dcFirst(s *scan, c *component, row, col int) error {
	block, _ := c.block(row, col)
	r := &d.entropy
	r.refill()
	e, err := r.symbol(c.dcTable)
	if e&valueKnown != 0 {
		c.pred += int32(int16(e >> 16))
	} else if size := uint(e >> 8 & 15); size > 0 {
		c.pred += extend(r.acc, size)
		r.take(size)
	}
	block[0] = int16(c.pred << s.low)
	return r.check(err)
}

func (d *decoder) dcRefine(s *scan, c *component, row, col int) error {
	block, _ := c.block(row, col)
	r := &d.entropy
	r.refill()
	if r.take(1) != 0 {
		block[0] |= 1 << s.low
	}
	return r.check(nil)
}

func (d *decoder) acFirst(s *scan, c *component, row, col int) error {
	if d.eobRun > 0 {
		d.eobRun--
		return nil
	}
	block, last := c.block(row, col)
	r := &d.entropy
	var failed error
	for k := s.first; k <= s.last; k++ {
		r.refill()
		e, err := r.symbol(c.acTable)
		if err != nil {
			failed = err
		}
		run, size := int(e>>12&15), uint(e>>8&15)
		if size == 0 {
			if run < 15 {
				d.eobRun = r.eobRun(run) - 1
				break
			}
			k += 15
			continue
		}
		v := int32(int16(e >> 16))
		if e&valueKnown == 0 {
			v = extend(r.acc, size)
			r.take(size)
		}
		if k += run; k > 63 {
			failed = errIndex
			break
		}
		block[zigzag[k]] = int16(v << s.low)
		*last = max(*last, uint8(k))
	}
	return r.check(failed)
}

// acRefine adds one bit to the coefficients that are known and the first bit of those that become known.
func (d *decoder) acRefine(s *scan, c *component, row, col int) error {
	block, last := c.block(row, col)
	r := &d.entropy
	bit := int16(1) << s.low
	k := s.first
	var failed error
	if d.eobRun == 0 {
		for k <= s.last {
			r.refill()
			e, err := r.symbol(c.acTable)
			if err != nil {
				failed = err
			}
			run, size := int(e>>12&15), e>>8&15
			v := int16(0)
			switch {
			case size > 1:
				return r.check(errRefine)
			case size == 1:
				v = -bit
				if e&valueKnown != 0 && int16(e>>16) > 0 || e&valueKnown == 0 && r.take(1) != 0 {
					v = bit
				}
			case run < 15:
				d.eobRun = r.eobRun(run)
			}
			if size == 0 && run < 15 {
				break
			}
			if k = r.refine(block, k, s.last, run, bit); k <= s.last {
				if v != 0 {
					block[zigzag[k]] = v
					*last = max(*last, uint8(k))
				}
			} else if v != 0 {
				failed = errIndex
			}
			k++
		}
	}
	if d.eobRun > 0 {
		r.refine(block, k, s.last, 64, bit)
		d.eobRun--
	}
	return r.check(failed)
}

// refine reads a correction bit for each coefficient from k on that is not zero, passing over zeros zero ones; it returns the
// index of the next zero coefficient, or last+1.
func (r *bitReader) refine(block *[64]int16, k, last, zeros int, bit int16) int {
	for ; k <= last; k++ {
		p := &block[zigzag[k]]
		if *p == 0 {
			if zeros == 0 {
				break
			}
			zeros--
			continue
		}
		if r.n < 8 {
			r.refill()
		}
		if r.take(1) != 0 && *p&bit == 0 {
			if *p > 0 {
				*p += bit
			} else {
				*p -= bit
			}
		}
	}
	return k
}

// symbol reads a Huffman code, with its value where the table holds that as well. refill must have been called.
func (r *bitReader) symbol(t *huffman) (entry uint32, err error) {
	e := t.look[r.acc>>(64-lookBits)]
	if e == 0 {
		var ok bool
		if e, ok = t.long(r.acc); !ok {
			err = errCode
		}
	}
	r.acc <<= e & 31
	r.n -= uint(e & 31)
	return e, err
}

// eobRun reads the number of blocks, this one counted, in which the band has ended.
func (r *bitReader) eobRun(size int) int {
	if size == 0 {
		return 1
	}
	return 1<<size + int(r.take(uint(size)))
}

func (r *bitReader) check(err error) error {
	if r.exhausted() {
		return errExhausted
	}
	return err
}

// reconstruct turns the coefficients into samples.
func (d *decoder) reconstruct() {
	for i := range d.comps {
		c := &d.comps[i]
		if c.quant == nil { // never scanned, in a damaged file
			c.quant = new([64]uint16)
		}
		var quant [64]int16 // natural order
		for k, q := range c.quant {
			quant[zigzag[k]] = int16(q)
		}
		var block [64]int16
		for row := range c.high {
			for col := range c.wide {
				coef, last := c.block(row, col)
				for k, q := range quant {
					block[k] = coef[k] * q
				}
				c.render(row, col, &block, int(*last))
			}
		}
	}
}
