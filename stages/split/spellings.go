package split

import (
	"fmt"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"

	"shiftmill/pipeline"
)

// folded is a text as people read it who do not see its case and its blanks.
func folded(text string) string {
	return strings.ToLower(norm.NFC.String(strings.Join(strings.Fields(text), " ")))
}

// spellings says which values of an attribute look like one that the spec asks for, and which classes
// like each other. They are other values all the same, of rows that nobody may miss.
func (s *scan) spellings() (notes []string) {
	const remedy = "one_of under types: of the source makes spellings one"
	for i, a := range s.rules.attributes {
		held := keys(s.values[i])
		if a.typ != pipeline.TextColumn || len(held) > remembered/2 {
			continue
		}
		asked := map[string]string{} // by what is folded
		exact := map[string]bool{}
		for _, cond := range a.asked {
			for _, v := range cond.Named() {
				asked[folded(v)], exact[v] = v, true
			}
		}
		other := map[string][]string{}
		for _, v := range held {
			if like, ok := asked[folded(v)]; ok && !exact[v] {
				other[like] = append(other[like], fmt.Sprintf("%q", v))
			}
		}
		for _, like := range keys(other) {
			notes = append(notes, fmt.Sprintf("%s: some rows have %s instead of %q, which differs in case or blanks alone and is another value; %s", a.name, some(other[like]), like, remedy))
		}
	}
	if s.label < 0 {
		return notes
	}
	classes := map[string][]string{}
	for _, key := range s.classes.texts {
		name := keyName(key)
		classes[folded(name)] = append(classes[folded(name)], name)
	}
	for _, f := range keys(classes) {
		if same := classes[f]; len(same) > 1 {
			quoted := make([]string, len(same))
			for i, name := range same {
				quoted[i] = fmt.Sprintf("%q", name)
			}
			notes = append(notes, fmt.Sprintf("%s: %s are %d classes, though they differ in case or blanks alone; %s", s.cfg.Label, strings.Join(quoted, ", "), len(same), remedy))
		}
	}
	return notes
}

// unlearnt says which classes stand in val or a test set, and not in train.
func (s *scan) unlearnt(ch *choice) string {
	if s.label < 0 || ch.train.kind == 0 {
		return ""
	}
	learnt := make([]bool, len(s.classes.texts))
	in := make([][]bool, len(learnt)) // by class and output
	each := func(f func(r *row)) {
		for _, rows := range ch.cells {
			for i := range rows {
				if r := &rows[i]; r.role > 0 && int(r.role) <= len(s.names) {
					f(r)
				}
			}
		}
	}
	each(func(r *row) { learnt[r.class] = learnt[r.class] || r.role == ch.trainRole })
	each(func(r *row) {
		if !learnt[r.class] {
			if in[r.class] == nil {
				in[r.class] = make([]bool, len(s.names))
			}
			in[r.class][r.role-1] = true
		}
	})
	var names, outputs []string
	for class, where := range in {
		if where == nil {
			continue
		}
		names = append(names, keyName(s.classes.texts[class]))
		for i, is := range where {
			if is && !slices.Contains(outputs, s.names[i]) {
				outputs = append(outputs, s.names[i])
			}
		}
	}
	if len(names) == 0 {
		return ""
	}
	return fmt.Sprintf("%s: train has no row of %s, and %s has some: a larger train, {each: N} by %[1]s, or a list of classes mends that", s.cfg.Label, some(names), some(outputs))
}
