package engine

import (
	"context"
	"fmt"

	"shiftmill/stages"
)

// Open hands out a dataset that exists as a stage would read it: "id" and all
// columns, with what opens its pictures. It is how other programs' formats are
// written, so that the engine needs to know none of them.
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
		return nil, nil, fmt.Errorf("%s has files, no rows", instance)
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
