package source

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"golang.org/x/text/unicode/norm"

	"shiftmill/stages"
	"shiftmill/stages/imageio"
)

// A tableRun reads the tables row by row.
type tableRun struct {
	c      *Table
	open   opener
	l      *layout
	out    stages.Sink
	notes  []string
	seen   *firsts // ids
	rows   int
	left   int
	firsts []string // the first rows left out

	taken func(p place) // is told of every row that is written, if set
	// ranges, if set, says that the images' names are references, and where their bytes lie.
	ranges    func(ref string) (stages.FileRange, error)
	images    *firsts        // that have a label
	labelled  []uint64       // hashes of their labels
	exif      []imageio.EXIF // of the rows of a batch, if asked for
	odd       int            // images with damaged EXIF data
	unclear   []unclear      // by column
	joined    bool           // the table is joined to files, and no row of it may be bad
	onlyNames bool           // gather the images' names, make no rows
	names     []string
	enough    int // gather about so many names, if set
}

// errEnough ends the reading of tables when enough names have been gathered.
var errEnough = errors.New("enough names are gathered")

// A place is a row of one of the tables.
type place struct {
	table int32
	line  int64
}

func newTableRun(c *Table, open opener, out stages.Sink) (*tableRun, error) {
	l, notes, problems, err := c.layout(open)
	if err != nil {
		return nil, err
	}
	if len(problems) > 0 {
		return nil, fmt.Errorf("%s: %s", problems[0].Field, problems[0].Msg)
	}
	t := &tableRun{
		c: c, open: open, l: l, out: out, notes: notes, seen: newFirsts(), images: newFirsts(), unclear: make([]unclear, len(l.fields)),
	}
	if l.embedded() {
		t.ranges = func(ref string) (stages.FileRange, error) { return tableImage(string(c.Root), ref) }
	}
	return t, nil
}

func runTable(ctx context.Context, c *Table, in *stages.Inputs, out stages.Sink) error {
	c, err := c.expanded()
	if err != nil {
		return err
	}
	t, err := newTableRun(c, c.tables, out)
	if err != nil {
		return err
	}
	return t.all(ctx, in, out)
}

// all reads all tables and says what was left out.
func (t *tableRun) all(ctx context.Context, in *stages.Inputs, out stages.Sink) error {
	for _, n := range t.notes {
		out.Note("%s", n)
	}
	if err := t.run(ctx, in.Workers); err != nil {
		return err
	}
	if t.left > 0 {
		out.Note("%d of %d rows cannot be used and are left out: %s", t.left, t.rows, strings.Join(t.firsts, "; "))
	}
	for _, n := range t.unclearNotes() {
		out.Note("%s", n)
	}
	if t.odd > 0 {
		out.Note("the EXIF data of %d images are damaged; what can be read of them is there", t.odd)
	}
	switch {
	case t.rows == 0:
		return fmt.Errorf("%s: there are columns and no row", strings.Join(t.c.Table, ", "))
	case t.left == t.rows:
		return fmt.Errorf("no row of %s can be used", strings.Join(t.c.Table, ", "))
	}
	return nil
}

