package engine

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash"
	"math"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"

	"shiftmill/runs"
	"shiftmill/stages"
)

// Type tags of the encoding under all content ids. They are part of the
// format: a changed tag makes every stored result a miss.
const (
	tagNull byte = iota
	tagText
	tagInt
	tagFloat
	tagBool
	tagBytes
	tagList
	tagStruct
	tagFile   // an encoded image file, by the sha256 of its bytes
	tagPixels // decoded pixels
	tagRecipe // a generator's recipe, or the recipe of a streamed value
	tagTime
)

// appendBytes adds one encoded field: tag, length, bytes.
func appendBytes(b []byte, tag byte, v []byte) []byte {
	b = append(b, tag)
	b = binary.BigEndian.AppendUint64(b, uint64(len(v)))
	return append(b, v...)
}

// appendText is appendBytes for a text.
func appendText(b []byte, s string) []byte {
	b = append(b, tagText)
	b = binary.BigEndian.AppendUint64(b, uint64(len(s)))
	return append(b, s...)
}

func appendFixed(b []byte, tag byte, v uint64) []byte {
	b = append(b, tag, 0, 0, 0, 0, 0, 0, 0, 8)
	return binary.BigEndian.AppendUint64(b, v)
}

// digestText is the digest of one text value.
func digestText(s string) runs.Digest {
	return sha256.Sum256(appendText(nil, s))
}

// digestFile is the digest of an image cell that stands for a file.
func digestFile(content runs.Digest) runs.Digest {
	return sha256.Sum256(appendBytes(nil, tagFile, content[:]))
}

// digestRaw is the digest of a stretch of a file that holds pixels.
func digestRaw(r stages.FileRange, content runs.Digest) runs.Digest {
	b := appendBytes(nil, tagPixels, content[:])
	for _, n := range []int{r.Height, r.Width, r.Channels} {
		b = appendFixed(b, tagPixels, uint64(n))
	}
	return sha256.Sum256(b)
}

// digestPixels is the digest of decoded 8-bit RGB pixels.
func digestPixels(h, w int, pix []byte) runs.Digest {
	s := sha256.New()
	var head []byte
	head = appendFixed(head, tagPixels, uint64(h))
	head = appendFixed(head, tagPixels, uint64(w))
	head = appendFixed(head, tagPixels, 3)
	s.Write(head)
	s.Write(pix)
	return runs.Digest(s.Sum(nil))
}

// appendValue adds the encoding of one value: what it is, never how Arrow
// lays it out. Equal values have equal encodings across offsets, dictionaries
// and padding.
func appendValue(b []byte, col arrow.Array, i int) ([]byte, error) {
	if col.IsNull(i) {
		return appendBytes(b, tagNull, nil), nil
	}
	switch a := col.(type) {
	case *array.String:
		return appendText(b, a.Value(i)), nil
	case *array.LargeString:
		return appendText(b, a.Value(i)), nil
	case *array.Binary:
		return appendBytes(b, tagBytes, a.Value(i)), nil
	case *array.LargeBinary:
		return appendBytes(b, tagBytes, a.Value(i)), nil
	case *array.FixedSizeBinary:
		return appendBytes(b, tagBytes, a.Value(i)), nil
	case *array.Boolean:
		v := uint64(0)
		if a.Value(i) {
			v = 1
		}
		return appendFixed(b, tagBool, v), nil
	case *array.Int8:
		return appendFixed(b, tagInt, uint64(int64(a.Value(i)))), nil
	case *array.Int16:
		return appendFixed(b, tagInt, uint64(int64(a.Value(i)))), nil
	case *array.Int32:
		return appendFixed(b, tagInt, uint64(int64(a.Value(i)))), nil
	case *array.Int64:
		return appendFixed(b, tagInt, uint64(a.Value(i))), nil
	case *array.Uint8:
		return appendFixed(b, tagInt, uint64(a.Value(i))), nil
	case *array.Uint16:
		return appendFixed(b, tagInt, uint64(a.Value(i))), nil
	case *array.Uint32:
		return appendFixed(b, tagInt, uint64(a.Value(i))), nil
	case *array.Uint64:
		return appendFixed(b, tagInt, a.Value(i)), nil
	case *array.Float32:
		return appendFixed(b, tagFloat, floatBits(float64(a.Value(i)))), nil
	case *array.Float64:
		return appendFixed(b, tagFloat, floatBits(a.Value(i))), nil
	case *array.Date32:
		return appendFixed(b, tagTime, uint64(int64(a.Value(i)))), nil
	case *array.Timestamp:
		return appendFixed(b, tagTime, uint64(int64(a.Value(i)))), nil
	case *array.List:
		start, end := a.ValueOffsets(i)
		return appendList(b, a.ListValues(), start, end)
	case *array.LargeList:
		start, end := a.ValueOffsets(i)
		return appendList(b, a.ListValues(), start, end)
	case *array.FixedSizeList:
		n := int64(a.DataType().(*arrow.FixedSizeListType).Len())
		at := int64(i+a.Data().Offset()) * n
		return appendList(b, a.ListValues(), at, at+n)
	case *array.Struct:
		b = append(b, tagStruct)
		b = binary.BigEndian.AppendUint64(b, uint64(a.NumField()))
		var err error
		for f := range a.NumField() {
			if b, err = appendValue(b, a.Field(f), i); err != nil {
				return nil, err
			}
		}
		return b, nil
	}
	return nil, fmt.Errorf("a column of type %s has no content id", col.DataType())
}

