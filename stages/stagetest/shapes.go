package stagetest

import (
	"fmt"

	"shiftmill/stages"
)

// Shapes are n rows of small pictures of k classes that a network can learn
// within seconds: the class decides a patch's place and colour, the row its
// brightness and a pattern in the background. Columns are image (rgb8) and label
// ("class0", ...); ids are "row0000", ....
func Shapes(n, k, side int) *Table {
	ids, labels, cells := make([]string, n), make([]string, n), make([]stages.ImageCell, n)
	for i := range n {
		class := i % k
		ids[i], labels[i] = fmt.Sprintf("row%04d", i), fmt.Sprintf("class%d", class)
		pix := make([]byte, side*side*3)
		state := uint32(i)*2654435761 + 1
		for j := range pix {
			state = state*1664525 + 1013904223
			pix[j] = byte(state>>24)/4 + byte(i*5%60)
		}
		y0, x0 := class*7%(side/2), class*5%(side/2)
		for y := y0; y < y0+side/2; y++ {
			for x := x0; x < x0+side/2; x++ {
				pix[(y*side+x)*3+class%3] |= 128
			}
		}
		cells[i] = stages.ImageCell{Ref: "rgb8", Data: pix, Height: side, Width: side}
	}
	return Rows(ids, Column{"image", cells}, Column{"label", labels})
}
