package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/apache/arrow/go/v15/arrow"

	"shiftmill/pipeline"
	"shiftmill/stages"
)

// Table is the configuration of source/table.
type Table struct {
	Root      pipeline.Dir         `yaml:"root" required:"true" doc:"folder that the table's and the images' names are relative to"`
	Table     []string             `yaml:"table" required:"true" single:"true" doc:"the table, several with the same columns, or a pattern such as data/*.parquet; folders such as year=2019 become columns, and text may be packed with gzip"`
	Format    string               `yaml:"format" enum:"csv|tsv|jsonl|parquet|arrow" doc:"of the table; its ending says it when left out"`
	Delimiter string               `yaml:"delimiter" doc:"character between the fields of a CSV table; a comma when left out"`
	Quotes    string               `yaml:"quotes" enum:"standard|none" doc:"of a CSV table: standard, around fields that may hold delimiters and line ends; none, where a quote is a character as any other"`
	Encoding  string               `yaml:"encoding" enum:"utf-8|utf-16|windows-1252|latin-1|latin-9" doc:"of the characters of a CSV table; others than UTF-8 are turned into it"`
	Nulls     []string             `yaml:"nulls" doc:"texts that mean a missing value; of a CSV table the empty one when left out"`
	ID        string               `yaml:"id" doc:"column of the row's id; the image's name when left out"`
	Image     string               `yaml:"image" doc:"column of the image's name, or a pattern of columns such as img/{device}/{shot}.png; a table without images when left out"`
	Strip     string               `yaml:"strip" doc:"beginning of the images' names to leave out, such as a folder of another machine"`
	Label     Label                `yaml:"label" doc:"column of the class, which is then also there as label, or of lists of them, as labels; {column: NAME, match: EXPRESSION}, or {column: NAME, separator: TEXT} for a list of labels"`
	Classes   string               `yaml:"classes" enum:"imagenet-1k" doc:"the labels are synsets, indexes or names of this list; they become synsets, and the names stand in the column class"`
	Exif      []string             `yaml:"exif" single:"true" doc:"columns to read out of the images: make, model, lens, taken, year, lat, lon, iso, focal_length, orientation"`
	Types     map[string]TableType `yaml:"types" doc:"what the texts of a column mean: string, int, float, bool, {float: ','} for decimal commas, {int: {thousands: ','}}, {time: layout or layouts (such as 2006-01-02, or unix, unix-ms), zone: name}, {zone: name} for times of UTC in Parquet, or {one_of: {US: [USA, United States], FR: []}}"`
	Unicode   string               `yaml:"unicode" enum:"keep|nfc" doc:"keep: texts stay as they are; nfc: composed, so that equal looks are equal texts"`
	Frozen    bool                 `yaml:"frozen" doc:"take the files as they were listed and hashed the last time on this host, without looking at them, until run --rescan; whatever is read is still checked"`
	OnError   string               `yaml:"on_error" enum:"fail|skip" doc:"fail: a bad row stops the run; skip: it is left out, counted and named, and so are rows whose image cannot be decoded"`
}

// TableKind describes source/table to a registry.
func TableKind() *stages.Kind {
	return stages.Define(stages.Def[Table]{
		Name:    "source/table",
		Doc:     "Reads a metadata table (CSV, TSV, JSONL, Parquet or Arrow) that names images.",
		Version: 3, // 2: a key of JSONL that holds lists and objects alone is no column, and no error of each row; pictures in Arrow files and in columns of bytes; labels in a column named label may contradict each other
		// 3: whole numbers of 32 bits without a sign are no negative ones; times of UTC follow the zone of types; pictures are missing
		// where a Parquet file does not count them; decimals, UUIDs, Impala's times and columns without a value are read
		Shape:   stages.Source,
		Config:  Table{OnError: "fail", Encoding: "utf-8", Nulls: emptyIsNull(), Unicode: "keep"},
		Check:   checkTable,
		Outputs: func(*Table) []stages.Output { return []stages.Output{{Type: stages.Rows}} },
		Columns: tableColumns,
		Source: &stages.Access[Table]{
			Listing: listTable,
			Count:   countTable,
			Frozen:  func(c *Table) bool { return c.Frozen },
			File:    func(c *Table, ref string) (stages.FileRange, error) { return tableImage(string(c.Root), ref) },
		},
		New: func(c *Table) (stages.Stage, error) {
			return stages.RunFunc(func(ctx context.Context, in *stages.Inputs, out stages.Sink) error {
				return runTable(ctx, c, in, out)
			}), nil
		},
	})
}

