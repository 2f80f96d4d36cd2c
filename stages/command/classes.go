package command

import (
	"encoding/json"
	"fmt"

	"github.com/apache/arrow/go/v15/arrow"

	"shiftmill/pipeline"
)

// A ClassList are class names in the order of scores.
type ClassList []string

// check reports names that stand twice.
func (l ClassList) check() []pipeline.Problem {
	seen := map[string]bool{}
	for i, c := range l {
		if seen[c] {
			return []pipeline.Problem{{Field: fmt.Sprintf("classes.%d", i), Msg: fmt.Sprintf("class %q stands twice", c)}}
		}
		seen[c] = true
	}
	return nil
}

// parse reads a JSON list of names.
func (l *ClassList) parse(data []byte) error {
	if err := json.Unmarshal(data, l); err != nil {
		return err
	}
	for _, p := range l.check() {
		return fmt.Errorf("%s", p.Msg)
	}
	if len(*l) == 0 {
		return fmt.Errorf("it names no classes")
	}
	return nil
}

// scoresColumn holds a row's scores, classesKey the names of their classes in
// the field's metadata, as a JSON list.
const (
	scoresColumn = "scores"
	classesKey   = "classes"
)

func scoresField(classes []string) arrow.Field {
	names, err := json.Marshal(classes)
	if err != nil {
		panic("command: " + err.Error()) // strings always marshal
	}
	return arrow.Field{Name: scoresColumn, Type: arrow.FixedSizeListOf(int32(len(classes)), arrow.PrimitiveTypes.Float32),
		Metadata: arrow.NewMetadata([]string{classesKey}, []string{string(names)})}
}
