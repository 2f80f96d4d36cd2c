package table

import (
	"fmt"
	"slices"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress"
	"github.com/parquet-go/parquet-go/compress/zstd"
)

// Compression says how the pages of a column are packed. Snappy is read but not
// written: its encoder gives other bytes on other processors.
type Compression int

const (
	// Auto leaves binary columns, which hold encoded images, as they are and
	// packs all others with Zstd.
	Auto Compression = iota
	// Zstd packs at the default speed.
	Zstd
	// None stores as is.
	None
)

// Encoding says how the texts of a column are laid out.
type Encoding int

const (
	// Plain is one text after the other.
	Plain Encoding = iota
	// Front leaves out what a text begins with like the one before it: a tenth of
	// the bytes and of the time for ids, which ascend. Parquet calls it
	// DELTA_BYTE_ARRAY.
	Front
	// Dictionary names each text once and then numbers it, as long as there are
	// few. Parquet calls it RLE_DICTIONARY.
	Dictionary
)

// dictionaryBytes bounds the texts of a dictionary; what comes after is plain.
const dictionaryBytes = 64 << 10

// Options are the settings of a Writer; the zero value works. All of them change the
// bytes that are written, none of them what is read back.
type Options struct {
	// Compression of single columns, by the names from the top joined by dots, such
	// as "image.bytes"; a name stands for all columns below it.
	Compression map[string]Compression
	// Encoding of columns of text, by their names; Fit chooses.
	Encoding map[string]Encoding

	RowGroupRows  int   // most rows of a row group; 0: 65,536
	RowGroupBytes int64 // a row group ends with the row that reaches this many bytes of values; 0: 64 MiB
	PageBytes     int64 // a page ends likewise; 0: 256 KiB
}

func (o Options) withDefaults() Options {
	if o.RowGroupRows <= 0 {
		o.RowGroupRows = 1 << 16
	}
	if o.RowGroupBytes <= 0 {
		o.RowGroupBytes = 64 << 20
	}
	if o.PageBytes <= 0 {
		o.PageBytes = 256 << 10
	}
	return o
}

// validate names the compressions that are for no column of the schema.
func (o Options) validate(schema *arrow.Schema) error {
	known := map[string]bool{}
	var walk func(prefix string, fields []arrow.Field)
	walk = func(prefix string, fields []arrow.Field) {
		for _, f := range fields {
			known[prefix+f.Name] = true
			walk(prefix+f.Name+".", childFields(f.Type))
		}
	}
	walk("", schema.Fields())
	var unknown, noText []string
	for name := range o.Compression {
		if !known[name] {
			unknown = append(unknown, name)
		}
	}
	for name := range o.Encoding {
		if at := schema.FieldIndices(name); len(at) != 1 || !isText(schema.Field(at[0]).Type) {
			noText = append(noText, name)
		}
	}
	slices.Sort(unknown)
	slices.Sort(noText)
	switch {
	case len(unknown) > 0:
		return fmt.Errorf("compression is given for %q, which the schema has no column for", unknown)
	case len(noText) > 0:
		return fmt.Errorf("an encoding is given for %q, which the schema has no column of text for", noText)
	}
	return nil
}

func childFields(t arrow.DataType) []arrow.Field {
	if n, ok := t.(arrow.NestedType); ok {
		return n.Fields()
	}
	return nil
}

// codec returns the codec for a column of type t whose nearest given setting is c.
func (c Compression) codec(t arrow.DataType) compress.Codec {
	if c == Auto {
		switch t.ID() {
		case arrow.BINARY, arrow.LARGE_BINARY:
			c = None
		default:
			c = Zstd
		}
	}
	if c == None {
		return &parquet.Uncompressed
	}
	return &packer
}

// packer is one for all writers, since it keeps its encoders, whose windows are
// dear to make, for the next page.
var packer = zstd.Codec{Level: zstd.SpeedDefault}
