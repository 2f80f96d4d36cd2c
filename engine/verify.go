package engine

import (
	"context"
	"fmt"
	"io"

	"shiftmill/runs"
)

// CopyResults copies the results of instances to another store, under the same
// keys, so that an engine on it finds them and computes only the others. They
// must exist here.
func (e *Engine) CopyResults(ctx context.Context, to *runs.Store, instances []string) error {
	for _, name := range instances {
		n, ok := e.named(name)
		if !ok {
			return e.noSuchStage(name)
		}
		rec, ok := e.store.Lookup(n.key.Digest)
		if !ok || n.outputs == nil {
			return e.noResult(n)
		}
		for _, d := range rec.Objects {
			if err := ctx.Err(); err != nil {
				return context.Cause(ctx)
			}
			_, _, err := to.Put(ctx, func(w io.Writer) error { _, err := e.store.Copy(d, w); return err })
			if err != nil {
				return fmt.Errorf("stage %s: %w", name, err)
			}
		}
		if err := to.Append(rec); err != nil {
			return err
		}
	}
	return to.Commit(ctx)
}
