// Package random gives the generators of this family their random numbers: a stream for each
// purpose and subject, so that one more number drawn for the sky moves no car.
//
// It is for choosing what a generated picture shows. Random numbers that act on pixels of any
// source come from the kernels (Philox), which every stage shares.
package random
