package model

import (
	"fmt"
	"strings"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"

	"shiftmill/pipeline"
	"shiftmill/stages"
)

// ImageColumn is the column of pictures that classifiers read.
const ImageColumn = "image"

// LabelProblems says what is wrong with the column of class names in the rows
// at a port: missing, or of a type whose values make no names. The parameter
// to change is "label".
func LabelProblems(s *arrow.Schema, port, label string) []pipeline.Problem {
	at := s.FieldIndices(label)
	if len(at) == 0 {
		hint := ""
		if near := pipeline.Nearest(label, names(s)); near != "" {
			hint = fmt.Sprintf("; did you mean %q?", near)
		}
		return []pipeline.Problem{{Field: "label", Msg: fmt.Sprintf("port %s has no column %q; it has %s%s", port, label, strings.Join(names(s), ", "), hint)}}
	}
	if t := s.Field(at[0]).Type; t.ID() != arrow.STRING && t.ID() != arrow.BOOL && !arrow.IsInteger(t.ID()) {
		return []pipeline.Problem{{Field: "label", Msg: fmt.Sprintf("column %q of port %s holds %s; class names must be text, whole numbers or true and false", label, port, t)}}
	}
	return nil
}

// LabelsProblems is LabelProblems for a column that may hold one label or a
// list of labels a row.
func LabelsProblems(s *arrow.Schema, port, label string) []pipeline.Problem {
	if at := s.FieldIndices(label); len(at) > 0 {
		if list, ok := s.Field(at[0]).Type.(arrow.ListLikeType); ok {
			if list.Elem().ID() != arrow.STRING {
				return []pipeline.Problem{{Field: "label", Msg: fmt.Sprintf("column %q of port %s holds %s; want lists of class names", label, port, s.Field(at[0]).Type)}}
			}
			return nil
		}
	}
	return LabelProblems(s, port, label)
}

// LabelsAt are the labels of a row: its list, or its only one.
func LabelsAt(column arrow.Array, i int) []string {
	list, ok := column.(array.ListLike)
	if !ok {
		return []string{column.ValueStr(i)}
	}
	lo, hi := list.ValueOffsets(i)
	names := []string{}
	for k := lo; k < hi; k++ {
		names = append(names, list.ListValues().ValueStr(int(k)))
	}
	return names
}

// ImageProblems says what is wrong with the column of pictures.
func ImageProblems(s *arrow.Schema, port string) []pipeline.Problem {
	at := s.FieldIndices(ImageColumn)
	switch {
	case len(at) == 0:
		return []pipeline.Problem{{Msg: fmt.Sprintf("port %s has no column %q; it has %s", port, ImageColumn, strings.Join(names(s), ", "))}}
	case !stages.IsImage(s.Field(at[0]).Type):
		return []pipeline.Problem{{Msg: fmt.Sprintf("column %q of port %s holds %s, not pictures", ImageColumn, port, s.Field(at[0]).Type)}}
	}
	return nil
}

// Present are those of the named columns that the rows have, for Def.Reads:
// what is missing is better said by the functions above than by the engine,
// which does not know the parameter.
func Present(s *arrow.Schema, columns ...string) []string {
	if s == nil {
		return columns
	}
	var list []string
	for _, c := range columns {
		if len(s.FieldIndices(c)) > 0 {
			list = append(list, c)
		}
	}
	return list
}

func names(s *arrow.Schema) []string {
	list := make([]string, s.NumFields())
	for i, f := range s.Fields() {
		list[i] = f.Name
	}
	return list
}