func (c *Table) delimiter(standard rune) rune {
	if r, n := utf8.DecodeRuneInString(c.Delimiter); n > 0 {
		return r
	}
	return standard
}

// isText says whether a table is one of delimited text.
func (c *Table) isText(name string) bool {
	format := c.Format
	if format == "" {
		format, _ = formatOf(name)
	}
	return format == "csv" || format == "tsv"
}

// emptyIsNull is what nulls are when left out.
func emptyIsNull() []string { return []string{""} }

func checkTable(c *Table) []pipeline.Problem {
	var problems []pipeline.Problem
	report := func(field, format string, args ...any) {
		problems = append(problems, pipeline.Problem{Field: field, Msg: fmt.Sprintf(format, args...)})
	}
	if len(c.Table) == 0 {
		report("table", "an empty list names no table")
	}
	for i, t := range c.Table {
		if !filepath.IsLocal(filepath.FromSlash(t)) {
			report(fmt.Sprintf("table.%d", i), "%q lies outside of the root", t)
		}
		if err := checkGlob(t); isGlob(t) && err != nil {
			report(fmt.Sprintf("table.%d", i), "%s", err)
		}
		if _, ok := formatOf(t); !ok && c.Format == "" {
			report("format", "%q has no ending that tells its format: set csv, tsv, jsonl, parquet or arrow", t)
		}
	}
	if !slices.ContainsFunc(c.Table, c.isText) {
		for _, p := range []struct {
			field string
			said  bool
		}{{"delimiter", c.Delimiter != ""}, {"quotes", c.Quotes != ""}, {"encoding", c.Encoding != "" && c.Encoding != "utf-8"}} {
			if p.said && len(c.Table) > 0 {
				report(p.field, "it is of CSV and TSV tables, and %q is none: leave it out", c.Table[0])
			}
		}
	}
	if c.Delimiter != "" {
		r, n := utf8.DecodeRuneInString(c.Delimiter)
		if n != len(c.Delimiter) || r == '"' || r == '\r' || r == '\n' || r == utf8.RuneError {
			report("delimiter", "%q is no single character", c.Delimiter)
		}
	}
	if c.ID == "" && c.Image == "" {
		report("id", "a table without images needs a column for the row's id")
	}
	if strings.Contains(c.Image, "{") {
		if err := checkImageForm(c.Image); err != nil {
			report("image", "%s", err)
		}
	}
	if len(c.Exif) > 0 && c.Image == "" {
		report("exif", "a table without images has no EXIF data")
	}
	problems = append(problems, exifProblems(c.Exif)...)
	return append(problems, labelProblems(c.Label, c.Classes)...)
}

// A layout is how the table's columns become those of the source.
type layout struct {
	fields  []tableField // of the tables
	skipped []skippedColumn
	types   []TableType // of the text columns; name "" keeps them
	id      int         // column of the id, or -1
	image   int         // column of the image's name, or -1
	form    *pattern    // or the pattern of the image's name
	parts   map[string]int
	keep    []int // columns to keep
	labeler labeler
	base    []arrow.Field // id, image, the table's, EXIF
	exif    int           // of base, the first of EXIF
	labels  []int         // of the schema's fields, those of the labeler
	schema  *arrow.Schema
}

// An opener opens one of the tables of a source, or what is read like one.
type opener func(name string) (tableReader, error)

// tables opens the tables that the parameters name.
func (c *Table) tables(name string) (tableReader, error) { return openTable(string(c.Root), name, c) }

// layout reads the headers.
func (c *Table) layout(open opener) (*layout, []string, []pipeline.Problem, error) {
	var l layout
	var notes []string
	for i, name := range c.Table {
		r, err := open(name)
		if err != nil {
			return nil, nil, nil, err
		}
		fields := r.Fields()
		if s := r.Skipped(); len(s) > 0 {
			notes = append(notes, fmt.Sprintf("%s: %s", name, unread(s)))
			l.skipped = append(l.skipped, s...)
		}
		if err := r.Close(); err != nil {
			return nil, nil, nil, err
		}
		if i == 0 {
			l.fields = fields
			continue
		}
		if err := sameFields(c.Table[0], l.fields, name, fields); err != nil {
			return nil, nil, nil, err
		}
		l.widen(fields)
	}
	problems := l.bind(c)
	return &l, notes, problems, nil
}

