package random

import (
	"crypto/sha256"
	"encoding/binary"
	"math/bits"
)

// Stream is a source of random numbers for one purpose.
//
// Its first state is the first 8 bytes, big-endian, of the SHA-256 of: the 8 bytes of the
// seed, big-endian; the purpose; a zero byte; the subject (a business or photo id). Each
// number is SplitMix64's (Steele, Lea, Flood, OOPSLA 2014): the state grows by
// 0x9E3779B97F4A7C15 and is mixed.
type Stream struct{ state uint64 }

// New returns the stream of a purpose and a subject under a seed.
func New(seed uint64, purpose, subject string) *Stream {
	buf := make([]byte, 0, 96)
	buf = binary.BigEndian.AppendUint64(buf, seed)
	buf = append(buf, purpose...)
	buf = append(buf, 0)
	buf = append(buf, subject...)
	sum := sha256.Sum256(buf)
	return &Stream{binary.BigEndian.Uint64(sum[:8])}
}

// Golden is the step of a stream: 2^64 over the golden ratio, made odd.
const Golden = 0x9E3779B97F4A7C15

// Next returns 64 random bits.
func (r *Stream) Next() uint64 {
	r.state += Golden
	return Mix(r.state)
}

// Mix scrambles 64 bits one to one, so that Mix(key + i*Golden) is number i of a stream.
func Mix(z uint64) uint64 {
	z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
	z = (z ^ z>>27) * 0x94D049BB133111EB
	return z ^ z>>31
}

// Below returns a number from 0 to n-1: the high half of n times a random word.
func (r *Stream) Below(n int64) int64 {
	hi, _ := bits.Mul64(r.Next(), uint64(n))
	return int64(hi)
}

// Between returns a number from a to b, both included.
func (r *Stream) Between(a, b int64) int64 { return a + r.Below(b-a+1) }

// Chance is true permille times in a thousand, and takes one number whatever permille is.
func (r *Stream) Chance(permille int64) bool { return r.Below(1000) < permille }

// Pick returns an element of a list, which must not be empty.
func Pick[T any](r *Stream, list []T) T { return list[r.Below(int64(len(list)))] }
