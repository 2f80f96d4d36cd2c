package split

import (
	"strings"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
)

// A known remembers codes of texts. Metadata columns hold few
// values, so that a comparison finds nearly all of them, where a map hashes.
type known [64]struct {
	text string
	code uint32
	used bool
}

// slot spreads texts by their length and the characters in which values of one
// column differ most often.
func (r *known) slot(v string) int {
	h := uint(len(v))
	if len(v) > 0 {
		h += 7*uint(v[0]) + 31*uint(v[len(v)-1]) + 11*uint(v[len(v)/2])
	}
	if len(v) > 1 {
		h += 17 * uint(v[len(v)-2])
	}
	return int(h % 64)
}

func (r *known) get(v string) (uint32, bool) {
	s := &r[r.slot(v)]
	return s.code, s.used && s.text == v
}

func (r *known) put(v string, code uint32) {
	if s := &r[r.slot(v)]; !s.used { // the first one stays, since replacing would copy the text each time
		s.text, s.code, s.used = strings.Clone(v), code, true
	}
}

func isText(col arrow.Array) bool {
	switch col.(type) {
	case *array.String, *array.LargeString:
		return true
	}
	return false
}
