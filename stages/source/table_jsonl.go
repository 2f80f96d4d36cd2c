package source

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/apache/arrow/go/v15/arrow"
)

// A jsonlTable reads one JSON object a line. Its columns are the keys met in
// the first lines; what they hold there says whether they are text, numbers or
// booleans. null, and a key that is left out, is missing. A key that holds nothing but
// lists and objects there is no column.
type jsonlTable struct {
	file   *textFile
	r      *bufio.Reader
	fields []tableField
	at     map[string]int
	nested []string // keys that hold lists or objects, which no column can
	line   int64
	whole  bool     // the first lines are all
	label  string   // the key of the labels, which may be lists of texts
	lists  bool     // and is
	late   []string // columns that the first lines lack, and the parameters name
}

// headLines is how many lines decide the columns of a JSONL table.
const headLines = 1000

// newJSONL opens a table; typed are columns that the parameters give a type, in which a key that only
// later lines have becomes known. label is the key of the labels.
func newJSONL(f *textFile, typed []string, label string) (*jsonlTable, error) {
	t := &jsonlTable{file: f, at: map[string]int{}, label: label}
	if err := t.head(); err != nil {
		return nil, err
	}
	for _, name := range typed {
		if _, ok := t.at[name]; !ok && !t.whole && !slices.Contains(t.nested, name) {
			t.at[name] = len(t.fields)
			t.fields = append(t.fields, tableField{name: name, typ: arrow.BinaryTypes.String})
			t.late = append(t.late, name)
		}
	}
	if len(t.fields) == 0 {
		return nil, errors.New("it holds no object: a table of this format has one JSON object a line")
	}
	names := make([]string, len(t.fields))
	for i, f := range t.fields {
		names[i] = f.name
	}
	if err := f.rewind(); err != nil {
		return nil, err
	}
	t.r, t.line = bufio.NewReaderSize(f, 1<<20), 0
	return t, checkHeader(names)
}

// head reads the first lines for keys and types.
func (t *jsonlTable) head() error {
	t.r = bufio.NewReaderSize(t.file, 1<<20)
	flat := map[string]bool{}
	for range headLines {
		line, err := t.next()
		if err == io.EOF {
			t.whole = true
			break
		}
		if err != nil {
			return err
		}
		keys, values, err := object(line)
		if err != nil {
			continue // reading the rows reports it, as the policy has it
		}
		for i, key := range keys {
			at, ok := t.at[key]
			if !ok {
				at = len(t.fields)
				t.at[key] = at
				t.fields = append(t.fields, tableField{name: key, typ: arrow.BinaryTypes.String})
			}
			t.fields[at].inferred = wider(t.fields[at].inferred, values[i])
			if v := values[i][0]; v != '[' && v != '{' && v != 'n' {
				flat[key] = true
			}
			if key == t.label && values[i][0] == '[' {
				_, why := textsOf(key, string(values[i]))
				t.lists = t.lists || why == ""
			}
		}
	}
	t.leaveOut(flat)
	return nil
}

// leaveOut drops the columns of which all values are lists or objects.
func (t *jsonlTable) leaveOut(flat map[string]bool) {
	if at, ok := t.at[t.label]; ok && !flat[t.label] && t.lists {
		t.fields[at].lists, flat[t.label] = true, true
	} else {
		t.lists = false
	}
	t.fields = slices.DeleteFunc(t.fields, func(f tableField) bool {
		nested := !flat[f.name] && f.inferred.name != ""
		if nested {
			t.nested = append(t.nested, f.name)
		}
		return nested
	})
	clear(t.at)
	for i, f := range t.fields {
		t.at[f.name] = i
	}
}

// wider is the type that holds what t holds, and v.
func wider(t TableType, v json.RawMessage) TableType {
	got := ""
	switch c := v[0]; {
	case c == 'n':
		return t
	case c == 't' || c == 'f':
		got = "bool"
	case c == '"' || c == '[' || c == '{':
		got = "string"
	case bytes.ContainsAny(v, ".eE"):
		got = "float"
	default:
		got = "int"
	}
	return t.or(TableType{name: got})
}

// or is the type that holds what both hold; that without a name holds nothing.
func (t TableType) or(u TableType) TableType {
	switch {
	case u.name == "" || t.name == u.name:
		return t
	case t.name == "":
		return u
	case (t.name == "int" || t.name == "float") && (u.name == "int" || u.name == "float"):
		return TableType{name: "float"}
	}
	return TableType{name: "string"}
}

// next returns the next line that is not blank.
func (t *jsonlTable) next() ([]byte, error) {
	for {
		line, err := t.r.ReadBytes('\n')
		if len(line) == 0 && err != nil {
			return nil, err
		}
		t.line++
		if t.line == 1 {
			line = bytes.TrimPrefix(line, []byte("\xef\xbb\xbf"))
		}
		if line = bytes.TrimSpace(line); len(line) > 0 {
			return line, nil
		}
	}
}

