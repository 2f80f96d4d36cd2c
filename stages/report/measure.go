package report

import (
	"shiftmill/stages/report/stats"
)

// A summand is a weight times the error of a model on a set. All that the report
// says of error rates are sums of such.
type summand struct {
	weight float64
	set    *testSet
	m      *model
}

// mean is weight times the mean error of the models over the sets; nil where one
// of them lacks a set.
func mean(weight float64, sets []*testSet, models ...*model) []summand {
	var parts []summand
	for _, s := range sets {
		for _, m := range models {
			if !m.has(s.name) {
				return nil
			}
			parts = append(parts, summand{weight / float64(len(sets)*len(models)), s, m})
		}
	}
	return parts
}

// estimate is the sum over the given seeds, which all models have. Sums of top-1
// errors are linear in the images; others are bootstrapped over them.
func estimate(boot *stats.Bootstrap, parts []summand, seeds []string) stats.Estimate {
	for _, p := range parts {
		if p.m.cells[cellKey{seeds[0], p.set.name}].ranking != nil {
			return bootstrapped(boot, parts, seeds)
		}
	}
	var terms []stats.Term
	at := map[termKey]int{}
	for _, p := range parts {
		sign, weight := int8(1), p.weight
		if weight < 0 {
			sign, weight = -1, -weight
		}
		// Errors of several models on the same images are one number per image, so
		// that what they share is not taken for uncertainty.
		k, ok := at[termKey{p.set, weight}]
		if !ok {
			k = len(terms)
			at[termKey{p.set, weight}] = k
			terms = append(terms, stats.Term{Weight: weight, Set: p.set.rows, Values: stats.NewValues(p.set.rows.Rows(), len(seeds))})
		}
		for s, seed := range seeds {
			values := terms[k].Values[s]
			for i, wrong := range p.m.cells[cellKey{seed, p.set.name}].wrong {
				values[i] += sign * wrong
			}
		}
	}
	return stats.Linear(terms)
}

type termKey struct {
	set    *testSet
	weight float64
}

func bootstrapped(boot *stats.Bootstrap, parts []summand, seeds []string) stats.Estimate {
	var sets []*stats.Set
	for _, p := range parts {
		sets = append(sets, p.set.rows)
	}
	return boot.Estimate(sets, len(seeds), func(s int, weights []uint8) float64 {
		var sum float64
		for _, p := range parts {
			sum += float64(p.weight * p.m.cells[cellKey{seeds[s], p.set.name}].error(p.set.rows, weights))
		}
		return sum
	})
}

// error is the error rate, or 1 - mAP, with weights by cluster.
func (p *predictions) error(set *stats.Set, weights []uint8) float64 {
	if p.ranking != nil {
		return 1 - p.ranking.MeanPrecision(weights)
	}
	return set.Mean(p.wrong, weights)
}
