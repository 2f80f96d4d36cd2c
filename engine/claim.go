package engine

import (
	"context"
	"errors"

	"shiftmill/runs"
)

// errBusy says that another process is at this work.
var errBusy = errors.New("another process is at it")

// claimed runs work under the claim on key, so that several processes on one
// store do it once as a rule. found looks whether it was done meanwhile. If
// another process is at it, claimed waits for it, or with wait false returns
// errBusy at once.
func (e *Engine) claimed(ctx context.Context, key runs.Digest, wait bool, found func() bool, work func() error) error {
	for {
		release, ok, err := e.store.Claim(key)
		if err != nil {
			return err
		}
		if ok {
			defer release()
			if err := e.store.Refresh(); err != nil {
				return err
			}
			if found() {
				return nil
			}
			return work()
		}
		if !wait {
			return errBusy
		}
		if err := e.store.Wait(ctx, key); err != nil {
			return err
		}
		if found() {
			return nil
		}
	}
}
