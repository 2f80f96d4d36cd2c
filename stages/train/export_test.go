package train

import "shiftmill/stages"

// Keeping is train/classifier with room for that many bytes of pictures.
func Keeping(n int64) *stages.Kind { return classifier(n) }
