package report

// A result is all that the report says, before it is laid out. Numbers are in
// percent or points of error. The field tags are the format of report.json.
type result struct {
	Format     string            `json:"format"`
	Title      string            `json:"title"`
	Baseline   string            `json:"baseline,omitempty"`
	Replicate  string            `json:"replicate,omitempty"`
	Margins    marginsResult     `json:"margins"`
	Level      float64           `json:"level"`
	Benchmarks []benchmarkResult `json:"benchmarks"`
	Hypotheses *hypothesesResult `json:"hypotheses,omitempty"`
	Published  *publishedResult  `json:"published,omitempty"`
	Notes      []string          `json:"notes"`
	Inputs     []provenance      `json:"inputs"`

	training []course // for the page
	larger   []Sizes  // pairs that charts join
}

// format is raised when a field changes its meaning or goes.
const format = "shiftmill-report/1"

type marginsResult struct {
	OOD float64 `json:"ood"`
	Gap float64 `json:"gap"`
}

type benchmarkResult struct {
	Name     string        `json:"name"`
	Real     bool          `json:"real"`
	Shift    string        `json:"shift,omitempty"`
	Measure  string        `json:"measure"`
	Classes  int           `json:"classes"`
	Chance   float64       `json:"chance"`
	Clusters string        `json:"clusters,omitempty"` // the column
	Sets     []setResult   `json:"sets"`
	Models   []modelResult `json:"models"`
	Line     []linePoint   `json:"line,omitempty"`
	// Family is how many comparisons the adjusted p values are one family of.
	Family int `json:"family"`

	strips []strip // for the page
}

// A linePoint is a point of the line of effective robustness, in percent.
type linePoint struct {
	IID float64 `json:"iid"` // error
	OOD float64 `json:"ood"`
}

type setResult struct {
	Name     string `json:"name"`
	IID      bool   `json:"iid"`
	Images   int    `json:"images"`
	Clusters int    `json:"clusters"`
}

type modelResult struct {
	Name       string            `json:"name"`
	Baseline   bool              `json:"baseline"`
	Seeds      []string          `json:"seeds"`
	Errors     []setError        `json:"errors"` // by set, as Sets
	OOD        *number           `json:"ood"`    // mean over the sets outside the training distribution
	Gap        *number           `json:"gap"`    // OOD minus IID
	Against    *comparison       `json:"against,omitempty"`
	Classes    []classError      `json:"classes,omitempty"`
	Attributes []attributeErrors `json:"attributes,omitempty"`
	Worst      []worstGroup      `json:"worst_groups,omitempty"`
	Shape      *shapeShare       `json:"shape_share,omitempty"`
	Reliable   []reliability     `json:"reliability,omitempty"`
	Effective  *number           `json:"effective_robustness,omitempty"` // OOD accuracy minus that of the line at the same IID accuracy
	Parameters float64           `json:"parameters,omitempty"`           // millions of weights
	Effort     *effort           `json:"effort,omitempty"`
	Corruption *corruptionErrors `json:"corruption_errors,omitempty"`
}

type setError struct {
	Set   string    `json:"set"`
	Error *number   `json:"error"`
	Gap   *number   `json:"gap,omitempty"` // this set minus IID
	Seeds []float64 `json:"seeds,omitempty"`
	Top5  *number   `json:"top5,omitempty"`
	ECE   *number   `json:"ece,omitempty"`             // expected calibration error, 15 bins of equal width
	RMS   *number   `json:"rms_calibration,omitempty"` // root mean square calibration error, bins of 100 images
	// ReferenceRMS is the same as the code of ImageNet-R has it, without the last
	// bin, and AURRA the area under its response rate accuracy curve.
	ReferenceRMS *number `json:"rms_calibration_reference,omitempty"`
	AURRA        *number `json:"aurra,omitempty"`
}

// A classError is the error on the images of one class; of rows with several labels
// 100 minus its average precision, and the images are those that have the label.
type classError struct {
	Class     string  `json:"class"`
	IID       *number `json:"iid"`
	OOD       *number `json:"ood"` // pooled over the OOD sets; of rows with several labels the mean over them
	IIDImages int     `json:"iid_images"`
	OODImages int     `json:"ood_images"`
}