func appendList(b []byte, values arrow.Array, start, end int64) ([]byte, error) {
	b = append(b, tagList)
	b = binary.BigEndian.AppendUint64(b, uint64(end-start))
	var err error
	for j := start; j < end; j++ {
		if b, err = appendValue(b, values, int(j)); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// floatBits makes all NaNs one; a float32 is widened, which keeps its value.
func floatBits(f float64) uint64 {
	if f != f {
		return 0x7ff8000000000000
	}
	return math.Float64bits(f)
}

// valueDigests returns d(v) for every row of a column that is not an image.
func valueDigests(col arrow.Array) ([]runs.Digest, error) {
	ds := make([]runs.Digest, col.Len())
	var buf []byte
	var met metTexts
	texts, _ := col.(*array.String)
	for i := range ds {
		if texts != nil && texts.IsValid(i) {
			if d, ok := met.find(texts.Value(i)); ok {
				ds[i] = d
				continue
			}
		}
		var err error
		if buf, err = appendValue(buf[:0], col, i); err != nil {
			return nil, err
		}
		ds[i] = sha256.Sum256(buf)
		if texts != nil && texts.IsValid(i) {
			met.keep(texts.Value(i), ds[i])
		}
	}
	return ds, nil
}

// metTexts remembers the digests of the last few texts: a column of classes or
// reasons repeats them.
type metTexts struct {
	texts   [8]string
	digests [8]runs.Digest
	n       int // kept so far
	missed  int // in a row: a column of ids is not worth the search
}

func (m *metTexts) find(text string) (d runs.Digest, ok bool) {
	if m.missed > 4*len(m.texts) {
		return d, false
	}
	for k := range min(m.n, len(m.texts)) {
		if m.texts[k] == text {
			m.missed = 0
			return m.digests[k], true
		}
	}
	m.missed++
	return d, false
}

func (m *metTexts) keep(text string, d runs.Digest) {
	if m.missed <= 4*len(m.texts) {
		m.texts[m.n%len(m.texts)], m.digests[m.n%len(m.texts)] = text, d
		m.n++
	}
}

// A contentHash makes the content id of a column over rows in ascending id:
// sha256 of the column's type and of (id, d(v)) for each row.
type contentHash struct {
	h   hash.Hash
	buf []byte
}

func newContentHash(t arrow.DataType) *contentHash {
	c := &contentHash{h: sha256.New()}
	c.h.Write(appendBytes(nil, tagText, []byte(typeName(t))))
	return c
}

func (c *contentHash) add(id string, d runs.Digest) {
	c.buf = append(appendText(c.buf[:0], id), d[:]...)
	c.h.Write(c.buf)
}

// addRows adds rows to content ids of one column: the encoding is made once, and
// hashed a few kilobytes at a time.
func addRows(ids []string, ds []runs.Digest, to ...*contentHash) {
	c := to[0]
	c.buf = c.buf[:0]
	for i, id := range ids {
		c.buf = append(appendText(c.buf, id), ds[i][:]...)
		if len(c.buf) >= 8<<10 || i == len(ids)-1 {
			for _, other := range to {
				other.h.Write(c.buf)
			}
			c.buf = c.buf[:0]
		}
	}
}

func (c *contentHash) sum() runs.Digest { return runs.Digest(c.h.Sum(nil)) }

// contentOf is the content id of a column: P(c) of a partition, D(c) of a
// whole dataset.
func contentOf(t arrow.DataType, ids []string, ds []runs.Digest) runs.Digest {
	c := newContentHash(t)
	addRows(ids, ds, c)
	return c.sum()
}

// typeName names a column's type in content ids and key lines. Types that
// differ only in how they are laid out have one name.
func typeName(t arrow.DataType) string {
	if stages.IsImage(t) {
		return "image"
	}
	switch t := t.(type) {
	case *arrow.StringType, *arrow.LargeStringType:
		return "text"
	case *arrow.BinaryType, *arrow.LargeBinaryType:
		return "bytes"
	case *arrow.ListType:
		return "list<" + typeName(t.Elem()) + ">"
	case *arrow.LargeListType:
		return "list<" + typeName(t.Elem()) + ">"
	}
	return t.String()
}
