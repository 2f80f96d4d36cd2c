package stats

import "math"

// A Set is one test set as the statistics see it: which cluster each row is of.
// Cluster numbers count from 0 over all sets of a report, so that copies of one
// picture in two sets are one cluster.
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

// Values are small whole numbers for each row of a set under each seed, such as
// 1 for an error, or the difference of two such.
type Values [][]int8

// NewValues is all zero, for that many rows and seeds.
func NewValues(rows, seeds int) Values {
	v := make(Values, seeds)
	for s := range v {
		v[s] = make([]int8, rows)
	}
	return v
}

// A Term is one summand of a linear statistic: Weight times the mean of Values
// over Set and seeds.
type Term struct {
	Weight float64
	Set    *Set
	Values Values
}

// Linear estimates the weighted sum of means. All terms have the same number
// of seeds, at least one, and no set is empty.
//
// The variance over images is that of the average over seeds, linearised over
// clusters: terms over different clusters add their variances, terms that share
// clusters their covariances too. To it comes the variance between seeds over
// their number. What a seed does to single images is in both; it is estimated
// from the clusters and taken out of the second, which otherwise makes intervals
// of paired differences too wide (simulated coverage 99.8 % for G with 5 seeds,
// 98 % so). The degrees of freedom are Satterthwaite's, with the variance
// between seeds as it was found.
func Linear(terms []Term) Estimate {
	seeds := len(terms[0].Values)
	e := Estimate{Simple: len(terms) == 1 && seeds == 1 && terms[0].Weight == 1 && terms[0].Set.used == terms[0].Set.Rows()}
	per := make([]float64, seeds)
	in := influences{of: make([][]float64, seeds)}
	for _, t := range terms {
		n := float64(t.Set.Rows())
		for s, values := range t.Values {
			var total int64
			for _, v := range values {
				total += int64(v)
			}
			mean := float64(total) / n
			per[s] += float64(t.Weight * mean)
			in.add(t, s, mean)
		}
		in.close(t)
		e.Rows += t.Set.Rows()
		e.Unseen += float64(float64(t.Weight/n) * float64(t.Weight/n))
	}
	for _, v := range per {
		e.Value += v
	}
	e.Value /= float64(seeds)
	if in.single {
		return e
	}
	images, single := in.variances()
	e.join(images, single, in.df(), per)
	return e
}

// join sets the variances and degrees of freedom: images is the variance over
// clusters, with df, of the average over seeds; single the average over seeds of
// that of one; per the statistic under each seed.
func (e *Estimate) join(images, single, df float64, per []float64) {
	e.Images, e.DF = images, df
	if len(per) == 1 {
		return
	}
	seeds := float64(len(per))
	_, v := moments(per)
	between := v / seeds
	both := max(min((single-images)/(seeds-1), images), 0) // a seed's doing to single images, over seeds
	e.Seeds = max(between-both, 0)
	if all := e.Images + e.Seeds; all > 0 {
		e.DF = float64(all*all) / (float64(float64(images*images)/df) + float64(float64(between*between)/(seeds-1)))
	}
}

// influences gathers how a statistic moves with each cluster, by seed.
type influences struct {
	of         [][]float64
	seen       []bool
	clusters   int
	term       []float64 // of the term at hand, averaged over seeds
	sum, welch float64   // over terms: of variances, and of variance^2/df
	single     bool      // a set of one cluster says nothing about its variance
}

func (in *influences) add(t Term, seed int, mean float64) {
	groups := len(t.Set.size)
	for len(in.of[seed]) < groups {
		in.of[seed] = append(in.of[seed], make([]float64, groups-len(in.of[seed]))...)
	}
	if in.term = in.term[:min(len(in.term), groups)]; len(in.term) < groups {
		in.term = append(in.term, make([]float64, groups-len(in.term))...)
	}
	sums := make([]int64, groups)
	for i, c := range t.Set.Cluster {
		sums[c] += int64(t.Values[seed][i])
	}
	c := float64(t.Set.used)
	scale := float64(t.Weight*math.Sqrt(c/max(c-1, 1))) / float64(t.Set.Rows()) // few clusters understate their variance
	for g, size := range t.Set.size {
		if size > 0 {
			q := float64(scale * (float64(sums[g]) - float64(mean*float64(size))))
			in.of[seed][g] += q
			in.term[g] += q / float64(len(t.Values))
		}
	}
}

// close ends a term, whose values of all seeds were added.
func (in *influences) close(t Term) {
	if t.Set.used < 2 {
		in.single = true
		return
	}
	if g := len(t.Set.size); g > len(in.seen) {
		in.seen = append(in.seen, make([]bool, g-len(in.seen))...)
	}
	var squares float64
	for g, size := range t.Set.size {
		if size > 0 && !in.seen[g] {
			in.seen[g] = true
			in.clusters++
		}
		squares += float64(in.term[g] * in.term[g])
		in.term[g] = 0
	}
	in.sum += squares
	in.welch += float64(squares*squares) / float64(t.Set.used-1)
}

// variances returns the variance over clusters of the average over seeds, and
// the average over seeds of that of one.
func (in *influences) variances() (average, single float64) {
	groups := 0
	for _, of := range in.of {
		groups = max(groups, len(of))
	}
	for g := range groups {
		var sum, squares float64
		for _, of := range in.of {
			sum += of[g]
			squares += float64(of[g] * of[g])
		}
		n := float64(len(in.of))
		average += float64(sum*sum) / float64(n*n)
		single += squares / n
	}
	return average, single
}

// df are the degrees of freedom of the variance over clusters: those of Welch's
// sum over terms, but never more than there are clusters.
func (in *influences) df() float64 {
	df := float64(in.clusters - 1)
	if in.welch > 0 {
		df = min(df, float64(in.sum*in.sum)/in.welch)
	}
	return df
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
