package train

import (
	"time"

	"shiftmill/stages"
)

// Paced is train/autoencoder with a line of history and a checkpoint after
// that many steps.
func Paced(steps int) *stages.Kind { return autoencoder(pace{line: steps}) }

// Limited is train/classifier with room for that many bytes of pictures and
// that long between checkpoints within an epoch.
func Limited(keep int64, every time.Duration) *stages.Kind {
	return classifier(limits{keep: keep, every: every})
}
