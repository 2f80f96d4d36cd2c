package report

import (
	"math"
	"testing"
)

// The point rule gives the paper's signs, all 17, on its published tables, and
// for every margin near the default.
func TestPointRule(t *testing.T) {
	want := map[string]string{ // by hypothesis: ImageNet-C, Real Blurry, ImageNet-R, DFR, SVSF; blank is not tested
		"1 Larger Models":             "+++- ",
		"2 Self-Attention":            "++-- ",
		"3 Diverse Data Augmentation": "+++--",
		"4 Pretraining":               "++-- ",
	}
	columns := []string{"imagenet-c", "real-blurry", "imagenet-r", "dfr", "svsf"}
	all, err := readPublished()
	if err != nil {
		t.Fatal(err)
	}
	for _, margins := range []Margins{{1, 0.5}, {0.3, 0.5}, {2.2, 0.5}, {1, 0.3}, {1, 0.7}} {
		got := map[[2]string]string{}
		signs := pointSigns(all, margins)
		for _, s := range signs {
			got[[2]string{s.Hypothesis, s.Benchmark}] = s.Sign
		}
		if len(signs) != 17 {
			t.Errorf("margins %v: %d signs, want 17", margins, len(signs))
		}
		for h, row := range want {
			for i, c := range columns {
				if sign := row[i : i+1]; sign != " " && got[[2]string{h, c}] != sign {
					t.Errorf("margins %v: %s on %s is %q, want %q", margins, h, c, got[[2]string{h, c}], sign)
				}
			}
		}
	}
}

// Rank correlations between the published tables, against SciPy's on the same
// figures.
func TestPublishedCorrelations(t *testing.T) {
	all, err := readPublished()
	if err != nil {
		t.Fatal(err)
	}
	want := map[[2]string]float64{{"ImageNet-R", "ImageNet-C"}: 0.783, {"DeepFashion Remixed", "ImageNet-C"}: -0.883, {"DeepFashion Remixed", "StreetView StoreFronts"}: -0.949}
	for _, c := range publishedCorrelations(all) {
		for k, rho := range want {
			if (c.Benchmarks == k || c.Benchmarks == [2]string{k[1], k[0]}) && math.Abs(*c.Rho-rho) > 0.001 {
				t.Errorf("%v: %v, want %v", k, *c.Rho, rho)
			} else if c.Benchmarks == k || c.Benchmarks == [2]string{k[1], k[0]} {
				delete(want, k)
			}
		}
	}
	if len(want) > 0 {
		t.Errorf("not given: %v", want)
	}
	if rho := publishedBlur(all); math.Abs(*rho-0.9515) > 0.001 {
		t.Errorf("blur: %v", *rho)
	}
}

// The gap and OOD columns as the paper prints them.
func TestPublishedColumns(t *testing.T) {
	all, err := readPublished()
	if err != nil {
		t.Fatal(err)
	}
	near := func(what string, got, want, within float64) {
		t.Helper()
		if math.Abs(got-want) > within {
			t.Errorf("%s is %.2f, printed %.1f", what, got, want)
		}
	}
	for network, gap := range map[string]float64{
		"ResNet-50": 56.0, "ResNet-50 + ImageNet-21K": 55.8, "ResNet-50 + CBAM": 56.2, "ResNet-50 + adversarial": 43.5,
		"ResNet-50 + speckle": 54.0, "ResNet-50 + style": 49.6, "ResNet-50 + AugMix": 51.8, "ResNet-50 + DeepAugment": 50.3,
		"ResNet-50 + DeepAugment + AugMix": 45.2, "ResNet-152": 51.9,
	} {
		near("ImageNet-R gap of "+network, all[0].find(network).Gap, gap, 0.051)
	}
	for network, ood := range map[string]float64{
		"ResNet-50": 55.1, "ResNet-50 + ImageNet-21K": 58.3, "ResNet-50 + SE": 55.3, "ResNet-50 + random erasing": 56.4,
		"ResNet-50 + speckle": 55.8, "ResNet-50 + style": 57.1, "ResNet-50 + DeepAugment": 56.3, "ResNet-50 + AugMix": 57.3, "ResNet-152": 57.1,
	} {
		near("DFR OOD mAP of "+network, 100-all[2].find(network).OOD, ood, 0.08) // printed from unrounded sets
	}
	for _, row := range all[3].Rows {
		var mce float64
		for i, e := range row.Sets {
			mce += e / alexnet[i].mean() / 15
		}
		near("mCE of "+row.Network, mce, *row.MCE, 0.26) // CE are printed without decimals
	}
}
