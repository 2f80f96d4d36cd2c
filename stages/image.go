package stages

import (
	"context"
	"strings"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

// ImageType is the Arrow type of an image column.
//
//	ref     what the cell is, see ImageCell
//	data    encoded file or pixels; null for references
//	height, width  in pixels, 0 where not known before decoding
var ImageType = arrow.StructOf(
	arrow.Field{Name: "ref", Type: arrow.BinaryTypes.String},
	arrow.Field{Name: "data", Type: arrow.BinaryTypes.Binary, Nullable: true},
	arrow.Field{Name: "height", Type: arrow.PrimitiveTypes.Int32},
	arrow.Field{Name: "width", Type: arrow.PrimitiveTypes.Int32},
)

// IsImage says whether a type is that of an image column.
func IsImage(t arrow.DataType) bool { return arrow.TypeEqual(t, ImageType) }

// An ImageCell is one value of an image column. Ref says what it is:
//
//	file:PATH      a file, as the source that made the row names it (relative, "/")
//	recipe:KIND?.. a generator's recipe: the picture is a pure function of it
//	png, jpeg      Data is an encoded file
//	rgb8           Data is Height*Width*3 bytes, row-major, RGB
//
// The engine marks references with the source they came from (a NUL byte and
// a number at the end of Ref), so that cells of two sources with equal paths
// can be told apart; stages hand cells on as they are and show [ImageCell.Name].
type ImageCell struct {
	Ref           string
	Data          []byte
	Height, Width int
}

// Name is a short name of the picture for people.
func (c ImageCell) Name() string {
	name, _, _ := strings.Cut(c.Ref, "\x00")
	return strings.TrimPrefix(name, "file:")
}

// A Picture is what a cell stands for: an encoded file, or pixels.
type Picture struct {
	Encoded       []byte // nil when Pix is set
	Pix           []byte // Height*Width*3 bytes, row-major, RGB
	Height, Width int
}

// Images opens image cells. What it returns was verified against the content
// that the stage's key names.
type Images interface {
	Open(ctx context.Context, c ImageCell) (Picture, error)
	// Place says where a cell's encoded file lies, with its digest; ok is false
	// for pictures that are no files.
	Place(ctx context.Context, c ImageCell) (p Place, ok bool, err error)
}

// A Locator is Images that can say where a cell's encoded file lies without its digest,
// for which a file that nobody has read yet must be read.
type Locator interface {
	Locate(c ImageCell) (r FileRange, ok bool, err error)
}

// A Sharer is Images that lets stages which work on the same rows share what they
// decode.
type Sharer interface {
	// Share opens a cell and returns what decode makes of it, where none that is
	// at work beside this one has just made it. Equal forms say that the decoding
	// is the same. Whoever gets the pixels must not change them.
	Share(ctx context.Context, c ImageCell, form string, decode func(Picture) (Picture, error)) (Picture, error)
}

// A Place is a stretch of a file with the digest of its bytes.
type Place struct {
	FileRange
	SHA256 [32]byte
}

// Image reads row i of an image column; Data aliases the record.
func Image(col arrow.Array, i int) ImageCell {
	s := col.(*array.Struct)
	c := ImageCell{
		Ref:    s.Field(0).(*array.String).Value(i),
		Height: int(s.Field(2).(*array.Int32).Value(i)),
		Width:  int(s.Field(3).(*array.Int32).Value(i)),
	}
	if d := s.Field(1).(*array.Binary); d.IsValid(i) {
		c.Data = d.Value(i)
	}
	return c
}

// An ImageBuilder builds an image column.
type ImageBuilder struct{ b *array.StructBuilder }

// NewImageBuilder returns an empty builder.
func NewImageBuilder(mem memory.Allocator) ImageBuilder {
	return ImageBuilder{array.NewStructBuilder(mem, ImageType)}
}

// ImageBuilderOf wraps a builder of a record whose field is of ImageType.
func ImageBuilderOf(b array.Builder) ImageBuilder { return ImageBuilder{b.(*array.StructBuilder)} }

// Append adds a cell.
func (b ImageBuilder) Append(c ImageCell) {
	b.b.Append(true)
	b.b.FieldBuilder(0).(*array.StringBuilder).Append(c.Ref)
	data := b.b.FieldBuilder(1).(*array.BinaryBuilder)
	if c.Data == nil {
		data.AppendNull()
	} else {
		data.Append(c.Data)
	}
	b.b.FieldBuilder(2).(*array.Int32Builder).Append(int32(c.Height))
	b.b.FieldBuilder(3).(*array.Int32Builder).Append(int32(c.Width))
}

// AppendNull adds a missing image.
func (b ImageBuilder) AppendNull() { b.b.AppendNull() }

// NewArray returns the column; the builder is empty after it.
func (b ImageBuilder) NewArray() arrow.Array { return b.b.NewArray() }

// Release gives back the builder's memory.
func (b ImageBuilder) Release() { b.b.Release() }
