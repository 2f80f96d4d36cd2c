package source

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"strings"
	"testing"
)

// TestTablesOfAForm: tables are named by a pattern, and what their folders say of all rows are columns.
func TestTablesOfAForm(t *testing.T) {
	root := files(t, map[string]string{
		"year=2019/country=C%C3%B4te/1.csv": "id,x\na,1\n", "year=2020/country=US/1.csv": "x,id\n2,b\n",
		"year=2020/country=__HIVE_DEFAULT_PARTITION__/2.csv": "id,x\nc,3\n", "year=2020/country=US/.hidden.csv": "no table", "year=2020/notes.txt": "none",
	})
	want := []string{"a|x=1|year=2019|country=Côte", "b|x=2|year=2020|country=US", "c|x=3|year=2020|country null"}
	for _, table := range []string{"**/*.csv", "year=*/*/*.csv", "[year=2019/*/1.csv, 'year=20*/**/*.csv']", "[year=2019/country=C%C3%B4te/1.csv, year=2020/*/*.csv]"} {
		if !strings.HasPrefix(table, "[") {
			table = fmt.Sprintf("%q", table)
		}
		got, _, err := read(t, TableKind(), root, "{root: ., table: "+table+", id: id, types: {year: int}}")
		if err != nil {
			t.Fatalf("%s: %v", table, err)
		}
		check(t, got, want)
	}
	if list := listing(t, TableKind(), root, `{root: ., table: "**/*.csv", id: id}`); strings.Count(list, "table ") != 3 {
		t.Errorf("listing:\n%s", list)
	}
	for _, tt := range []struct{ table, want string }{
		{"no/*.csv", "-: with.table: "}, {"*.csv", "-: with.table: the root holds no file of the form *.csv"}, {"a[.csv", `table.0: in "a[.csv" a bracket is not closed`},
	} {
		_, _, err := read(t, TableKind(), root, fmt.Sprintf("{root: ., table: %q, id: id}", tt.table))
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s:\n got %v\nwant %s", tt.table, err, tt.want)
		}
	}
	// The table's own column is meant where both are there; a file named as a pattern reads is itself meant.
	root = files(t, map[string]string{"year=2019/1.csv": "id,year\na,2018\n", "a[1].csv": "id\nb\n"})
	got, _, err := read(t, TableKind(), root, "{root: ., table: year=2019/1.csv, id: id}")
	if err != nil {
		t.Fatal(err)
	}
	check(t, got, []string{"a|year=2018"})
	if got, _, err = read(t, TableKind(), root, "{root: ., table: 'a[1].csv', id: id}"); err != nil {
		t.Fatal(err)
	}
	check(t, got, []string{"b"})
}

// TestPackedTables: text that gzip packed is read as it is without.
func TestPackedTables(t *testing.T) {
	pack := func(text string) string {
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		if _, err := w.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	root := files(t, map[string]string{
		"m.csv.gz": pack("id,x\na,1\n"), "m.jsonl.gz": pack(`{"id": "a", "x": 1}` + "\n"), "cut.csv.gz": pack("id,x\n" + strings.Repeat("a,1\n", 100))[:30], "not.csv.gz": "id,x\na,1\n",
	})
	for _, table := range []string{"m.csv.gz", "m.jsonl.gz"} {
		got, _, err := read(t, TableKind(), root, "{root: ., table: "+table+", id: id, types: {x: int}}")
		if err != nil {
			t.Fatal(err)
		}
		check(t, got, []string{"a|x=1"})
	}
	for _, tt := range []struct{ table, want string }{
		{"cut.csv.gz", "unexpected EOF"}, {"not.csv.gz", "not.csv.gz: it is not packed with gzip"}, {"m.parquet.gz", "has no ending that tells its format"},
	} {
		_, _, err := read(t, TableKind(), root, "{root: ., table: "+tt.table+", id: id}")
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s:\n got %v\nwant %s", tt.table, err, tt.want)
		}
	}
}
