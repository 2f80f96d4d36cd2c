package engine

import (
	"errors"

	"shiftmill/runs"
)

// errBusy says that another process is at this work.
var errBusy = errors.New("another process is at it")

// claimed runs work under the claim on key, so that several processes on one
// store do it once as a rule. found looks whether it was done meanwhile. If
// another process is at it, claimed returns errBusy at once: the scheduler has
// other work, and comes back.
func (e *Engine) claimed(key runs.Digest, found func() bool, work func() error) error {
	release, ok, err := e.store.Claim(key)
	if err != nil {
		return err
	}
	if !ok {
		return errBusy
	}
	defer release()
	if err := e.store.Refresh(); err != nil {
		return err
	}
	if found() {
		return nil
	}
	return work()
}
