package train

import (
	"time"

	"shiftmill/stages"
)

// Limited is train/classifier with room for that many bytes of pictures and
// that long between checkpoints within an epoch.
func Limited(keep int64, every time.Duration) *stages.Kind {
	return classifier(limits{keep: keep, every: every})
}
