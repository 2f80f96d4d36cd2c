package table

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"reflect"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/ipc"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/encoding"
)

// arrowSchemaKey is where Arrow implementations keep the schema in a Parquet file.
const arrowSchemaKey = "ARROW:schema"

// group is a Parquet group whose fields keep their order; parquet.Group sorts them.
type group struct {
	parquet.Group
	fields []parquet.Field
	list   bool // the group has the logical type LIST
}

func (g *group) Fields() []parquet.Field { return g.fields }

// GoType is of no use here, since no Go values are written; names of columns need not
// be names of Go fields.
func (g *group) GoType() reflect.Type { return reflect.TypeFor[struct{}]() }

func (g *group) Type() parquet.Type {
	if g.list {
		return parquet.List(parquet.Leaf(parquet.BooleanType)).Type()
	}
	return g.Group.Type()
}

type field struct {
	parquet.Node
	name string
}

func (f field) Name() string                      { return f.name }
func (f field) Value(reflect.Value) reflect.Value { return reflect.Value{} }

// parquetSchema returns the Parquet form of an Arrow schema.
func parquetSchema(schema *arrow.Schema, o Options) (*parquet.Schema, error) {
	root := &group{Group: parquet.Group{}}
	seen := map[string]bool{}
	for _, f := range schema.Fields() {
		if seen[f.Name] {
			return nil, fmt.Errorf("two columns are called %q", f.Name)
		}
		seen[f.Name] = true
		n, err := parquetNode(f, f.Name, Auto, o)
		if err != nil {
			return nil, err
		}
		root.fields = append(root.fields, field{n, f.Name})
	}
	if len(root.fields) == 0 {
		return nil, errors.New("the schema has no columns")
	}
	return parquet.NewSchema("schema", root), nil
}

// parquetNode returns the node of one Arrow field; above is the compression that was
// given for a column above it.
func parquetNode(f arrow.Field, path string, above Compression, o Options) (parquet.Node, error) {
	if c, ok := o.Compression[path]; ok {
		above = c
	}
	n, err := requiredNode(f, path, above, o)
	if err != nil {
		return nil, err
	}
	if f.Nullable {
		return parquet.Optional(n), nil
	}
	return parquet.Required(n), nil
}

func requiredNode(f arrow.Field, path string, above Compression, o Options) (parquet.Node, error) {
	switch t := f.Type.(type) {
	case *arrow.StructType:
		g := &group{Group: parquet.Group{}}
		for _, c := range t.Fields() {
			n, err := parquetNode(c, path+"."+c.Name, above, o)
			if err != nil {
				return nil, err
			}
			g.fields = append(g.fields, field{n, c.Name})
		}
		if len(g.fields) == 0 {
			return nil, fmt.Errorf("column %s: a struct without fields cannot be stored in Parquet", path)
		}
		return g, nil
	case arrow.ListLikeType:
		if t.ID() == arrow.MAP {
			break
		}
		if s, ok := t.(*arrow.FixedSizeListType); ok {
			if s.Len() < 1 {
				return nil, fmt.Errorf("column %s: a fixed-size list needs a size of at least 1, got %d", path, s.Len())
			}
			if _, ok := s.Elem().(arrow.FixedWidthDataType); !ok {
				return nil, fmt.Errorf("column %s: a fixed-size list holds values of fixed width, not %s", path, s.Elem())
			}
		}
		elem := t.ElemField()
		n, err := parquetNode(elem, path+"."+elem.Name, above, o)
		if err != nil {
			return nil, err
		}
		inner := &group{Group: parquet.Group{}, fields: []parquet.Field{field{n, "element"}}}
		return &group{Group: parquet.Group{}, list: true, fields: []parquet.Field{field{parquet.Repeated(inner), "list"}}}, nil
	}
	leaf, err := leafNode(f.Type)
	if err != nil {
		return nil, fmt.Errorf("column %s: %w", path, err)
	}
	return parquet.Compressed(parquet.Encoded(leaf, o.Encoding[path].parquet()), above.codec(f.Type)), nil
}

func (e Encoding) parquet() encoding.Encoding {
	switch e {
	case Front:
		return &parquet.DeltaByteArray
	case Dictionary:
		return &parquet.RLEDictionary
	}
	return &parquet.Plain
}

func leafNode(t arrow.DataType) (parquet.Node, error) {
	switch t := t.(type) {
	case *arrow.BooleanType:
		return parquet.Leaf(parquet.BooleanType), nil
	case *arrow.Int8Type, *arrow.Int16Type:
		return parquet.Int(t.(arrow.FixedWidthDataType).BitWidth()), nil
	case *arrow.Uint8Type, *arrow.Uint16Type, *arrow.Uint32Type, *arrow.Uint64Type:
		return parquet.Uint(t.(arrow.FixedWidthDataType).BitWidth()), nil
	case *arrow.Int32Type:
		return parquet.Leaf(parquet.Int32Type), nil
	case *arrow.Int64Type:
		return parquet.Leaf(parquet.Int64Type), nil
	case *arrow.Float32Type:
		return parquet.Leaf(parquet.FloatType), nil
	case *arrow.Float64Type:
		return parquet.Leaf(parquet.DoubleType), nil
	case *arrow.StringType, *arrow.LargeStringType:
		return parquet.String(), nil
	case *arrow.BinaryType, *arrow.LargeBinaryType:
		return parquet.Leaf(parquet.ByteArrayType), nil
	case *arrow.FixedSizeBinaryType:
		if t.ByteWidth < 1 {
			return nil, fmt.Errorf("type %s needs a width of at least 1", t)
		}
		return parquet.Leaf(parquet.FixedLenByteArrayType(t.ByteWidth)), nil
	case *arrow.Date32Type:
		return parquet.Date(), nil
	case *arrow.TimestampType:
		switch t.Unit {
		case arrow.Millisecond:
			return parquet.TimestampAdjusted(parquet.Millisecond, t.TimeZone != ""), nil
		case arrow.Microsecond:
			return parquet.TimestampAdjusted(parquet.Microsecond, t.TimeZone != ""), nil
		case arrow.Nanosecond:
			return parquet.TimestampAdjusted(parquet.Nanosecond, t.TimeZone != ""), nil
		}
	}
	return nil, fmt.Errorf("type %s cannot be stored; cast it to one of those that package table lists", t)
}

// encodeArrowSchema returns the value of ARROW:schema: an IPC stream without records,
// in base64.
func encodeArrowSchema(schema *arrow.Schema) (string, error) {
	var buf bytes.Buffer
	w := ipc.NewWriter(&buf, ipc.WithSchema(schema), ipc.WithAllocator(memory.DefaultAllocator))
	if err := w.Close(); err != nil {
		return "", fmt.Errorf("encode the schema: %w", err)
	}
	return base64.StdEncoding.EncodeToString(buf.Bytes()), nil
}
