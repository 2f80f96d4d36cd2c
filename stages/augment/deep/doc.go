// Package deep holds the distortions of DeepAugment (Hendrycks et al., "The
// Many Faces of Robustness", ICCV 2021, and its released code): changes of the
// weights of EDSR and CAE and of the signals inside them, each under a name.
//
// Terms. A weight distortion changes a network's tensors; a picture then passes
// through the changed network. A signal distortion changes what flows between
// two modules, and is drawn for every picture.
//
// The released code holds slips: a swap that copies, layers that are not
// skipped but fed the wrong input, an option that cannot be drawn, a layer
// flipped twice. By default each distortion does what it was evidently meant to
// do; Reference repeats the slips.
//
// All draws come from a [Dice], so they depend on its source alone.
package deep
