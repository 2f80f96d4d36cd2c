package corrupt

import "slices"

// names lists the corruptions in the order of the benchmark, the held-out four
// last.
var names = []string{
	"gaussian_noise", "shot_noise", "impulse_noise",
	"defocus_blur", "glass_blur", "motion_blur", "zoom_blur",
	"snow", "frost", "fog", "brightness",
	"contrast", "elastic_transform", "pixelate", "jpeg_compression",
	"speckle_noise", "gaussian_blur", "spatter", "saturate",
}

// Names lists the corruptions in the order of the benchmark: fifteen, then the
// four that were held out (speckle_noise, gaussian_blur, spatter, saturate).
func Names() []string { return slices.Clone(names) }

// families lists the picture sizes that have parameters of their own.
var families = []int{224, 64, 32, 299}

// Family is the family for pictures of h x w pixels: that of 32, 64 and 224
// whose size is nearest to the shorter side by ratio. The family of 299, which
// nearly repeats that of 224, is for those who ask for it.
func Family(h, w int) int {
	switch side := min(h, w); {
	case side*side < 32*64:
		return 32
	case side*side < 64*224:
		return 64
	}
	return 224
}

// levels are the parameters of one corruption, one list a severity.
type levels [5][]float64

// single makes levels of one number each.
func single(a, b, c, d, e float64) levels { return levels{{a}, {b}, {c}, {d}, {e}} }

// parametersOf returns the parameters at a severity. A family that has none of
// its own shares those of 224.
func parametersOf(name string, severity, family int) []float64 {
	l, ok := parameters[name][family]
	if !ok {
		l = parameters[name][224]
	}
	return l[severity-1]
}

