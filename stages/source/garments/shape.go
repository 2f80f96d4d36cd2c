package garments

import "shiftmill/stages/source/draw"

// Lengths are in body units: a person is 1,000 tall, x to the right from the middle of the body,
// y up from the ground. The shoulders are at 818, the waist at 610, the hips at 520, the crotch at 452.

// An outline is the pieces that together are one item; they may overlap.
type outline [][]draw.Point

// A view is how an item is seen.
type view int

const (
	front view = iota
	back
	side // facing right
	flat // not worn
)

// outlineOf is the item of a category as it is seen.
func outlineOf(category int, c cloth, v view) outline {
	switch category {
	case shorts, trousers:
		return legs(category, c, v)
	case skirt:
		half := 112 + c.cut*62/1000
		return outline{mirror(v, []draw.Point{pt(0, 622), pt(76, 622), pt(76, 622), pt(98, 530), pt(half, 290+c.neck*130/1000), pt(half, 290+c.neck*130/1000), pt(0, 282+c.neck*130/1000)})}
	}
	o := outline{mirror(v, bodice(category, c, v))}
	return append(o, sleeves(category, c, v)...)
}

func pt(x, y int64) draw.Point { return draw.Point{X: x, Y: y} }

// mirror completes the right half of a contour, given from the top of the middle line to its
// bottom, squeezes it for a view from the side, and rounds it.
func mirror(v view, half []draw.Point) []draw.Point {
	all := append([]draw.Point(nil), half...)
	for i := len(half) - 1; i >= 0; i-- {
		all = append(all, pt(-half[i].X, half[i].Y))
	}
	if v == side {
		for i, p := range all {
			all[i].X = p.X * 58 / 100
			if p.X > 0 && p.Y > 640 && p.Y < 800 {
				all[i].X += 14 // chest
			}
		}
	}
	return draw.Smooth(all, 2)
}

// bodice is the right half of what covers the trunk, from the neckline to the hem.
func bodice(category int, c cloth, v view) []draw.Point {
	hem, half, waist := int64(488), 98+c.cut*14/1000, 84+c.cut*16/1000
	switch category {
	case shortOutwear, longOutwear:
		hem, half, waist = 470-c.cut*120/1000, 118+c.cut*16/1000, 106
	case shortDress, longDress, vestDress, slingDress:
		hem, half, waist = 330-c.neck*130/1000, 128+c.cut*70/1000, 74
	case sling:
		hem, half, waist = 520, 90, 80
	}
	deep := 30 + c.neck*62/1000
	if v == back {
		deep = 10
	}
	skirted := []draw.Point{pt(waist, 612), pt(max(96, waist), 530), pt(half, hem), pt(half, hem), pt(0, hem-8)}
	switch category {
	case vest, vestDress:
		return append([]draw.Point{pt(0, 846-deep), pt(34, 850-deep*2/3), pt(52, 850), pt(52, 850), pt(86, 832), pt(86, 832), pt(70, 780), pt(92, 742), pt(92, 742)}, skirted...)
	case sling, slingDress:
		return append([]draw.Point{pt(0, 752), pt(40, 772), pt(58, 846), pt(58, 846), pt(66, 846), pt(66, 846), pt(66, 776), pt(94, 738), pt(94, 738)}, skirted...)
	}
	return append([]draw.Point{pt(0, 846-deep), pt(30, 850-deep*2/3), pt(46, 856), pt(46, 856), pt(112, 824), pt(124, 800), pt(98, 730), pt(98, 730)}, skirted...)
}

// arm is the line from the right shoulder to the wrist.
func arm(v view) [3]draw.Point {
	switch v {
	case side:
		return [3]draw.Point{pt(-4, 796), pt(-14, 640), pt(26, 500)}
	case flat:
		return [3]draw.Point{pt(104, 796), pt(196, 668), pt(262, 520)}
	}
	return [3]draw.Point{pt(106, 796), pt(142, 642), pt(160, 492)}
}

func sleeves(category int, c cloth, v view) outline {
	long, wide := int64(0), 38+c.cut*8/1000
	switch category {
	case shortTop, shortDress:
		long = 420 + c.cut*260/1000
	case shortOutwear:
		long, wide = 560+c.cut*260/1000, 46
	case longTop, longDress:
		long = 1960
	case longOutwear:
		long, wide = 1960, 46
	default:
		return nil
	}
	line := cutLine(arm(v), long)
	right := tube(line, wide, max(26, wide-long*14/2000))
	if v == side {
		return outline{right}
	}
	left := make([]draw.Point, len(right))
	for i, p := range right {
		left[i] = pt(-p.X, p.Y)
	}
	return outline{right, left}
}

// cutLine is the first part of a line of two pieces; long is in 1/1000 of a piece.
func cutLine(l [3]draw.Point, long int64) []draw.Point {
	at := func(a, b draw.Point, k int64) draw.Point { return pt(a.X+(b.X-a.X)*k/1000, a.Y+(b.Y-a.Y)*k/1000) }
	if long <= 1000 {
		return []draw.Point{l[0], at(l[0], l[1], long)}
	}
	return []draw.Point{l[0], l[1], at(l[1], l[2], long-1000)}
}

// tube is the contour around a line, half as wide as a at its start and b at its end.
func tube(line []draw.Point, a, b int64) []draw.Point {
	var left, right []draw.Point
	for i, p := range line {
		q, o := line[max(i-1, 0)], line[min(i+1, len(line)-1)]
		dx, dy := o.X-q.X, o.Y-q.Y
		length := max(1, draw.Sqrt(dx*dx+dy*dy))
		w := a + (b-a)*int64(i)/int64(len(line)-1)
		nx, ny := -dy*w/length, dx*w/length
		left = append(left, pt(p.X+nx, p.Y+ny))
		right = append([]draw.Point{pt(p.X-nx, p.Y-ny)}, right...)
	}
	n := len(line) - 1
	all := append(left, left[n])
	all = append(all, right[0])
	all = append(all, right...)
	return draw.Smooth(all, 1)
}

func legs(category int, c cloth, v view) outline {
	end, out, in := int64(58), 84+c.cut*34/1000, int64(22)
	if category == shorts {
		end, out, in = 300+c.cut*80/1000, 116, 14
	}
	if v == side {
		end0 := end
		return outline{draw.Smooth([]draw.Point{pt(-52, 622), pt(-52, 622), pt(50, 622), pt(50, 622), pt(60, 520), pt(52, 300), pt(out*46/100, end0), pt(out*46/100, end0), pt(-out*46/100, end0), pt(-out*46/100, end0), pt(-50, 300), pt(-66, 520)}, 2)}
	}
	spread := int64(0)
	if v == flat {
		spread = 18
	}
	right := []draw.Point{pt(0, 622), pt(0, 622), pt(78, 622), pt(78, 622), pt(104, 520), pt(out+spread, end), pt(out+spread, end), pt(in+spread, end), pt(in+spread, end), pt(5, 448), pt(0, 448), pt(0, 448)}
	left := make([]draw.Point, len(right))
	for i, p := range right {
		left[i] = pt(-p.X, p.Y)
	}
	return outline{draw.Smooth(right, 2), draw.Smooth(left, 2)}
}
