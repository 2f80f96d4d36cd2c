package corrupt

import (
	"math"

	"shiftmill/kernels"
	"shiftmill/stages/imageio"
)

// textures is the number of frost pictures, all of textureH x textureW pixels.
const (
	textures = 6
	textureH = 480
	textureW = 640
)

// A habit says how the ice of one frost picture grows.
type habit struct {
	ferns   int     // main stems
	length  float64 // of a stem, in pixels
	bend    float64 // of a main stem, in radians a pixel at most
	angle   float64 // between a stem and its branches, in radians
	gap     float64 // pixels from branch to branch
	shrink  float64 // length of a branch, as a share of what is left of its stem
	depth   int     // of branching
	edge    bool    // stems begin at the rim, as on a window pane, not anywhere
	base    float64 // brightness of the hazy ice between crystals, 0 to 1
	density float64 // how bright one stroke is
}

var habits = [textures]habit{
	{ferns: 70, length: 300, bend: .004, angle: 1.05, gap: 9, shrink: .42, depth: 2, edge: true, base: .35, density: .6},
	{ferns: 230, length: 120, bend: .012, angle: .80, gap: 6, shrink: .5, depth: 2, base: .4, density: .45},
	{ferns: 120, length: 180, bend: .006, angle: 1.05, gap: 11, shrink: .6, depth: 2, base: .3, density: .6},
	{ferns: 520, length: 90, bend: 0, angle: 1.05, gap: 8, shrink: .38, depth: 2, base: .4, density: .55},
	{ferns: 60, length: 420, bend: .008, angle: .62, gap: 7, shrink: .38, depth: 2, edge: true, base: .45, density: .5},
	{ferns: 900, length: 60, bend: .03, angle: 1.3, gap: 6, shrink: .5, depth: 2, base: .45, density: .4},
}

// texture draws the i-th frost picture: feathery crystals of white ice, after
// the way frost grows on a pane, over a bluish haze. It is a constant.
func texture(i int) *imageio.Pixels {
	t := &icePen{
		habit: habits[i], ice: newField(textureH, textureW, 1),
		src: kernels.NewKey("corrupt/frost-texture", 1, 0, "ice", uint64(i)).Row(""),
	}
	for range t.ferns {
		y, x := t.draw()*textureH, t.draw()*textureW
		heading := t.draw() * (2 * math.Pi)
		if t.edge {
			// From the nearest point of the rim inwards, up to a radian askew.
			askew := float64(2*t.draw()) - 1
			switch up, left := y < textureH/2, x < textureW/2; {
			case min(y, textureH-y) > min(x, textureW-x) && left:
				x, heading = 0, askew
			case min(y, textureH-y) > min(x, textureW-x):
				x, heading = textureW, math.Pi+askew
			case up:
				y, heading = 0, math.Pi/2+askew
			default:
				y, heading = textureH, -math.Pi/2+askew
			}
		}
		t.grow(y, x, heading, t.length*(.5+float64(.5*t.draw())), t.depth)
	}
	const side = 256
	mist := fractal(side, 1.6, kernels.NewKey("corrupt/frost-texture", 1, 0, "haze", uint64(i)).Row(""))
	glow := gaussian(t.ice, 5, 3, reflect)
	p := imageio.NewPixels(textureH, textureW, 3)
	for y := range textureH {
		for x := range textureW {
			k := y*textureW + x
			ice := float64(t.ice.v[k]) + float64(.4*float64(glow.v[k]))
			bright := ice / (ice + .9)
			haze := t.base * (.35 + float64(.9*between(mist, side, y, x)))
			// Thin ice shows the dark blue behind it, thick ice is white.
			v := haze + float64((1-haze)*bright)
			p.Pix[3*k] = cut(255 * (.08 + float64(.90*v) - float64(.10*(1-v))))
			p.Pix[3*k+1] = cut(255 * (.12 + float64(.87*v) - float64(.02*(1-v))))
			p.Pix[3*k+2] = cut(255 * (.22 + float64(.78*v)))
		}
	}
	return p
}

// between is a height map enlarged four times, linearly.
func between(heights []float64, side, y, x int) float64 {
	at := func(y, x int) float64 { return heights[min(y, side-1)*side+min(x, side-1)] }
	ty, tx := float64(y%4)/4, float64(x%4)/4
	y, x = y/4, x/4
	top := float64(at(y, x)*(1-tx)) + float64(at(y, x+1)*tx)
	bottom := float64(at(y+1, x)*(1-tx)) + float64(at(y+1, x+1)*tx)
	return float64(top*(1-ty)) + float64(bottom*ty)
}

// An icePen draws crystals into a layer of thickness.
type icePen struct {
	habit
	ice  *field
	src  kernels.Source
	next uint32
}

func (t *icePen) draw() float64 {
	t.next++
	return float64(t.src.Uniform(t.next))
}

// grow draws one stem with its branches, thinning towards the tip.
func (t *icePen) grow(y, x, heading, length float64, depth int) {
	const step = .7
	bend := 0.0
	if depth == t.depth {
		bend = t.bend * (float64(2*t.draw()) - 1)
	}
	sin, cos := kernels.Sin64(heading), kernels.Cos64(heading)
	until := t.gap * t.draw()
	for at := 0.0; at < length; at += step {
		left := 1 - at/length
		thick := t.density * (.3 + float64(.7*left)) * (.5 + float64(.35*float64(depth)))
		t.splat(y, x, thick*step)
		if bend != 0 {
			sin, cos = kernels.Sin64(heading), kernels.Cos64(heading)
		}
		y, x = y+float64(step*sin), x+float64(step*cos)
		heading += float64(bend * step)
		if depth == 0 || at < until {
			continue
		}
		until = at + float64(t.gap*(.7+float64(.6*t.draw())))
		for _, side := range [2]float64{-1, 1} {
			tip := (length - at) * t.shrink * (.6 + float64(.4*t.draw()))
			askew := t.angle + float64(.16*(t.draw()-.5))
			t.grow(y, x, heading+float64(side*askew), tip, depth-1)
		}
	}
}

// splat adds a drop of ice, shared by the four pixels round the point.
func (t *icePen) splat(y, x, amount float64) {
	fy, fx := math.Floor(y), math.Floor(x)
	for k, wy := range [2]float64{1 - (y - fy), y - fy} {
		for j, wx := range [2]float64{1 - (x - fx), x - fx} {
			iy, ix := int(fy)+k, int(fx)+j
			if 0 <= iy && iy < t.ice.h && 0 <= ix && ix < t.ice.w {
				t.ice.v[iy*t.ice.w+ix] += float32(amount * wy * wx)
			}
		}
	}
}