// unread says which columns are not read, and why.
func unread(columns []skippedColumn) string {
	texts := make([]string, len(columns))
	why := "that hold neither text, numbers, booleans nor times"
	for i, c := range columns {
		if texts[i] = fmt.Sprintf("%s (%s)", c.name, c.holds); c.name == "" {
			texts[i], why = c.holds, "without a name"
		}
	}
	return fmt.Sprintf("columns %s are not read: %s", why, strings.Join(texts, ", "))
}

// sameFields refuses tables with other columns than the first; their order
// does not matter.
func sameFields(first string, a []tableField, name string, b []tableField) error {
	find := func(fields []tableField, f tableField) (tableField, bool) {
		i := slices.IndexFunc(fields, func(g tableField) bool { return g.name == f.name })
		if i < 0 {
			return tableField{}, false
		}
		return fields[i], true
	}
	for _, f := range a {
		g, ok := find(b, f)
		if !ok {
			return fmt.Errorf("%s lacks the column %q that %s has", name, f.name, first)
		}
		if f.lists != g.lists && !f.null && !g.null {
			return fmt.Errorf("column %q holds lists in one of %s and %s, and none in the other", f.name, first, name)
		}
		if !arrow.TypeEqual(f.typ, g.typ) && !f.null && !g.null {
			return fmt.Errorf("column %q holds %s in %s and %s in %s", f.name, f.typ, first, g.typ, name)
		}
	}
	for _, g := range b {
		if _, ok := find(a, g); !ok {
			return fmt.Errorf("%s has a column %q that %s lacks", name, g.name, first)
		}
	}
	return nil
}

// widen takes over what another table says of columns of which the tables before it say less.
func (l *layout) widen(fields []tableField) {
	for _, g := range fields {
		f := &l.fields[slices.IndexFunc(l.fields, func(f tableField) bool { return f.name == g.name })]
		switch {
		case f.null:
			*f = g
		case g.null:
		default:
			f.inferred = f.inferred.or(g.inferred)
			f.instant = f.instant && g.instant
		}
	}
}

// bind finds the columns that the parameters name.
func (l *layout) bind(c *Table) []pipeline.Problem {
	var problems []pipeline.Problem
	names := make([]string, len(l.fields))
	for i, f := range l.fields {
		names[i] = f.name
	}
	find := func(name, field string) int {
		i := slices.Index(names, name)
		if i < 0 {
			problems = append(problems, pipeline.Problem{Field: field, Msg: l.lacks(name, names)})
		}
		return i
	}
	l.id, l.image, l.parts = -1, -1, map[string]int{}
	if c.ID != "" {
		l.id = find(c.ID, "id")
	}
	switch {
	case strings.Contains(c.Image, "{"):
		l.form = imageForm(c.Image)
		for _, n := range l.form.names {
			l.parts[n] = find(n, "image")
		}
	case c.Image != "":
		l.image = find(c.Image, "image")
		if l.embedded() && c.ID == "" {
			if l.id = slices.Index(names, c.Image+"_path"); l.id < 0 {
				problems = append(problems, pipeline.Problem{Field: "id", Msg: "the pictures in the table have no names: name a column for the row's id"})
			}
		}
	}
	l.labeler = newLabeler(c.Label, c.Classes)
	if l.labeler.rule.column != "" {
		if i := find(l.labeler.rule.column, "label"); i >= 0 && l.fields[i].lists {
			if !c.Label.plain() || c.Classes != "" {
				problems = append(problems, pipeline.Problem{Field: "label", Msg: fmt.Sprintf("the column %q holds lists of labels already: name it alone, without match, separator or classes", c.Label.column)})
			}
			l.labeler.rule.lists = true
		}
	}
	l.types = make([]TableType, len(l.fields))
	for i, f := range l.fields {
		l.types[i] = f.inferred
	}
	for _, name := range sortedKeys(c.Types) {
		i := find(name, "types."+name)
		if i < 0 {
			continue
		}
		typ := c.Types[name]
		switch f := l.fields[i]; {
		case f.null:
			l.fields[i].typ = typ.arrow()
		case f.typ.ID() == arrow.STRING && typ.name == "time" && len(typ.layouts) == 0:
			problems = append(problems, pipeline.Problem{Field: "types." + name, Msg: `the column holds text: say how it writes a time too, such as time: "2006-01-02 15:04"`})
		case f.typ.ID() == arrow.STRING:
			l.types[i] = typ
		case !arrow.TypeEqual(f.typ, typ.arrow()):
			problems = append(problems, pipeline.Problem{Field: "types." + name, Msg: fmt.Sprintf("the table itself says that the column holds %s: leave this line out", f.typ)})
		case typ.zone == "" || typ.zone == "UTC":
		case f.instant:
			l.types[i] = typ
		default:
			problems = append(problems, pipeline.Problem{Field: "types." + name + ".zone", Msg: "the table's times are of no zone that they could be taken from into another one: leave the zone out"})
		}
	}
	problems = append(problems, l.place(c, names)...)
	return problems
}

