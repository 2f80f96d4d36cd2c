package engine

import (
	"context"
	"errors"
	"fmt"

	"shiftmill/stages"
)

// ErrFiles says that an output holds files.
var ErrFiles = errors.New("it has files, no rows")

// Open hands out a dataset that exists as a stage would read it: "id" and all
// columns, with what opens its pictures. It is how other programs' formats are
// written, so that the engine needs to know none of them. Errors: ErrFiles, or what is
// missing.
func (e *Engine) Open(ctx context.Context, instance, outputName string) (stages.Input, stages.Images, error) {
	n, ok := e.named(instance)
	if !ok {
		return nil, nil, e.noSuchStage(instance)
	}
	out, err := n.outputNamed(outputName)
	if err != nil {
		return nil, nil, err
	}
	if out.data == nil {
		return nil, nil, fmt.Errorf("%s.%s: %w", instance, outputName, ErrFiles)
	}
	var columns []string
	for _, f := range out.data.schema.Fields()[1:] {
		columns = append(columns, f.Name)
	}
	in, err := e.newRowsInput(origin{n, outputName, n.spec.Coords}, out.data, columns)
	if err != nil {
		return nil, nil, err
	}
	return in, opener{e}, ctx.Err()
}
