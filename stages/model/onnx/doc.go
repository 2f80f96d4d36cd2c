// Package onnx reads ONNX models and computes them on the operations of
// package kernels.
//
// Read are opsets 7 to 21, weights inside the file or beside it (external
// data), float32, float16 and float64 numbers. Everything is computed in float32, so a model
// of float16 gives slightly other, more exact, scores than a runtime that
// computes in float16. The operators are those of convolutional classifiers
// (ResNet, ResNeXt, VGG, MobileNet, DenseNet and their like); a model that needs
// another is refused when it is read, with the operator's name. Results follow
// the project's rules of arithmetic: the same bits on every machine and for
// any number of workers.
//
// Training, quantised models and control flow are left out.
package onnx
