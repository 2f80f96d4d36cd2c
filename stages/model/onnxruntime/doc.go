// Package onnxruntime computes ONNX models with ONNX Runtime, whose library
// is opened at run time through its C interface, without cgo.
//
// Its bits are not the project's: they may change with its version, with the
// execution provider and with the processor. [Identity] names all three, for
// keys. Each session computes on one thread; rows are spread over sessions'
// callers.
package onnxruntime