// lacks says that the tables have no column of a name, and what they have instead.
func (l *layout) lacks(name string, names []string) string {
	if i := slices.IndexFunc(l.skipped, func(s skippedColumn) bool { return s.name == name }); i >= 0 {
		return fmt.Sprintf("the column %q holds %s, which a source cannot: cast it to text, numbers or times where the table is written", name, l.skipped[i].holds)
	}
	if near := pipeline.Nearest(name, names); near != "" {
		return fmt.Sprintf("the table has no column %q; did you mean %q?", name, near)
	}
	if len(names) == 1 {
		for _, d := range []string{";", "\t", "|", ","} {
			if strings.Contains(names[0], d) {
				return fmt.Sprintf("the table has no column %q, but one named %q: if %[3]q stands between the fields, set delimiter: %[3]q", name, names[0], d)
			}
		}
	}
	shown := make([]string, len(names))
	for i, n := range names {
		if shown[i] = n; strings.ContainsFunc(n, func(r rune) bool { return r != ' ' && !unicode.IsPrint(r) }) || strings.TrimSpace(n) != n {
			shown[i] = strconv.Quote(n)
		}
	}
	return fmt.Sprintf("the table has no column %q; it has %s", name, strings.Join(shown, ", "))
}

// embedded says whether the images are in the table itself.
func (l *layout) embedded() bool { return l.image >= 0 && l.fields[l.image].embedded }

// checkImageForm says what is wrong with the pattern of an image's name.
func checkImageForm(text string) error {
	rest := placeholder.ReplaceAllString(text, "")
	switch {
	case strings.ContainsAny(rest, "{}"):
		return fmt.Errorf("in %q a brace is not closed", text)
	case strings.Contains(text, "{}"):
		return fmt.Errorf("in %q {} is no name of a column", text)
	case strings.HasPrefix(text, "/"):
		return fmt.Errorf("%q is no name below the root", text)
	}
	return nil
}

// imageForm is the pattern of an image's name; unlike a source/images pattern
// it may use the columns id and image, and one column several times.
func imageForm(text string) *pattern {
	p := &pattern{text: text}
	for _, m := range placeholder.FindAllStringSubmatch(text, -1) {
		if !slices.Contains(p.names, m[1]) {
			p.names = append(p.names, m[1])
		}
	}
	return p
}

