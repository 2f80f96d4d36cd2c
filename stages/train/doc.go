// Package train holds the kinds that train networks: train/classifier.
//
// What a training gives depends on rows, parameters and seed alone. Weights
// are drawn by their names and the seed, the order of an epoch by seed, epoch
// and row id, every augmentation by seed, epoch and row id: two methods that
// share a seed begin with the same weights and see the same rows in the same
// order with the same crops, so their results can be compared in pairs.
//
// Networks and their gradients are left to kernels/nn, files of weights to
// stages/model, steps on 8-bit pictures to stages/transform.
package train
