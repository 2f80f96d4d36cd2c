package split

import (
	"fmt"
	"math/big"
	"strconv"
	"strings"
)

// A size says how many rows an output asks for.
type size struct {
	kind  sizeKind
	n     int      // of count and each
	share *big.Rat // of share, in [0, 1]
}

type sizeKind uint8

const (
	count   sizeKind = iota + 1 // n rows
	each                        // n rows of every stratum
	share                       // a share of the cell's rows, by threshold
	all                         // whatever the other outputs leave
	likeIID                     // as many as iid got
)

func (s size) String() string {
	switch s.kind {
	case count:
		return strconv.Itoa(s.n)
	case each:
		return fmt.Sprintf("{each: %d}", s.n)
	case share:
		f := new(big.Rat).Mul(s.share, big.NewRat(100, 1))
		return strings.TrimSuffix(strings.TrimRight(f.FloatString(6), "0"), ".") + "%"
	case all:
		return "all"
	case likeIID:
		return "iid"
	}
	return "none"
}

// rows is the number of rows, -1 where the size is none.
func (s size) rows() int64 {
	if s.kind != count {
		return -1
	}
	return int64(s.n)
}

// part is the share of a size given as one, else 0.
func (s size) part() *big.Rat {
	if s.kind != share {
		return new(big.Rat)
	}
	return s.share
}

// parseSize reads "200", "70%", "all" or "iid".
func parseSize(text string) (size, error) {
	switch text {
	case "all":
		return size{kind: all}, nil
	case "iid":
		return size{kind: likeIID}, nil
	}
	if p, ok := strings.CutSuffix(text, "%"); ok {
		r, ok := new(big.Rat).SetString(strings.TrimSpace(p))
		if !ok || strings.ContainsAny(p, "/eEpPxX_") {
			return size{}, fmt.Errorf("%q is no percentage such as 70%% or 12.5%%", text)
		}
		r.Quo(r, big.NewRat(100, 1))
		if r.Sign() <= 0 || r.Cmp(big.NewRat(1, 1)) > 0 {
			return size{}, fmt.Errorf("a share is above 0%% and at most 100%%, got %s", text)
		}
		return size{kind: share, share: r}, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || strings.HasPrefix(text, "+") {
		return size{}, fmt.Errorf("%q is no size; write a number of rows, a share such as 70%%, {each: 50}, or all", text)
	}
	if n < 1 {
		return size{}, fmt.Errorf("a size is at least 1 row, got %d", n)
	}
	return size{kind: count, n: n}, nil
}