// place makes the schema of the rows: id, image, the table's columns, label.
func (l *layout) place(c *Table, names []string) []pipeline.Problem {
	var problems []pipeline.Problem
	fields := []arrow.Field{{Name: "id", Type: arrow.BinaryTypes.String}}
	if c.Image != "" {
		fields = append(fields, arrow.Field{Name: "image", Type: stages.ImageType})
	}
	for i, f := range l.fields {
		switch {
		case f.name == "id" && i != l.id && (c.ID == "" || l.id >= 0): // else its name is wrong, which bind says
			problems = append(problems, pipeline.Problem{Field: "id", Msg: `the table has a column "id" of its own: use it with id: id, or rename it`})
			continue
		case f.name == "image" && c.Image != "" && i != l.image:
			problems = append(problems, pipeline.Problem{Field: "image", Msg: `the table has a column "image" of its own, which the pictures would hide: use it with image: image, or rename it`})
			continue
		case f.name == "id", f.name == "image" && c.Image != "", f.embedded, f.lists:
			continue
		}
		l.keep = append(l.keep, i)
		fields = append(fields, arrow.Field{Name: f.name, Type: l.typeOf(i), Nullable: true})
	}
	l.exif = len(fields)
	for _, f := range exifFields(c.Exif) {
		if slices.ContainsFunc(fields, func(g arrow.Field) bool { return g.Name == f.Name }) {
			problems = append(problems, pipeline.Problem{Field: "exif", Msg: fmt.Sprintf("the table has a column %q of its own: rename one", f.Name)})
		}
		fields = append(fields, f)
	}
	l.base = fields
	if l.labeler.rule.column != "" && !slices.Contains(names, l.labeler.rule.column) {
		return problems // bind has said so
	}
	all, at, ps := l.labeler.merged(fields)
	l.labels, l.schema = at, arrow.NewSchema(all, nil)
	return append(problems, ps...)
}

func (l *layout) typeOf(i int) arrow.DataType {
	if l.types[i].name != "" {
		return l.types[i].arrow()
	}
	return l.fields[i].typ
}

// tableColumns looks at the header; without the data the columns are unknown.
func tableColumns(c *Table, _ stages.Schemas) (stages.Schemas, []pipeline.Problem) {
	root := string(c.Root)
	if _, err := os.Stat(root); err != nil || len(c.Table) == 0 {
		return nil, nil
	}
	unknown := func(t string) bool { _, ok := formatOf(t); return !ok }
	if c.Format == "" && slices.ContainsFunc(c.Table, unknown) {
		return nil, nil // as Check says
	}
	c, err := c.expanded()
	if err != nil {
		return nil, []pipeline.Problem{{Field: "table", Msg: err.Error()}}
	}
	l, _, problems, err := c.layout(c.tables)
	if err != nil {
		field := "table"
		if errors.Is(err, os.ErrNotExist) && len(c.Table) == 1 {
			return nil, []pipeline.Problem{{Field: field, Msg: fmt.Sprintf("the root holds no file %s%s", c.Table[0], nearFile(root, c.Table[0]))}}
		}
		return nil, []pipeline.Problem{{Field: field, Msg: err.Error()}}
	}
	if len(problems) > 0 {
		return nil, problems
	}
	return stages.Schemas{"": arrow.NewSchema(l.schema.Fields()[1:], nil)}, nil
}

// nearFile suggests a name from the folder of one that does not exist.
func nearFile(root, name string) string {
	folder := path.Dir(name)
	entries, err := os.ReadDir(filepath.Join(root, filepath.FromSlash(folder)))
	if err != nil {
		if folder == "." {
			return ""
		}
		return fmt.Sprintf(" (nor a folder %s%s)", folder, nearFile(root, folder))
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if near := pipeline.Nearest(path.Base(name), names); near != "" {
		return fmt.Sprintf("; did you mean %q?", path.Join(folder, near))
	}
	return ""
}

// listTable writes the tables' digests and, when rows are left out for their
// images, those of the images.
func listTable(ctx context.Context, c *Table, digest func(string) (string, error), w io.Writer) error {
	c, err := c.expanded()
	if err != nil {
		return err
	}
	root := string(c.Root)
	for _, name := range c.Table {
		d, err := digest(filepath.Join(root, filepath.FromSlash(name)))
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if _, err := fmt.Fprintf(w, "table %q %s\n", name, d); err != nil {
			return err
		}
	}
	if c.Image == "" || c.OnError != "skip" && len(c.Exif) == 0 {
		return nil
	}
	t, err := newTableRun(c, c.tables, nil)
	if err != nil {
		return err
	}
	t.onlyNames = true
	if err := t.run(ctx, runtime.GOMAXPROCS(0)); err != nil {
		return err
	}
	slices.Sort(t.names)
	for _, name := range slices.Compact(t.names) {
		d, err := digest(filepath.Join(root, filepath.FromSlash(name)))
		if err != nil {
			d = "absent"
		}
		if _, err := fmt.Fprintf(w, "image %q %s\n", name, d); err != nil {
			return err
		}
	}
	return nil
}