// A comparison is a model against its baseline, seed by seed and image by image.
type comparison struct {
	Baseline string   `json:"baseline"`
	Seeds    []string `json:"seeds"` // those of both
	IID      *number  `json:"iid"`   // IID error of the baseline minus the model's
	gains
	Sets    []setGains `json:"sets"`
	AtFloor []string   `json:"at_floor,omitempty"` // sets where the baseline guesses, left out of A and G
}

// Gains are how much fewer errors a model makes than its baseline outside the
// training distribution (A), and how much of that is more than inside (G).
type gains struct {
	A *number `json:"a"`
	G *number `json:"g"`
	// P is the one-sided p value of A and G both above zero, Holm the same
	// adjusted for its family.
	P       *float64 `json:"p"`
	Holm    *float64 `json:"holm"`
	Verdict string   `json:"verdict"` // "+", "-", "0", or "" where nothing can be said
}

type setGains struct {
	Set string `json:"set"`
	gains
	// McNemar is the exact test of the two models' errors on the set, where both
	// have one seed and every row is its own cluster.
	McNemar *float64 `json:"mcnemar,omitempty"`
}

// A number is an estimate with its 95 % interval; low and high are null where
// the data cannot give one.
type number struct {
	Value  float64  `json:"value"`
	Low    *float64 `json:"low"`
	High   *float64 `json:"high"`
	SE     float64  `json:"se"`
	SeedSE float64  `json:"seed_se"` // the part of SE that is between seeds
	DF     float64  `json:"df"`
}

// hypothesesResult is what the data say about the hypotheses.
type hypothesesResult struct {
	Family int                `json:"family"` // cells that the adjusted p values are one family of
	Rows   []hypothesisResult `json:"rows"`
	// Only are the comparisons of row 6.
	Only []onlyCell `json:"only_iid,omitempty"`
	// Correlations are rank correlations of G between benchmarks over the
	// methods of both.
	Correlations []correlation `json:"correlations"`
	Blur         []blurResult  `json:"blur,omitempty"`
}

type hypothesisResult struct {
	Number int    `json:"number"`
	Name   string `json:"name"`
	// Verdict of the properties (5 to 8) is "supported", "contradicted",
	// "undecided" or "not tested"; methods (1 to 4) have one by benchmark, or
	// "not tested" without any.
	Verdict    string              `json:"verdict,omitempty"`
	Why        string              `json:"why"`
	Benchmarks []hypothesisVerdict `json:"benchmarks,omitempty"`
	Contrast   *number             `json:"contrast,omitempty"` // the number that the verdict needs beside its cells
}

type hypothesisVerdict struct {
	Benchmark string         `json:"benchmark"`
	Verdict   string         `json:"verdict"`
	Why       string         `json:"why"`
	Contrast  *number        `json:"contrast,omitempty"`
	Cells     []evidenceCell `json:"cells"`
}

type evidenceCell struct {
	Plain        string `json:"plain"`
	With         string `json:"with"`
	Uncontrolled bool   `json:"uncontrolled,omitempty"`
	// Weights and MACs say how much larger the second network is, as a factor, where
	// both are known.
	Weights float64 `json:"weights,omitempty"`
	MACs    float64 `json:"macs,omitempty"`
	// Seen is how many times the images the second one saw in training, where known.
	Seen    float64  `json:"seen,omitempty"`
	Overlap *overlap `json:"overlap,omitempty"`
	*gains
	Sets []setGains `json:"sets,omitempty"` // one family over all of the part's comparisons
}

// An onlyCell is what row 6 says of one method on one benchmark.
type onlyCell struct {
	Benchmark string  `json:"benchmark"`
	Method    string  `json:"method"`
	IID       *number `json:"iid"` // IID error of the baseline minus the method's
	G         *number `json:"g"`
	Verdict   string  `json:"verdict"`
	Place     string  `json:"place"`               // of G's interval: within, beyond or across the margin
	Effective *number `json:"effective,omitempty"` // distance from the logit line
}

type correlation struct {
	Benchmarks [2]string `json:"benchmarks"`
	Methods    int       `json:"methods"`
	Rho        *float64  `json:"rho"`
}
