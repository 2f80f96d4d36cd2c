package storefronts

import (
	"crypto/sha256"
	"encoding/binary"
	"math/bits"
)

// stream is a source of random numbers for one purpose.
//
// Its first state is the first 8 bytes, big-endian, of the SHA-256 of: the 8 bytes of the
// seed, big-endian; the purpose; a zero byte; the subject (a business or photo id). Each
// number is SplitMix64's (Steele, Lea, Flood, OOPSLA 2014): the state grows by
// 0x9E3779B97F4A7C15 and is mixed.
type stream struct{ state uint64 }

func newStream(seed uint64, purpose, subject string) *stream {
	buf := make([]byte, 0, 96)
	buf = binary.BigEndian.AppendUint64(buf, seed)
	buf = append(buf, purpose...)
	buf = append(buf, 0)
	buf = append(buf, subject...)
	sum := sha256.Sum256(buf)
	return &stream{binary.BigEndian.Uint64(sum[:8])}
}

const golden = 0x9E3779B97F4A7C15

func (r *stream) next() uint64 {
	r.state += golden
	return mix64(r.state)
}

func mix64(z uint64) uint64 {
	z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
	z = (z ^ z>>27) * 0x94D049BB133111EB
	return z ^ z>>31
}

// below returns a number from 0 to n-1: the high half of n times a random word.
func (r *stream) below(n int64) int64 {
	hi, _ := bits.Mul64(r.next(), uint64(n))
	return int64(hi)
}

// between returns a number from a to b, both included.
func (r *stream) between(a, b int64) int64 { return a + r.below(b-a+1) }

// chance is true permille times in a thousand, and takes one number whatever permille is.
func (r *stream) chance(permille int64) bool { return r.below(1000) < permille }

func pick[T any](r *stream, list []T) T { return list[r.below(int64(len(list)))] }
