package report

// A corruption is one of ImageNet-C with AlexNet's top-1 error on it, by
// severity 1 to 5: the unit of the mean corruption error.
type corruption struct {
	name  string
	error [5]float64
	extra bool // held out: no part of mCE
}

// alexnet are AlexNet's errors on ImageNet-C, from the benchmark's own
// repository (hendrycks/robustness, README of 2019-10-10).
var alexnet = []corruption{
	{"gaussian_noise", [5]float64{0.69528, 0.82542, 0.93554, 0.98138, 0.99452}, false},
	{"shot_noise", [5]float64{0.71224, 0.85108, 0.93574, 0.98182, 0.99146}, false},
	{"impulse_noise", [5]float64{0.78374, 0.89808, 0.94870, 0.98720, 0.99548}, false},
	{"defocus_blur", [5]float64{0.65624, 0.73202, 0.85036, 0.91364, 0.94714}, false},
	{"glass_blur", [5]float64{0.64308, 0.75054, 0.88806, 0.91622, 0.93344}, false},
	{"motion_blur", [5]float64{0.58430, 0.70048, 0.82108, 0.89750, 0.92638}, false},
	{"zoom_blur", [5]float64{0.70008, 0.76992, 0.80784, 0.84198, 0.87198}, false},
	{"snow", [5]float64{0.71726, 0.88392, 0.86468, 0.91870, 0.94952}, false},
	{"frost", [5]float64{0.61390, 0.79734, 0.88790, 0.89942, 0.93430}, false},
	{"fog", [5]float64{0.67474, 0.76050, 0.84378, 0.87260, 0.94500}, false},
	{"brightness", [5]float64{0.45140, 0.48502, 0.54048, 0.62166, 0.72440}, false},
	{"contrast", [5]float64{0.64548, 0.76150, 0.88874, 0.97760, 0.99270}, false},
	{"elastic_transform", [5]float64{0.52596, 0.70116, 0.55686, 0.64076, 0.80554}, false},
	{"pixelate", [5]float64{0.52218, 0.54620, 0.73728, 0.87092, 0.91262}, false},
	{"jpeg_compression", [5]float64{0.51002, 0.54718, 0.57294, 0.65458, 0.74778}, false},
	{"speckle_noise", [5]float64{0.66192, 0.74440, 0.90246, 0.94548, 0.97268}, true},
	{"gaussian_blur", [5]float64{0.54732, 0.70444, 0.82574, 0.89864, 0.95940}, true},
	{"spatter", [5]float64{0.47196, 0.62194, 0.75052, 0.84132, 0.90182}, true},
	{"saturate", [5]float64{0.59342, 0.65514, 0.51174, 0.70834, 0.82260}, true},
}

// mean is AlexNet's error over the severities.
func (c *corruption) mean() float64 {
	var s float64
	for _, e := range c.error {
		s += e
	}
	return s / 5
}
