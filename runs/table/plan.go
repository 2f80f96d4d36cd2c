package table

import (
	"errors"
	"fmt"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"
)

// A node says how one Arrow field comes out of Parquet columns.
type node struct {
	field    arrow.Field
	def      int // definition level at which the field is not null
	slotDef  int // definition level at which it has a slot at all: the nearest list above has an element
	rep      int // repetition level of a list above, at which a new slot may begin
	children []*node
	column   int // of a leaf: index of the Parquet column
}

// planFields matches the top fields of a file. Columns that cannot be read are told in
// skipped, by name.
func planFields(file *parquet.File, schema *arrow.Schema) (nodes []*node, skipped map[string]error) {
	columns := file.Root().Columns()
	skipped = map[string]error{}
	for i, c := range columns {
		var want *arrow.Field
		if schema != nil && len(schema.Fields()) == len(columns) && schema.Field(i).Name == c.Name() {
			f := schema.Field(i)
			want = &f
		}
		n, err := planColumn(c, want, 0, 0, 0)
		if err != nil {
			skipped[c.Name()] = fmt.Errorf("column %s: %w", c.Name(), err)
			continue
		}
		nodes = append(nodes, n)
	}
	return nodes, skipped
}

// planColumn matches one column. def is the definition level of what lies around it.
func planColumn(c *parquet.Column, want *arrow.Field, def, slotDef, rep int) (*node, error) {
	if c.Repeated() { // a list without the annotation: as old files have them
		return planList(c, c, want, def, slotDef, rep, false)
	}
	n := &node{def: def, slotDef: slotDef, rep: rep}
	n.field = arrow.Field{Name: c.Name(), Nullable: c.Optional()}
	if want != nil {
		n.field.Metadata = want.Metadata
	}
	if c.Optional() {
		n.def++
	}
	if c.Leaf() {
		t, err := arrowType(c.Type())
		if err != nil {
			return nil, err
		}
		n.column = c.Index()
		n.field.Type = refine(t, want)
		return n, nil
	}
	switch c.Type().LogicalType() {
	case nil:
	default:
		switch c.Type().LogicalType().Value.(type) {
		case *format.ListType:
			inner := c.Columns()
			if len(inner) != 1 || !inner[0].Repeated() {
				return nil, errors.New("a list without exactly one repeated group")
			}
			return planList(c, inner[0], want, def, slotDef, rep, c.Optional())
		default:
			return nil, fmt.Errorf("groups of type %s are not supported", c.Type())
		}
	}
	var fields []arrow.Field
	children := c.Columns()
	for i, child := range children {
		var w *arrow.Field
		if t, ok := structType(want); ok && len(t.Fields()) == len(children) && t.Field(i).Name == child.Name() {
			f := t.Field(i)
			w = &f
		}
		m, err := planColumn(child, w, n.def, slotDef, rep)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", child.Name(), err)
		}
		n.children = append(n.children, m)
		fields = append(fields, m.field)
	}
	if len(fields) == 0 {
		return nil, errors.New("a group without columns")
	}
	n.field.Type = arrow.StructOf(fields...)
	return n, nil
}

func structType(want *arrow.Field) (*arrow.StructType, bool) {
	if want == nil {
		return nil, false
	}
	t, ok := want.Type.(*arrow.StructType)
	return t, ok
}

// planList matches the list called as outer whose repeated part is repeated. By the
// rules of the Parquet format for older writers, the repeated part is the element
// itself unless it is a group of one column.
func planList(outer, repeated *parquet.Column, want *arrow.Field, def, slotDef, rep int, nullable bool) (*node, error) {
	n := &node{def: def, slotDef: slotDef, rep: rep}
	n.field = arrow.Field{Name: outer.Name(), Nullable: nullable}
	if nullable {
		n.def++
	}
	var wantElem *arrow.Field
	if want != nil {
		n.field.Metadata = want.Metadata
		if l, ok := want.Type.(arrow.ListLikeType); ok && l.ID() != arrow.MAP {
			f := l.ElemField()
			wantElem = &f
		}
	}
	elemDef := n.def + 1
	var elem *node
	var err error
	switch {
	case repeated.Leaf():
		var t arrow.DataType
		if t, err = arrowType(repeated.Type()); err == nil {
			elem = &node{def: elemDef, slotDef: elemDef, rep: rep + 1, column: repeated.Index()}
			elem.field = arrow.Field{Name: repeated.Name(), Type: refine(t, wantElem)}
		}
	case outer != repeated && len(repeated.Columns()) == 1 && repeated.Name() != "array" && repeated.Name() != outer.Name()+"_tuple":
		elem, err = planColumn(repeated.Columns()[0], wantElem, elemDef, elemDef, rep+1)
	default:
		err = errors.New("lists of groups in the layout of old writers are not supported")
	}
	if err != nil {
		return nil, err
	}
	if wantElem != nil {
		elem.field.Name = wantElem.Name
	}
	n.children = []*node{elem}
	n.field.Type = arrow.ListOfField(elem.field)
	if want != nil {
		switch t := want.Type.(type) {
		case *arrow.LargeListType:
			n.field.Type = arrow.LargeListOfField(elem.field)
		case *arrow.FixedSizeListType:
			_, fixed := elem.field.Type.(arrow.FixedWidthDataType)
			if fixed && len(elem.children) == 0 {
				n.field.Type = arrow.FixedSizeListOfField(t.Len(), elem.field)
			}
		}
	}
	return n, nil
}