// object reads the keys and values of a JSON object in their order.
func object(line []byte) (keys []string, values []json.RawMessage, err error) {
	if !utf8.Valid(line) {
		return nil, nil, errors.New("it is not UTF-8")
	}
	d := json.NewDecoder(bytes.NewReader(line))
	if tok, err := d.Token(); err != nil || tok != json.Delim('{') {
		if tok == json.Delim('[') {
			return nil, nil, errors.New("it is no JSON object: a list of objects must become one object a line, as jq -c '.[]' writes them")
		}
		return nil, nil, errors.New("it is no JSON object")
	}
	for d.More() {
		tok, err := d.Token()
		if err != nil {
			return nil, nil, jsonError(err)
		}
		var v json.RawMessage
		if err := d.Decode(&v); err != nil {
			return nil, nil, jsonError(err)
		}
		key := tok.(string)
		if slices.Contains(keys, key) {
			return nil, nil, fmt.Errorf("the key %q stands twice", key)
		}
		keys, values = append(keys, key), append(values, v)
	}
	if _, err := d.Token(); err != nil {
		return nil, nil, jsonError(err)
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, nil, errors.New("something stands after the object")
	}
	return keys, values, nil
}

func jsonError(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return errors.New("it is no JSON object: it ends early")
	}
	return fmt.Errorf("it is no JSON object: %s", strings.TrimPrefix(err.Error(), "json: "))
}

// Fields are the keys of the first lines.
func (t *jsonlTable) Fields() []tableField { return t.fields }

// Skipped names the keys that hold lists or objects; one among other values is an
// error of its row.
func (t *jsonlTable) Skipped() []skippedColumn {
	var out []skippedColumn
	for _, n := range t.nested {
		out = append(out, skippedColumn{n, "lists or objects"})
	}
	return out
}

// Close closes the file.
func (t *jsonlTable) Close() error { return t.file.Close() }

// Each reads the objects.
func (t *jsonlTable) Each(ctx context.Context, bad func(int64, string) error, f func(arrow.Record, []int64) error) error {
	names := make([]string, len(t.fields))
	for i, f := range t.fields {
		names[i] = f.name
	}
	b := newTextBatch(names)
	defer b.release()
	texts := make([]*string, len(names))
	for {
		line, err := t.next()
		if err == io.EOF {
			if len(t.late) > 0 {
				return fmt.Errorf("no line has the key %q, which types names", t.late[0])
			}
			return b.flush(f)
		}
		if err != nil {
			return err
		}
		if why := t.row(line, texts); why != "" {
			if err := bad(t.line, why); err != nil {
				return err
			}
			continue
		}
		for i, text := range texts {
			if text == nil {
				b.builders[i].AppendNull()
			} else {
				b.builders[i].Append(*text)
			}
		}
		b.lines = append(b.lines, t.line)
		if len(b.lines) == tableBatch {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			if err := b.flush(f); err != nil {
				return err
			}
		}
	}
}

// row reads one object into the texts of the columns, or says what is wrong.
func (t *jsonlTable) row(line []byte, texts []*string) string {
	clear(texts)
	keys, values, err := object(line)
	if err != nil {
		return err.Error()
	}
	for i, key := range keys {
		at, ok := t.at[key]
		if !ok && slices.Contains(t.nested, key) {
			continue
		}
		if !ok {
			return fmt.Sprintf("the key %q does not occur in the first %d lines, which make the columns; types: {%s: string}, or int, float or bool, makes it one", key, headLines, key)
		}
		switch v := values[i]; {
		case v[0] == 'n':
			t.come(key)
		case t.lists && key == t.label:
			s := string(v)
			texts[at] = &s
		case v[0] == '[' || v[0] == '{':
			return fmt.Sprintf("column %q holds a list or an object, which a column of text or numbers cannot", key)
		default:
			s, err := jsonText(v)
			if err != nil {
				return fmt.Sprintf("column %q: %v", key, err)
			}
			texts[at] = &s
			t.come(key)
		}
	}
	return ""
}

// come takes note that a line has the key.
func (t *jsonlTable) come(key string) {
	if len(t.late) > 0 {
		t.late = slices.DeleteFunc(t.late, func(k string) bool { return k == key })
	}
}

// jsonText is a value that is neither null nor nested as a column of texts holds it.
func jsonText(v json.RawMessage) (string, error) {
	if v[0] != '"' {
		return string(v), nil
	}
	var s string
	err := json.Unmarshal(v, &s)
	return s, err
}