func (t *tableRun) run(ctx context.Context, workers int) error {
	for i, name := range t.c.Table {
		r, err := t.open(name)
		if err != nil {
			return err
		}
		err = r.Each(ctx,
			func(line int64, reason string) error {
				t.rows++
				return t.drop(place{int32(i), line}, "", reason)
			},
			func(rec arrow.Record, lines []int64) error { return t.batch(ctx, workers, rec, int32(i), lines) })
		if err = errors.Join(err, r.Close()); err != nil {
			var ours *rowError
			if errors.As(err, &ours) {
				return ours
			}
			var quote *openQuote
			if errors.As(err, &quote) {
				return fmt.Errorf("%s: %w", t.where(place{int32(i), quote.from}), quote)
			}
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// where names a row: its file and line, or row for formats without lines.
func (t *tableRun) where(p place) string {
	name := t.c.Table[p.table]
	format := t.c.Format
	if format == "" {
		format, _ = formatOf(name)
	}
	if format == "parquet" || format == "arrow" || t.ranges != nil {
		return fmt.Sprintf("%s, row %d", name, p.line)
	}
	return fmt.Sprintf("%s:%d", name, p.line)
}

// A rowError is a row that stops the run.
type rowError struct{ text string }

func (e *rowError) Error() string { return e.text }

// shown says whether what is wrong with the next bad row will be read at once: what costs a look at
// all names of a folder is not done for each of thousands.
func (t *tableRun) shown() bool { return t.c.OnError == "fail" || len(t.firsts) < 3 }

// drop leaves a row out, or fails, as the policy has it.
func (t *tableRun) drop(p place, id, reason string) error {
	where := t.where(p)
	if t.c.OnError == "fail" {
		if !t.joined {
			reason += "; on_error: skip would leave the row out"
		}
		return &rowError{fmt.Sprintf("%s: %s", where, reason)}
	}
	t.left++
	if len(t.firsts) < 3 {
		t.firsts = append(t.firsts, where+": "+reason)
	} else if len(t.firsts) == 3 {
		t.firsts = append(t.firsts, "...")
	}
	if t.onlyNames {
		return nil
	}
	if id == "" {
		id = where
	}
	t.out.Skip(id, reason)
	return nil
}

// batch makes rows of a run of the table's.
func (t *tableRun) batch(ctx context.Context, workers int, rec arrow.Record, table int32, lines []int64) error {
	n := len(lines)
	bad := make([]string, n)
	note := func(i int, format string, args ...any) {
		if bad[i] == "" {
			bad[i] = fmt.Sprintf(format, args...)
		}
	}
	columns := make([]arrow.Array, len(t.l.fields))
	// Text tables have nulls when they come; of others an empty text is a text unless nulls says more.
	nulls := len(t.c.Nulls) > 0 && !slices.Equal(t.c.Nulls, emptyIsNull()) && !t.c.isText(t.c.Table[table])
	for i, f := range t.l.fields {
		// By name: the tables' columns may stand in another order.
		col := rec.Column(rec.Schema().FieldIndices(f.name)[0])
		switch typ := t.l.types[i]; text := col.(type) {
		case *array.Timestamp:
			if typ.name != "" {
				col = typ.inZone(text)
				defer col.Release()
			}
		case *array.String:
			if nulls && !f.embedded && !f.lists {
				text = t.withNulls(text)
				defer text.Release()
				col = text
			}
			switch {
			case f.typ.ID() != arrow.STRING: // a table without a value says nothing of their type
				col = array.MakeArrayOfNull(memory.DefaultAllocator, f.typ, n)
				defer col.Release()
			case typ.name != "" && typ.name != "string":
				col = typ.convert(text, func(row int, message string) {
					note(row, "column %q: %s%s%s", f.name, message, t.guessed(i), t.likeNull(text.Value(row)))
				})
				defer col.Release()
				t.ambiguous(i, text)
			case t.c.Unicode == "nfc":
				col = composed(text)
				defer col.Release()
			}
		}
		columns[i] = col
	}
	names := t.imageNames(columns, n, note)
	if t.onlyNames {
		for i, name := range names {
			if bad[i] == "" && !t.inTable(name) {
				t.names = append(t.names, name)
			}
		}
		if t.enough > 0 && len(t.names) >= t.enough {
			return errEnough
		}
		return nil
	}
	ids := names
	if t.l.id >= 0 {
		missing := func(i int) { note(i, "column %q: the id is missing", t.l.fields[t.l.id].name) }
		ids = texts(columns[t.l.id], n, missing)
		for i, id := range ids {
			if id == "" { // no row's name, even where an empty text is not a missing value
				missing(i)
			}
		}
	}
	absent, err := t.checkFiles(ctx, workers, names, bad)
	if err != nil {
		return err
	}
	made := t.labels(columns, n, note)
	defer func() {
		for _, m := range made {
			m.Release()
		}
	}()
	label := t.label(columns, made)
	good := make([]bool, n)
	for i := range n {
		t.rows++
		p := place{table, lines[i]}
		id := ids[i]
		if bad[i] == "" {
			if first, had := t.seen.add(ids[i], p); had {
				bad[i] = fmt.Sprintf("its id %q is that of %s too", ids[i], t.where(t.seen.place(first)))
				id = "" // names the other row
			}
		}
		if bad[i] == "" {
			bad[i] = t.contradiction(label, names, i, p)
		}
		if bad[i] != "" {
			if absent != nil && absent[i] && t.shown() {
				bad[i] += elsewhere(string(t.c.Root), names[i], t.c.Strip)
			}
			if err := t.drop(p, id, bad[i]); err != nil {
				return err
			}
			continue
		}
		good[i] = true
		if t.taken != nil {
			t.taken(p)
		}
	}
	return t.write(columns, made, ids, names, good)
}

// checkRange looks into an image that is part of a file, as far as the parameters ask.
func (t *tableRun) checkRange(i int, ref string, bad []string, odd *atomic.Int64) error {
	if t.c.OnError != "skip" && t.exif == nil {
		return nil
	}
	r, err := t.ranges("file:" + ref)
	if err != nil {
		return err
	}
	data, err := readRange(r)
	if pe := (*fs.PathError)(nil); errors.As(err, &pe) {
		return err
	}
	if err == nil && len(data) == 0 {
		err = errors.New("it is empty")
	}
	if err != nil {
		bad[i] = fmt.Sprintf("image %q: %v", ref, err)
		return nil
	}
	if t.exif != nil {
		if t.exif[i], err = imageio.ReadEXIF(data); err != nil {
			odd.Add(1)
		}
	}
	if t.c.OnError == "skip" && r.Height == 0 {
		if _, err := imageio.Decode(data, imageio.DecodeOptions{}); err != nil {
			bad[i] = fmt.Sprintf("image %q: %v", ref, err)
		}
	}
	return nil
}

// readRange reads the bytes of an image that is part of a file.
func readRange(r stages.FileRange) ([]byte, error) {
	f, err := os.Open(r.Path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if r.Unpack != nil {
		return r.Unpack(f)
	}
	data := make([]byte, r.Size)
	_, err = f.ReadAt(data, r.Offset)
	return data, err
}

// composed is a column of texts in Unicode's normal form C.
func composed(col *array.String) arrow.Array {
	b := array.NewStringBuilder(memory.DefaultAllocator)
	defer b.Release()
	for i := range col.Len() {
		if col.IsNull(i) {
			b.AppendNull()
		} else {
			b.Append(norm.NFC.String(col.Value(i)))
		}
	}
	return b.NewArray()
}

// texts are the values of a column as text. Of nulls, the others are asked for
// a text instead, and missing is told when none has one.
func texts(col arrow.Array, n int, missing func(i int), others ...func(i int) (string, bool)) []string {
	out := make([]string, n)
	for i := range n {
		if col.IsNull(i) {
			found := false
			for _, other := range others {
				if out[i], found = other(i); found {
					break
				}
			}
			if !found {
				missing(i)
			}
			continue
		}
		out[i] = col.ValueStr(i)
	}
	return out
}

// imageNames are the names of the images; nil when there are none.
func (t *tableRun) imageNames(columns []arrow.Array, n int, note func(i int, format string, args ...any)) []string {
	if t.c.Image == "" {
		return nil
	}
	var names []string
	if t.l.form == nil {
		column := t.l.fields[t.l.image].name
		missing := func(i int) { note(i, "column %q: the name of the image is missing", column) }
		if t.l.embedded() {
			names = t.embeddedNames(columns, n, missing)
		} else {
			names = texts(columns[t.l.image], n, missing)
		}
		for i, name := range names {
			if name == "" {
				missing(i)
			}
		}
	} else {
		parts := map[string][]string{}
		for _, p := range t.l.form.names {
			parts[p] = texts(columns[t.l.parts[p]], n, func(i int) { note(i, "column %q: it is missing, and the image's name needs it", p) })
		}
		names = make([]string, n)
		for i := range n {
			names[i] = t.l.form.fill(func(column string) string { return parts[column][i] })
		}
	}
	for i, name := range names {
		if t.inTable(name) {
			continue
		}
		name = strings.TrimPrefix(name, t.c.Strip)
		clean := filepath.ToSlash(filepath.Clean(filepath.FromSlash(name)))
		switch far := address(name); {
		case far != "":
			note(i, "the image's name %s", far)
		case name != "" && !filepath.IsLocal(filepath.FromSlash(name)):
			note(i, "the image's name %q leads out of the root%s", name, stripped(string(t.c.Root), name, t.c.Strip))
		}
		names[i] = clean
	}
	return names
}

// embeddedNames are references to pictures in the table and, of rows that have
// no bytes there, the files that their paths name, as Hugging Face datasets
// keeps both.
func (t *tableRun) embeddedNames(columns []arrow.Array, n int, missing func(i int)) []string {
	var paths arrow.Array
	for i, f := range t.l.fields {
		if f.name == t.l.fields[t.l.image].name+"_path" {
			paths = columns[i]
		}
	}
	return texts(columns[t.l.image], n, missing, func(i int) (string, bool) {
		if paths == nil || paths.IsNull(i) {
			return "", false
		}
		return paths.ValueStr(i), true
	})
}

// inTable says whether an image's name is a reference to a part of a file.
func (t *tableRun) inTable(name string) bool {
	return t.ranges != nil && (!t.l.embedded() || strings.Contains(name, "//"))
}

// checkFiles sees that the images are there and, when rows may be left out for
// them, that they can be decoded. absent says which have no file of any such name.
func (t *tableRun) checkFiles(ctx context.Context, workers int, names, bad []string) (absent []bool, err error) {
	if names == nil {
		return nil, nil
	}
	absent = make([]bool, len(names))
	root := string(t.c.Root)
	var odd atomic.Int64
	if t.exif = nil; len(t.c.Exif) > 0 {
		t.exif = make([]imageio.EXIF, len(names))
	}
	defer func() { t.odd += int(odd.Load()) }()
	return absent, parallel(ctx, workers, len(names), func(i int) error {
		if bad[i] != "" {
			return nil
		}
		if t.inTable(names[i]) {
			return t.checkRange(i, names[i], bad, &odd)
		}
		file := filepath.Join(root, filepath.FromSlash(names[i]))
		info, err := os.Stat(file)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			if _, err := os.Readlink(file); err == nil {
				bad[i] = fmt.Sprintf("%s%q is a link that leads nowhere", t.column(), names[i])
				return nil
			}
			other := otherForm(root, names[i])
			bad[i] = fmt.Sprintf("%sthere is no file %q%s", t.column(), names[i], other)
			absent[i] = other == ""
		case err != nil:
			return relativeTo(root, err)
		case info.IsDir():
			bad[i] = fmt.Sprintf("%s%q is a folder", t.column(), names[i])
		case info.Size() == 0:
			bad[i] = fmt.Sprintf("%sthe file %q is empty", t.column(), names[i])
		case t.c.OnError == "skip" || t.exif != nil:
			data, err := os.ReadFile(file)
			if err != nil {
				return relativeTo(root, err)
			}
			if t.exif != nil {
				if t.exif[i], err = imageio.ReadEXIF(data); err != nil {
					odd.Add(1)
				}
			}
			if t.c.OnError != "skip" {
				return nil
			}
			if _, err := imageio.Decode(data, imageio.DecodeOptions{}); err != nil {
				bad[i] = fmt.Sprintf("image %q: %v", names[i], err)
			}
		}
		return nil
	})
}

// otherForm suggests the name of a file that is there: the same in another Unicode normal form, such
// as a Mac's file systems make.
func otherForm(root, name string) string {
	for _, form := range []norm.Form{norm.NFC, norm.NFD} {
		if other := form.String(name); other != name {
			if _, err := os.Stat(filepath.Join(root, filepath.FromSlash(other))); err == nil {
				return fmt.Sprintf("; there is one that looks the same but is named in another Unicode normal form, %+q", other)
			}
		}
	}
	return ""
}

// column begins a message about an image's name.
func (t *tableRun) column() string {
	if t.l.form != nil {
		return ""
	}
	return fmt.Sprintf("column %q: ", t.l.fields[t.l.image].name)
}

// labels makes the columns of the labeler.
func (t *tableRun) labels(columns []arrow.Array, n int, note func(i int, format string, args ...any)) []arrow.Array {
	if len(t.l.labels) == 0 {
		return nil
	}
	var from arrow.Array
	for i, f := range t.l.fields {
		if f.name == t.l.labeler.rule.column {
			from = columns[i]
		}
	}
	if t.l.labeler.rule.plain() && t.l.labeler.classes == nil { // the column again
		from.Retain()
		return []arrow.Array{from}
	}
	return t.l.labeler.columns(n,
		func(i int) (string, bool) { return from.ValueStr(i), from.IsValid(i) },
		func(i int, why string) { note(i, "%s", why) })
}

// label is the column of the class: one that was made, or else the table's own; nil
// where none is named.
func (t *tableRun) label(columns, made []arrow.Array) arrow.Array {
	if len(made) > 0 {
		return made[0]
	}
	for i, f := range t.l.fields {
		if f.name == t.l.labeler.rule.column {
			return columns[i]
		}
	}
	return nil
}

// contradiction says that a row's image has another label in a row before.
func (t *tableRun) contradiction(labels arrow.Array, names []string, i int, p place) string {
	if names == nil || t.l.id < 0 || labels == nil {
		return "" // the image's name is the id, which two rows never share
	}
	label := "missing"
	if labels.IsValid(i) {
		label = labels.ValueStr(i)
	}
	hash := maphash.String(t.images.seeds[0], label)
	first, had := t.images.add(names[i], p)
	if !had {
		t.labelled = append(t.labelled, hash)
	}
	if t.labelled[first] == hash {
		return ""
	}
	return fmt.Sprintf("its image %q has the label %q here and another one at %s", names[i], label, t.where(t.images.place(first)))
}

// write hands over the good rows.
func (t *tableRun) write(columns, made []arrow.Array, ids, names []string, good []bool) error {
	var cols []arrow.Array
	defer func() {
		for _, c := range cols {
			c.Release()
		}
	}()
	idb := array.NewStringBuilder(memory.DefaultAllocator)
	defer idb.Release()
	images := stages.NewImageBuilder(memory.DefaultAllocator)
	defer images.Release()
	exif := array.NewRecordBuilder(memory.DefaultAllocator, arrow.NewSchema(t.l.base[t.l.exif:], nil))
	defer exif.Release()
	n := int64(0)
	for i, ok := range good {
		if !ok {
			continue
		}
		n++
		idb.Append(ids[i])
		if names != nil {
			images.Append(stages.ImageCell{Ref: "file:" + names[i]})
		}
		if t.exif != nil {
			addEXIF(exif.Fields(), t.c.Exif, t.exif[i])
		}
	}
	cols = append(cols, idb.NewArray())
	if names != nil {
		cols = append(cols, images.NewArray())
	}
	add := func(col arrow.Array) error {
		col, err := kept(col, good, n)
		if err == nil {
			cols = append(cols, col)
		}
		return err
	}
	for _, c := range t.l.keep {
		if err := add(columns[c]); err != nil {
			return err
		}
	}
	for _, b := range exif.Fields() {
		cols = append(cols, b.NewArray())
	}
	for k, at := range t.l.labels {
		if at == len(cols) {
			if err := add(made[k]); err != nil {
				return err
			}
			continue
		}
		col, err := kept(made[k], good, n)
		if err != nil {
			return err
		}
		cols[at].Release()
		cols[at] = col
	}
	rec := array.NewRecord(t.l.schema, cols, n)
	defer rec.Release()
	return t.out.Write("", rec)
}

// kept is the column without the rows that are not good.
func kept(col arrow.Array, good []bool, n int64) (arrow.Array, error) {
	if n == int64(len(good)) {
		col.Retain()
		return col, nil
	}
	var parts []arrow.Array
	for i := 0; i < len(good); {
		if !good[i] {
			i++
			continue
		}
		from := i
		for i < len(good) && good[i] {
			i++
		}
		parts = append(parts, array.NewSlice(col, int64(from), int64(i)))
	}
	if len(parts) == 0 {
		return array.NewSlice(col, 0, 0), nil
	}
	defer func() {
		for _, p := range parts {
			p.Release()
		}
	}()
	return array.Concatenate(parts, memory.DefaultAllocator)
}
