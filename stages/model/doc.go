// Package model holds trained classifiers: how they are written to a file and
// read back, and how they score images.
//
// The file is a safetensors file: float32 tensors named as torchvision names
// them, and as metadata what is needed to use them rightly: architecture,
// class names in the order of the scores, and how an image is prepared. Equal
// models give equal bytes. Weights made elsewhere can be read tensor by
// tensor with [Decode].
//
// Building networks and training them are left to kernels/nn and stages/train,
// where files come from to the engine.
package model