// parameters holds, for each corruption and family, what its function takes;
// the functions say what the numbers mean.
// Source: the published code of ImageNet-C, its CIFAR, Tiny ImageNet and
// 299-pixel variants.
var parameters = map[string]map[int]levels{
	"gaussian_noise": {
		224: single(.08, .12, .18, .26, .38),
		64:  single(.04, .08, .12, .15, .18),
		32:  single(.04, .06, .08, .09, .10),
		299: single(.09, .13, .19, .27, .40),
	},
	"shot_noise": {
		224: single(60, 25, 12, 5, 3),
		64:  single(250, 100, 50, 30, 15),
		32:  single(500, 250, 100, 75, 50),
		299: single(50, 20, 10, 5, 3),
	},
	"impulse_noise": {
		224: single(.03, .06, .09, .17, .27),
		64:  single(.01, .02, .05, .08, .14),
		32:  single(.01, .02, .03, .05, .07),
		299: single(.04, .07, .10, .18, .28),
	},
	"speckle_noise": {
		224: single(.15, .2, .35, .45, .6),
		64:  single(.15, .2, .25, .3, .35),
		32:  single(.06, .1, .12, .16, .2),
		299: single(.16, .21, .36, .46, .61),
	},
	"gaussian_blur": {
		224: single(1, 2, 3, 4, 6),
		64:  single(.5, .75, 1, 1.25, 1.5),
		32:  single(.4, .6, .7, .8, 1),
		299: single(1.5, 2.5, 3.5, 4.5, 6.5),
	},
	"glass_blur": {
		224: {{.7, 1, 2}, {.9, 2, 1}, {1, 2, 3}, {1.1, 3, 2}, {1.5, 4, 2}},
		64:  {{.1, 1, 1}, {.5, 1, 1}, {.6, 1, 2}, {.7, 2, 1}, {.9, 2, 2}},
		32:  {{.05, 1, 1}, {.25, 1, 1}, {.4, 1, 1}, {.25, 1, 2}, {.4, 1, 2}},
		299: {{.8, 1, 3}, {1, 3, 1}, {1.1, 2, 4}, {1.2, 4, 2}, {1.6, 5, 2}},
	},
	"defocus_blur": {
		224: {{3, .1}, {4, .5}, {6, .5}, {8, .5}, {10, .5}},
		64:  {{.5, .6}, {1, .1}, {1.5, .1}, {2.5, .01}, {3, .1}},
		32:  {{.3, .4}, {.4, .5}, {.5, .6}, {1, .2}, {1.5, .1}},
		299: {{4, .1}, {5, .5}, {7, .5}, {10, .5}, {12, .5}},
	},
	"motion_blur": {
		224: {{10, 3}, {15, 5}, {15, 8}, {15, 12}, {20, 15}},
		64:  {{10, 1}, {10, 1.5}, {10, 2}, {10, 2.5}, {12, 3}},
		32:  {{6, 1}, {6, 1.5}, {6, 2}, {8, 2}, {9, 2.5}},
		299: {{12, 4}, {17, 6}, {17, 9}, {17, 13}, {22, 16}},
	},
	// Step, number of factors from 1 on as meant, and as the original's
	// floating-point range gave it.
	"zoom_blur": {
		224: {{.01, 11, 12}, {.01, 16, 16}, {.02, 11, 11}, {.02, 13, 13}, {.03, 11, 11}},
		64:  {{.01, 6, 7}, {.01, 11, 12}, {.01, 16, 16}, {.01, 21, 21}, {.01, 26, 26}},
		32:  {{.01, 6, 7}, {.01, 11, 12}, {.01, 16, 16}, {.01, 21, 21}, {.01, 26, 26}},
	},
	"snow": {
		224: {{.1, .3, 3, .5, 10, 4, .8}, {.2, .3, 2, .5, 12, 4, .7}, {.55, .3, 4, .9, 12, 8, .7}, {.55, .3, 4.5, .85, 12, 8, .65}, {.55, .3, 2.5, .85, 12, 12, .55}},
		64:  {{.1, .2, 1, .6, 8, 3, .8}, {.1, .2, 1, .5, 10, 4, .8}, {.15, .3, 1.75, .55, 10, 4, .7}, {.25, .3, 2.25, .6, 12, 6, .65}, {.3, .3, 1.25, .65, 14, 12, .6}},
		32:  {{.1, .2, 1, .6, 8, 3, .95}, {.1, .2, 1, .5, 10, 4, .9}, {.15, .3, 1.75, .55, 10, 4, .9}, {.25, .3, 2.25, .6, 12, 6, .85}, {.3, .3, 1.25, .65, 14, 12, .8}},
	},
	// Share of the picture, share of the frost, factor by which the frost is
	// made smaller.
	"frost": {
		224: {{1, .4, 1}, {.8, .6, 1}, {.7, .7, 1}, {.65, .7, 1}, {.6, .75, 1}},
		64:  {{1, .3, .3}, {.9, .4, .3}, {.8, .45, .3}, {.75, .5, .3}, {.7, .55, .3}},
		32:  {{1, .2, .2}, {1, .3, .2}, {.9, .4, .2}, {.85, .4, .2}, {.75, .45, .2}},
	},
	"fog": {
		224: {{1.5, 2}, {2, 2}, {2.5, 1.7}, {2.5, 1.5}, {3, 1.4}},
		64:  {{.4, 3}, {.7, 3}, {1, 2.5}, {1.5, 2}, {2, 1.75}},
		32:  {{.2, 3}, {.5, 3}, {.75, 2.5}, {1, 2}, {1.5, 1.75}},
		299: {{1.5, 2}, {2, 2}, {2.5, 1.8}, {2.5, 1.6}, {3, 1.5}},
	},
	"brightness": {
		224: single(.1, .2, .3, .4, .5),
		32:  single(.05, .1, .15, .2, .3),
	},
	"contrast": {
		224: single(.4, .3, .2, .1, .05),
		32:  single(.75, .5, .4, .3, .15),
	},
	// Displacement, its smoothness and the affine jitter, all in sides; the
	// side in pixels as meant and as the original had it.
	"elastic_transform": {
		224: {{2, .7, .1, 224, 244}, {2, .08, .2, 224, 244}, {.05, .01, .02, 224, 244}, {.07, .01, .02, 224, 244}, {.12, .01, .02, 224, 244}},
		64:  {{0, 0, .08, 64, 64}, {.05, .3, .06, 64, 64}, {.1, .08, .06, 64, 64}, {.1, .03, .03, 64, 64}, {.16, .03, .02, 64, 64}},
		32:  {{0, 0, .08, 32, 32}, {.05, .2, .07, 32, 32}, {.08, .06, .06, 32, 32}, {.1, .04, .05, 32, 32}, {.1, .03, .03, 32, 32}},
		299: {{2, .7, .1, 360, 360}, {2, .08, .2, 360, 360}, {.05, .01, .02, 360, 360}, {.07, .01, .02, 360, 360}, {.12, .01, .02, 360, 360}},
	},
	"pixelate": {
		224: single(.6, .5, .4, .3, .25),
		64:  single(.9, .8, .7, .6, .5),
		32:  single(.95, .9, .85, .75, .65),
		299: single(.5, .4, .3, .25, .2),
	},
	"jpeg_compression": {
		224: single(25, 18, 15, 10, 7),
		64:  single(65, 58, 50, 40, 25),
		32:  single(80, 65, 58, 50, 40),
		299: single(23, 16, 13, 8, 5),
	},
	"spatter": {
		224: {{.65, .3, 4, .69, .6, 0}, {.65, .3, 3, .68, .6, 0}, {.65, .3, 2, .68, .5, 0}, {.65, .3, 1, .65, 1.5, 1}, {.67, .4, 1, .65, 1.5, 1}},
		64:  {{.62, .1, .7, .7, .6, 0}, {.65, .1, .8, .7, .6, 0}, {.65, .3, 1, .69, .6, 0}, {.65, .1, .7, .68, .6, 1}, {.65, .1, .5, .67, .6, 1}},
		32:  {{.62, .1, .7, .7, .5, 0}, {.65, .1, .8, .7, .5, 0}, {.65, .3, 1, .69, .5, 0}, {.65, .1, .7, .69, .6, 1}, {.65, .1, .5, .68, .6, 1}},
		299: {{.65, .3, 4, .69, .9, 0}, {.65, .3, 3.5, .68, .9, 0}, {.65, .3, 3, .68, .8, 0}, {.65, .3, 1.2, .65, 1.8, 1}, {.67, .4, 1.2, .65, 1.8, 1}},
	},
	"saturate": {
		224: {{.3, 0}, {.1, 0}, {2, 0}, {5, .1}, {20, .2}},
		64:  {{.3, 0}, {.1, 0}, {2, 0}, {5, .1}, {30, .2}},
		32:  {{.3, 0}, {.1, 0}, {1.5, 0}, {2, .1}, {2.5, .2}},
	},
}
