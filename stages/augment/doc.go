// Package augment holds the kinds that make new pictures out of pictures:
// augment/noise2net, augment/augmix, augment/speckle,
// augment/random-erasing and augment/adversarial.
//
// A kind here gives every row one new picture in the column image; ids and all
// other columns stay as they are, so that an augmented set can stand beside or
// in place of the one it was made of. A picture depends on its row's picture
// and id, the parameters and the seed.
//
// The same methods inside training, on what normalising makes of pictures and
// without the way back to 8 bits, are parameters of train/classifier.
package augment
