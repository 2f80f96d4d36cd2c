// Package deepfashion2 reads and writes the annotation files of DeepFashion2 (Ge et al., CVPR
// 2019): one JSON object for each picture, with one to several clothing items.
//
// Terms. A part is a folder of the dataset ("train", "validation", "test"); under it lie image/
// and annos/, with equal file names but for the ending. An item is one piece of clothing with its
// category and four attributes, each 1 to 3.
//
// Rules that hold: [Parse] refuses what contradicts itself or lies outside of the format's ranges,
// naming the key; what [Format] writes, [Parse] reads back equal. Landmarks and
// segmentations are not kept: no split needs them.
//
// What it leaves to others: files, rows and policies (package source), pictures (package garments).
package deepfashion2
