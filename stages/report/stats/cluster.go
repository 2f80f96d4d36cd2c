package stats

import "math"

// A Set is one test set as the statistics see it: which cluster each row is of.
// Cluster numbers count from 0 over all sets of a benchmark, so that copies of
// one picture in two sets are one cluster.
type Set struct {
	Cluster []int32
	size    []int32 // rows of a cluster, by number
	used    int     // clusters with rows
}

// NewSet makes a set of the cluster numbers of its rows, which it keeps.
func NewSet(cluster []int32) *Set {
	s := &Set{Cluster: cluster}
	for _, c := range cluster {
		for int(c) >= len(s.size) {
			s.size = append(s.size, make([]int32, int(c)+1-len(s.size))...)
		}
		if s.size[c] == 0 {
			s.used++
		}
		s.size[c]++
	}
	return s
}

// Rows is the number of rows, Clusters that of clusters with rows.
func (s *Set) Rows() int { return len(s.Cluster) }

// Clusters is the number of clusters with rows.
func (s *Set) Clusters() int { return s.used }

// Values are whole numbers for each row of a set, such as 1 for an error, or
// the difference of two such, with several seeds.
type Values struct {
	Rows  []int32 // sum over the seeds, by row
	Seeds []int64 // sum over the rows, by seed
}

// NewValues is all zero, for that many rows and seeds.
func NewValues(rows, seeds int) *Values {
	return &Values{Rows: make([]int32, rows), Seeds: make([]int64, seeds)}
}

// Add adds d to the value of a row under a seed.
func (v *Values) Add(row, seed int, d int32) {
	v.Rows[row] += d
	v.Seeds[seed] += int64(d)
}

// A Term is one summand of a linear statistic: Weight times the mean of Values
// over Set.
type Term struct {
	Weight float64
	Set    *Set
	Values *Values
}

// Linear estimates the weighted sum of means. All terms have the same number
// of seeds, at least one, and no set is empty. The variance over images is that
// of the average over seeds, linearised over clusters: terms over different
// clusters add their variances, terms that share clusters their covariances too.
func Linear(terms []Term) Estimate {
	seeds := len(terms[0].Values.Seeds)
	e := Estimate{Simple: len(terms) == 1 && seeds == 1 && terms[0].Weight == 1 && terms[0].Set.used == terms[0].Set.Rows()}
	per := make([]float64, seeds)
	var in influences
	for _, t := range terms {
		n := float64(t.Set.Rows())
		var total int64
		for s, v := range t.Values.Seeds {
			per[s] += float64(t.Weight * float64(float64(v)/n))
			total += v
		}
		mean := float64(total) / float64(n*float64(seeds))
		e.Value += float64(t.Weight * mean)
		e.Rows += t.Set.Rows()
		e.Unseen += float64(float64(t.Weight/n) * float64(t.Weight/n))
		in.add(t, mean, seeds)
	}
	e.Images, e.DF = in.variance()
	if seeds > 1 && e.DF > 0 {
		_, v := moments(per)
		e.Seeds = v / float64(seeds)
		if all := e.Images + e.Seeds; all > 0 {
			e.DF = float64(all*all) / (float64(float64(e.Images*e.Images)/e.DF) + float64(float64(e.Seeds*e.Seeds)/float64(seeds-1)))
		}
	}
	return e
}

// influences gathers how a statistic moves with each cluster.
type influences struct {
	of         []float64
	seen       []bool
	clusters   int
	sum, welch float64 // over terms: of variances, and of variance^2/df
	single     bool    // a set of one cluster says nothing about its variance
}

func (in *influences) add(t Term, mean float64, seeds int) {
	if g := len(t.Set.size); g > len(in.of) {
		in.of = append(in.of, make([]float64, g-len(in.of))...)
		in.seen = append(in.seen, make([]bool, g-len(in.seen))...)
	}
	if t.Set.used < 2 {
		in.single = true
		return
	}
	sums := make([]int64, len(t.Set.size))
	for i, c := range t.Set.Cluster {
		sums[c] += int64(t.Values.Rows[i])
	}
	c := float64(t.Set.used)
	scale := float64(t.Weight*math.Sqrt(c/(c-1))) / float64(t.Set.Rows()) // few clusters understate their variance
	var squares float64
	for g, size := range t.Set.size {
		if size == 0 {
			continue
		}
		if !in.seen[g] {
			in.seen[g] = true
			in.clusters++
		}
		q := float64(scale * (float64(sums[g])/float64(seeds) - float64(mean*float64(size))))
		in.of[g] += q
		squares += float64(q * q)
	}
	in.sum += squares
	in.welch += float64(squares*squares) / (c - 1)
}

// variance returns the variance over clusters and its degrees of freedom: those
// of Welch's sum over terms, but never more than there are clusters.
func (in *influences) variance() (v, df float64) {
	if in.single {
		return 0, 0
	}
	for _, q := range in.of {
		v += float64(q * q)
	}
	df = float64(in.clusters - 1)
	if in.welch > 0 {
		if w := float64(in.sum*in.sum) / in.welch; w < df {
			df = w
		}
	}
	return v, df
}

// moments returns the mean and the unbiased variance of at least two numbers.
func moments(x []float64) (mean, variance float64) {
	n := float64(len(x))
	for _, v := range x {
		mean += v
	}
	mean /= n
	for _, v := range x {
		variance += float64((v - mean) * (v - mean))
	}
	return mean, variance / (n - 1)
}