// arrowType returns the Arrow type that a Parquet column's values have.
func arrowType(t parquet.Type) (arrow.DataType, error) {
	logical := t.LogicalType()
	if logical != nil {
		switch l := logical.Value.(type) {
		case *format.StringType, *format.EnumType, *format.JsonType:
			return arrow.BinaryTypes.String, nil
		case *format.DateType:
			return arrow.FixedWidthTypes.Date32, nil
		case *format.IntType:
			return intType(l), nil
		case *format.TimestampType:
			zone := ""
			if l.IsAdjustedToUTC {
				zone = "UTC"
			}
			switch l.Unit.Value.(type) {
			case *format.MilliSeconds:
				return &arrow.TimestampType{Unit: arrow.Millisecond, TimeZone: zone}, nil
			case *format.MicroSeconds:
				return &arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: zone}, nil
			case *format.NanoSeconds:
				return &arrow.TimestampType{Unit: arrow.Nanosecond, TimeZone: zone}, nil
			}
		case *format.BsonType, *format.UUIDType:
			logical = nil
		}
		if logical != nil {
			return nil, fmt.Errorf("values of type %s are not supported; cast the column when the file is written", t)
		}
	}
	switch t.Kind() {
	case parquet.Boolean:
		return arrow.FixedWidthTypes.Boolean, nil
	case parquet.Int32:
		return arrow.PrimitiveTypes.Int32, nil
	case parquet.Int64:
		return arrow.PrimitiveTypes.Int64, nil
	case parquet.Float:
		return arrow.PrimitiveTypes.Float32, nil
	case parquet.Double:
		return arrow.PrimitiveTypes.Float64, nil
	case parquet.ByteArray:
		return arrow.BinaryTypes.Binary, nil
	case parquet.FixedLenByteArray:
		return &arrow.FixedSizeBinaryType{ByteWidth: t.Length()}, nil
	}
	return nil, fmt.Errorf("values of type %s are not supported; cast the column when the file is written", t)
}

func intType(l *format.IntType) arrow.DataType {
	signed := map[int8]arrow.DataType{8: arrow.PrimitiveTypes.Int8, 16: arrow.PrimitiveTypes.Int16, 32: arrow.PrimitiveTypes.Int32, 64: arrow.PrimitiveTypes.Int64}
	unsigned := map[int8]arrow.DataType{8: arrow.PrimitiveTypes.Uint8, 16: arrow.PrimitiveTypes.Uint16, 32: arrow.PrimitiveTypes.Uint32, 64: arrow.PrimitiveTypes.Uint64}
	if l.IsSigned {
		return signed[l.BitWidth]
	}
	return unsigned[l.BitWidth]
}

// refine returns the type that the stored Arrow schema names, where its values are
// stored exactly as those of t, and t otherwise.
func refine(t arrow.DataType, want *arrow.Field) arrow.DataType {
	if want == nil || arrow.TypeEqual(t, want.Type) {
		return t
	}
	switch w := want.Type.(type) {
	case *arrow.LargeStringType:
		if t.ID() == arrow.STRING {
			return w
		}
	case *arrow.LargeBinaryType:
		if t.ID() == arrow.BINARY {
			return w
		}
	case *arrow.TimestampType:
		if have, ok := t.(*arrow.TimestampType); ok && have.Unit == w.Unit && (have.TimeZone == "") == (w.TimeZone == "") {
			return w
		}
	}
	return t
}
