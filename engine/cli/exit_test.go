package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"testing"

	"shiftmill/engine"
	"shiftmill/pipeline"
)

func TestExitCodes(t *testing.T) {
	stopped, stop := context.WithCancel(context.Background())
	stop()
	for _, tt := range []struct {
		ctx  context.Context
		err  error
		want int
	}{
		{context.Background(), fmt.Errorf("x: %w", engine.ErrFailed), exitFailed},
		{context.Background(), errors.New("the disk is full"), exitFailed},
		{context.Background(), fmt.Errorf("x: %w", pipeline.Errors{{Msg: "wrong"}}), exitUsage},
		{context.Background(), usage("wrong"), exitUsage},
		{context.Background(), engine.Refusal("no stage"), exitUsage},
		{context.Background(), &fs.PathError{Op: "open", Path: "x", Err: fs.ErrNotExist}, exitUsage},
		{context.Background(), errDiffers{errors.New("differs")}, exitDiffers},
		{context.Background(), errOtherBits{errors.New("other bits")}, exitOtherBits},
		{stopped, context.Canceled, exitInterrupted},
	} {
		var told bytes.Buffer
		if got := report(tt.ctx, &told, tt.err, true); got != tt.want {
			t.Errorf("%v: exit code %d, want %d; told %q", tt.err, got, tt.want, told.String())
		}
	}
}
