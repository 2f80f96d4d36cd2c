package pipeline

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Bytes is a number of bytes, written plainly or with a unit: 512MiB, 16GB.
type Bytes int64

var byteUnits = []struct {
	name string
	size float64
}{
	{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"TiB", 1 << 40},
	{"kB", 1e3}, {"KB", 1e3}, {"MB", 1e6}, {"GB", 1e9}, {"TB", 1e12},
	{"B", 1}, {"", 1},
}

// DecodeSpec reads a number of bytes.
func (b *Bytes) DecodeSpec(v Value) []Problem {
	if v.Kind() == Scalar {
		for _, u := range byteUnits {
			num, ok := strings.CutSuffix(v.Text(), u.name)
			if num = strings.TrimSpace(num); !ok || !isInt(num) && !isFloat(num) {
				continue
			}
			f, err := strconv.ParseFloat(num, 64)
			if u.name == "" && f < 1<<20 {
				return []Problem{{Pos: v.Pos(), Msg: fmt.Sprintf("%s is a number of bytes: write its unit, as in %sGB", num, num)}}
			}
			if f *= u.size; err == nil && f >= 1 && f <= 1<<60 && f == math.Trunc(f) {
				*b = Bytes(f)
				return nil
			}
		}
	}
	return []Problem{{Pos: v.Pos(), Msg: "must be a number of bytes such as 512MiB or 16GB, got " + v.n.describe()}}
}

// SpecText returns the number in decimal.
func (b Bytes) SpecText() string { return strconv.FormatInt(int64(b), 10) }

// A span is a length of time for resources: 90m, 20h, 2d.
type span string

func (s *span) DecodeSpec(v Value) []Problem {
	if v.Kind() == Scalar {
		text := v.Text()
		*s = span(text)
		parts := 0
		for text != "" {
			n := digits(text)
			if n == 0 || n == len(text) || n > 9 || strings.IndexByte("smhd", text[n]) < 0 {
				parts = 0
				break
			}
			text = text[n+1:]
			parts++
		}
		if parts > 0 && strings.Trim(string(*s), "0smhd") != "" {
			return nil
		}
	}
	return []Problem{{Pos: v.Pos(), Msg: "must be a length of time such as 90m, 20h or 2d, got " + v.n.describe()}}
}

// An encoding is how pixels are stored: png, or jpeg with its quality.
type encoding string

func (e *encoding) DecodeSpec(v Value) []Problem {
	if v.Kind() == Scalar {
		name, quality, given := strings.Cut(v.Text(), ":")
		q, err := strconv.Atoi(quality)
		if name == "png" && !given || name == "jpeg" && given && err == nil && q >= 1 && q <= 100 && isInt(quality) {
			*e = encoding(v.Text())
			return nil
		}
	}
	return []Problem{{Pos: v.Pos(), Msg: "must be png or jpeg:QUALITY such as jpeg:85, got " + v.n.describe()}}
}
