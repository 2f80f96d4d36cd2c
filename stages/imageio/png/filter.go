package png

import "fmt"

// unfilter undoes a row's filter in place; above is the row before, unit the bytes of a pixel.
func unfilter(kind byte, row, above []byte, unit int) error {
	above = above[:len(row)]
	switch kind {
	case 0:
	case 1:
		for i := unit; i < len(row); i++ {
			row[i] += row[i-unit]
		}
	case 2:
		for i, v := range above {
			row[i] += v
		}
	case 3:
		for i := range min(unit, len(row)) {
			row[i] += above[i] / 2
		}
		for i := unit; i < len(row); i++ {
			row[i] += byte((int(row[i-unit]) + int(above[i])) / 2)
		}
	case 4:
		for i := range min(unit, len(row)) {
			row[i] += above[i]
		}
		for i := unit; i < len(row); i++ {
			row[i] += paeth(row[i-unit], above[i], above[i-unit])
		}
	default:
		return fmt.Errorf("row filter %d does not exist", kind)
	}
	return nil
}

// paeth is the one of left, above and corner that is nearest to left + above - corner; ties go in this order.
func paeth(left, above, corner byte) byte {
	pa, pb := int(above)-int(corner), int(left)-int(corner)
	pc := pa + pb
	if pa < 0 {
		pa = -pa
	}
	if pb < 0 {
		pb = -pb
	}
	if pc < 0 {
		pc = -pc
	}
	if pa <= pb && pa <= pc {
		return left
	}
	if pb <= pc {
		return above
	}
	return corner
}
