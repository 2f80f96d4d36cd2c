package png

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"

	"github.com/klauspost/compress/zlib"
)

// level is the compressor's: part of the defined bytes.
const level = 5

// Encode returns height*width pixels of 3 channels (RGB) or 1 (grey) as a PNG file of 8 bits a sample. For each row the filter with the
// smallest sum of absolute differences, taken as signed bytes, is used, the first of equal ones.
func Encode(pix []byte, height, width, channels int) ([]byte, error) {
	if height < 1 || width < 1 || channels != 1 && channels != 3 || len(pix) != height*width*channels {
		return nil, fmt.Errorf("encode png: %d bytes for %d x %d pixels (height x width) of %d channels; sides must be at least 1, channels 1 or 3",
			len(pix), height, width, channels)
	}
	var b bytes.Buffer
	b.WriteString(Signature)
	ihdr := binary.BigEndian.AppendUint32(nil, uint32(width))
	ihdr = binary.BigEndian.AppendUint32(ihdr, uint32(height))
	ihdr = append(ihdr, 8, byte(channels-1), 0, 0, 0)
	writeChunk(&b, "IHDR", ihdr)

	var data bytes.Buffer
	z, err := zlib.NewWriterLevel(&data, level)
	if err != nil {
		return nil, fmt.Errorf("encode png: %w", err)
	}
	size := width * channels
	above := make([]byte, size)
	var candidates [5][]byte
	for i := range candidates {
		candidates[i] = make([]byte, 1+size)
	}
	for y := range height {
		row := pix[y*size : (y+1)*size]
		if _, err := z.Write(bestFilter(&candidates, row, above, channels)); err != nil {
			return nil, fmt.Errorf("encode png: %w", err)
		}
		above = row
	}
	if err := z.Close(); err != nil {
		return nil, fmt.Errorf("encode png: %w", err)
	}
	writeChunk(&b, "IDAT", data.Bytes())
	writeChunk(&b, "IEND", nil)
	return b.Bytes(), nil
}

// bestFilter fills the candidates with the filtered row and returns the best.
func bestFilter(candidates *[5][]byte, row, above []byte, unit int) []byte {
	n := len(row)
	above = above[:n]
	none, sub, up, mean, path := candidates[0][1:n+1], candidates[1][1:n+1], candidates[2][1:n+1], candidates[3][1:n+1], candidates[4][1:n+1]
	var sums [5]int
	for i := range min(unit, n) { // nothing to the left
		v, u := row[i], above[i]
		none[i], sub[i], up[i], mean[i], path[i] = v, v, v-u, v-u/2, v-u
		sums[0] += distance(v)
		sums[1] += distance(v)
		sums[2] += distance(v - u)
		sums[3] += distance(v - u/2)
		sums[4] += distance(v - u)
	}
	for i := unit; i < n; i++ {
		v, l, u, c := row[i], row[i-unit], above[i], above[i-unit]
		m, p := byte((int(l)+int(u))/2), paeth(l, u, c)
		none[i], sub[i], up[i], mean[i], path[i] = v, v-l, v-u, v-m, v-p
		sums[0] += distance(v)
		sums[1] += distance(v - l)
		sums[2] += distance(v - u)
		sums[3] += distance(v - m)
		sums[4] += distance(v - p)
	}
	best := 0
	for k, s := range sums {
		candidates[k][0] = byte(k)
		if s < sums[best] {
			best = k
		}
	}
	return candidates[best]
}

// distance is the size of a difference taken as a signed byte.
func distance(d byte) int {
	s := int(int8(d))
	return max(s, -s)
}

func writeChunk(b *bytes.Buffer, kind string, body []byte) {
	var word [4]byte
	binary.BigEndian.PutUint32(word[:], uint32(len(body)))
	b.Write(word[:])
	start := b.Len()
	b.WriteString(kind)
	b.Write(body)
	binary.BigEndian.PutUint32(word[:], crc32.ChecksumIEEE(b.Bytes()[start:]))
	b.Write(word[:])
}
