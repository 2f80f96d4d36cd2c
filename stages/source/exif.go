package source

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"

	"shiftmill/pipeline"
	"shiftmill/stages/imageio"
)

// exifColumns are what EXIF can give, in the order in which columns are added.
var exifColumns = []struct {
	name string
	typ  arrow.DataType
	add  func(b array.Builder, e imageio.EXIF) // the value, or null where the file has none
}{
	{"make", arrow.BinaryTypes.String, func(b array.Builder, e imageio.EXIF) { addText(b, e.Make) }},
	{"model", arrow.BinaryTypes.String, func(b array.Builder, e imageio.EXIF) { addText(b, e.Model) }},
	{"lens", arrow.BinaryTypes.String, func(b array.Builder, e imageio.EXIF) { addText(b, e.Lens) }},
	{"taken", timeType, func(b array.Builder, e imageio.EXIF) {
		at, err := time.Parse("2006-01-02T15:04:05", e.DateTime)
		if err != nil {
			b.AppendNull()
			return
		}
		b.(*array.TimestampBuilder).Append(arrow.Timestamp(at.UnixMicro()))
	}},
	{"year", arrow.PrimitiveTypes.Int64, func(b array.Builder, e imageio.EXIF) {
		at, err := time.Parse("2006-01-02T15:04:05", e.DateTime)
		addWhole(b, at.Year(), err == nil)
	}},
	{"lat", arrow.PrimitiveTypes.Float64, func(b array.Builder, e imageio.EXIF) { addReal(b, e.Lat, e.HasPosition) }},
	{"lon", arrow.PrimitiveTypes.Float64, func(b array.Builder, e imageio.EXIF) { addReal(b, e.Lon, e.HasPosition) }},
	{"iso", arrow.PrimitiveTypes.Int64, func(b array.Builder, e imageio.EXIF) { addWhole(b, e.ISO, e.ISO > 0) }},
	{"focal_length", arrow.PrimitiveTypes.Float64, func(b array.Builder, e imageio.EXIF) { addReal(b, e.FocalLength, e.FocalLength > 0) }},
	{"orientation", arrow.PrimitiveTypes.Int64, func(b array.Builder, e imageio.EXIF) { addWhole(b, e.Orientation, true) }},
}

func addText(b array.Builder, v string) {
	if v == "" {
		b.AppendNull()
		return
	}
	b.(*array.StringBuilder).Append(strings.ToValidUTF8(v, "\ufffd"))
}

func addWhole(b array.Builder, v int, known bool) {
	if !known {
		b.AppendNull()
		return
	}
	b.(*array.Int64Builder).Append(int64(v))
}

func addReal(b array.Builder, v float64, known bool) {
	if !known {
		b.AppendNull()
		return
	}
	b.(*array.Float64Builder).Append(v)
}

// exifNames lists what may be asked for.
func exifNames() []string {
	var names []string
	for _, c := range exifColumns {
		names = append(names, c.name)
	}
	return names
}

func exifProblems(asked []string) []pipeline.Problem {
	var problems []pipeline.Problem
	for i, name := range asked {
		if slices.Contains(exifNames(), name) {
			continue
		}
		msg := fmt.Sprintf("EXIF has no %q; it has %s", name, strings.Join(exifNames(), ", "))
		if near := pipeline.Nearest(name, exifNames()); near != "" {
			msg = fmt.Sprintf("EXIF has no %q; did you mean %q?", name, near)
		}
		problems = append(problems, pipeline.Problem{Field: fmt.Sprintf("exif.%d", i), Msg: msg})
	}
	return problems
}

// exifFields are the columns asked for.
func exifFields(asked []string) []arrow.Field {
	var fields []arrow.Field
	for _, c := range exifColumns {
		if slices.Contains(asked, c.name) {
			fields = append(fields, arrow.Field{Name: c.name, Type: c.typ, Nullable: true})
		}
	}
	return fields
}

// addEXIF appends a file's values to builders, one for each of exifFields.
func addEXIF(builders []array.Builder, asked []string, e imageio.EXIF) {
	i := 0
	for _, c := range exifColumns {
		if slices.Contains(asked, c.name) {
			c.add(builders[i], e)
			i++
		}
	}
}
