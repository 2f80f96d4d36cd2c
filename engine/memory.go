package engine

// guessedMemory stands for a machine's memory where it is not to be had.
const guessedMemory = 4 << 30

// What the work on one partition, or a stage as a whole, is taken to hold of
// rows: a batch that is read and its object, a batch that is written, encoded
// and as pages of a file. A kind's own buffers are not known here.
const (
	partBytes  = 5 * batchBytes
	smallBytes = batchBytes / 4 // where no column is large
	wholeBytes = 4 * batchBytes
)
