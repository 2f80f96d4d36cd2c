package source

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf16"
)

// TestNumbers: thousands are read where types says what stands between them, and by nothing else.
func TestNumbers(t *testing.T) {
	for _, tt := range []struct{ typ, text, want string }{
		{"{int: {thousands: ','}}", "1,234,567", "1234567"},
		{"{int: {thousands: ','}}", "-12,345", "-12345"},
		{"{int: {thousands: ','}}", "999", "999"},
		{"{int: {thousands: ','}}", "1234", "1234"},
		{"{int: {thousands: ','}}", "1,23", `"1,23" is no whole number with "," between thousands`},
		{"{int: {thousands: ','}}", "1234,567", `"1234,567" is no whole number with "," between thousands`},
		{"{int: {thousands: ','}}", ",123", `",123" is no whole number with "," between thousands`},
		{"{int: {thousands: ' '}}", "1\u202f234 567", "1234567"},
		{`{float: {thousands: "'"}}`, "1'234.5", "1234.5"},
		{"{float: {thousands: ','}}", "1,234", "1234"},
		{"{float: {thousands: ','}}", "1.234,5", `"1.234,5" is no number with "," between thousands`},
		{"{float: {decimal: ',', thousands: '.'}}", "1.234,5", "1234.5"},
		{"{float: {decimal: ',', thousands: '.'}}", "1.5", `"1.5" is no number with a decimal comma and "." between thousands`},
		{"{float: {decimal: ','}}", "1,5", "1.5"},
		{"int", "1,234", `"1,234" is no whole number; {int: {thousands: ","}} reads "," between thousands`},
		{"float", "1,234", `"1,234" is no number; {float: ','} as its type reads decimal commas, {float: {thousands: ","}} reads "," between thousands`},
		{"float", "1,5", `"1,5" is no number; {float: ','} as its type reads decimal commas`},
		{"int", "1,5", `"1,5" is no whole number`},
		{"bool", "Yes", "true"}, {"bool", "n", "false"}, {"bool", "F", "false"},
		{"bool", "maybe", `"maybe" is no true, false, yes, no, 1 or 0`},
	} {
		root := files(t, map[string]string{"m.tsv": "id\tx\na\t" + tt.text + "\n"})
		got, _, err := read(t, TableKind(), root, "{root: ., table: m.tsv, id: id, types: {x: "+tt.typ+"}}")
		if err != nil {
			got = []string{strings.TrimSuffix(strings.TrimPrefix(err.Error(), `m.tsv:2: column "x": `), "; on_error: skip would leave the row out")}
		} else {
			got[0] = strings.TrimPrefix(got[0], "a|x=")
		}
		if got[0] != tt.want {
			t.Errorf("%s of %q:\n got %s\nwant %s", tt.typ, tt.text, got[0], tt.want)
		}
	}
	for _, tt := range []struct{ typ, want string }{
		{"{int: ','}", "types.x.int: must say what stands between thousands, such as {int: {thousands: ','}}"},
		{"{int: {decimal: ','}}", `types.x.int.decimal: must be thousands, got "decimal"`},
		{"{float: {thousands: '.'}}", `types.x.float: "." cannot stand both between thousands and before the decimals: say which does the other`},
		{"{float: {thousands: x}}", `types.x.float.thousands: what stands between thousands is one of ["," "." "'" " " "_"], got "x"`},
	} {
		_, _, err := read(t, TableKind(), files(t, map[string]string{"m.csv": "id,x\na,1\n"}), "{root: ., table: m.csv, id: id, types: {x: "+tt.typ+"}}")
		if err == nil || !strings.HasSuffix(err.Error(), tt.want) {
			t.Errorf("%s:\n got %v\nwant %s", tt.typ, err, tt.want)
		}
	}
}

// TestOpenQuotes: lines that a quote takes in are not counted as one row and left out in silence.
func TestOpenQuotes(t *testing.T) {
	const advice = "and is not closed as it should be; a quote within a quoted field is written twice, and quotes: none takes quotes as they stand"
	for _, tt := range []struct{ table, want string }{
		{"id,x\na,\"1\nb,2\nc,3\n", "m.csv:2: a quote that opens here takes in all lines down to 4 " + advice},
		{"id,x\na,\"1\nb,2\nc,\"3\"\nd,4\n", "m.csv:2: a quote that opens here takes in all lines down to 4 " + advice},
	} {
		for _, policy := range []string{"fail", "skip"} {
			_, _, err := read(t, TableKind(), files(t, map[string]string{"m.csv": tt.table}), "{root: ., table: m.csv, id: id, on_error: "+policy+"}")
			if err == nil || err.Error() != tt.want {
				t.Errorf("%q, %s:\n got %v\nwant %s", tt.table, policy, err, tt.want)
			}
		}
	}
}

// TestQuotesNone: quotes are characters as any other where quotes says so.
func TestQuotesNone(t *testing.T) {
	root := files(t, map[string]string{"m.tsv": "id\tx\r\na\t5\" screen\r\n\r\nb\t\"Great\" movie\nc\t\"\nd\t"})
	got, _, err := read(t, TableKind(), root, "{root: ., table: m.tsv, id: id, quotes: none}")
	if err != nil {
		t.Fatal(err)
	}
	check(t, got, []string{`a|x=5" screen`, `b|x="Great" movie`, `c|x="`, "d|x null"})
	_, _, err = read(t, TableKind(), files(t, map[string]string{"m.tsv": "id\tx\na\n"}), "{root: ., table: m.tsv, id: id, quotes: none}")
	if want := "m.tsv:2: it has 1 fields, the header 2; on_error: skip would leave the row out"; err == nil || err.Error() != want {
		t.Errorf("error:\n got %v\nwant %s", err, want)
	}
}

// TestHeaders: what headers of spreadsheets and other programs look like, and what is said of those that are none.
func TestHeaders(t *testing.T) {
	wide := func(text string, high bool) string { // UTF-16 without a mark
		var b strings.Builder
		for _, u := range utf16.Encode([]rune(text)) {
			if high {
				b.Write([]byte{byte(u >> 8), byte(u)})
			} else {
				b.Write([]byte{byte(u), byte(u >> 8)})
			}
		}
		return b.String()
	}
	for _, tt := range []struct{ table, with, want string }{
		{"id,x,,\na,1,,\n", "", "a|x=1"},
		{",id,,x\n0,a,?,1\n", "", "a|index=0|x=1"},
		{wide("id,x\na,é\n", true), "encoding: utf-16", "a|x=é"},
		{wide("id,x\na,é\n", false), "encoding: utf-16", "a|x=é"},
		{wide("id,x\na,é\n", true), "", "m.csv: the name of column 1 holds zero bytes: if it is UTF-16 without a mark, set encoding: utf-16"},
		{"id,x\ra,1\rb,2\r", "", "m.csv: the name of column 2 holds a carriage return: lines must end in line feeds, with or without carriage returns before them"},
		{"id;x\na;1\n", "", `the table has no column "id", but one named "id;x": if ";" stands between the fields, set delimiter: ";"`},
		{"id\tx\na\t1\n", "", `the table has no column "id", but one named "id\tx": if "\t" stands between the fields, set delimiter: "\t"`},
		{" x ,y\na,1\n", "", `the table has no column "id"; it has " x ", y`},
		{"id,x\n", "", "m.csv: there are columns and no row"},
		{"id,x\n", "on_error: skip", "m.csv: there are columns and no row"},
	} {
		got, _, err := read(t, TableKind(), files(t, map[string]string{"m.csv": tt.table}), "{root: ., table: m.csv, id: id, "+tt.with+"}")
		if err != nil {
			got = []string{err.Error()}
		}
		if len(got) != 1 || !strings.Contains(got[0], tt.want) {
			t.Errorf("%q:\n got %s\nwant %s", tt.table, got, tt.want)
		}
	}
	_, sink, err := read(t, TableKind(), files(t, map[string]string{"m.csv": "id,,x,\na,1,2,3\n"}), "{root: ., table: m.csv, id: id}")
	if want := "m.csv: columns without a name are not read: column 2, column 4"; err != nil || len(sink.Notes) != 1 || sink.Notes[0] != want {
		t.Errorf("notes %q, %v: want %s", sink.Notes, err, want)
	}
}

// TestLateKeys: a key that only lines behind the first have is a column where types names it.
func TestLateKeys(t *testing.T) {
	var b strings.Builder
	for i := range headLines {
		fmt.Fprintf(&b, "{\"id\": \"%04d\", \"n\": %d}\n", i, i)
	}
	b.WriteString(`{"id": "late", "n": 1.5, "lux": 2}` + "\n")
	root := files(t, map[string]string{"m.jsonl": b.String()})
	for _, tt := range []struct{ types, want string }{
		{"", `m.jsonl:1001: the key "lux" does not occur in the first 1000 lines, which make the columns; types: {lux: string}, or int, float or bool, makes it one; on_error: skip would leave the row out`},
		{"lux: int", `m.jsonl:1001: column "n": "1.5" is no whole number, which the first lines hold; types: {n: string}, or another type, says otherwise; on_error: skip would leave the row out`},
		{"lux: int, n: float", ""},
		{"lux: int, n: float, lumen: int", `m.jsonl: no line has the key "lumen", which types names`},
	} {
		got, _, err := read(t, TableKind(), root, "{root: ., table: m.jsonl, id: id, types: {"+tt.types+"}}")
		if err != nil {
			if err.Error() != tt.want {
				t.Errorf("%s:\n got %v\nwant %s", tt.types, err, tt.want)
			}
			continue
		}
		if len(got) != headLines+1 || got[headLines] != "late|n=1.5|lux=2" || got[3] != "0003|n=3|lux null" || tt.want != "" {
			t.Errorf("%s: %d rows, %s, %s", tt.types, len(got), got[3], got[len(got)-1])
		}
	}
	small := files(t, map[string]string{"m.jsonl": `{"id": "a", "lux": 1}` + "\n"})
	_, _, err := read(t, TableKind(), small, "{root: ., table: m.jsonl, id: id, types: {lumen: int}}")
	if want := `-: with.types.lumen: the table has no column "lumen"`; err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("error:\n got %v\nwant %s", err, want)
	}
}

// TestKeysOfSeveralTables: what the first lines of one table hold does not decide for another.
func TestKeysOfSeveralTables(t *testing.T) {
	root := files(t, map[string]string{"1.jsonl": `{"id": "a", "lux": 1}` + "\n", "2.jsonl": `{"id": "b", "lux": 1.5}` + "\n"})
	got, _, err := read(t, TableKind(), root, "{root: ., table: [1.jsonl, 2.jsonl], id: id}")
	if err != nil {
		t.Fatal(err)
	}
	check(t, got, []string{"a|lux=1", "b|lux=1.5"})
}

// TestEpochs: times counted from 1970 on, and the clock of a zone.
func TestEpochs(t *testing.T) {
	for _, tt := range []struct{ typ, text, want string }{
		{"{time: unix}", "1583020800", "2020-03-01 00:00:00Z"},
		{"{time: unix}", "1583020800.25", "2020-03-01 00:00:00.25Z"},
		{"{time: unix}", "-1.5", "1969-12-31 23:59:58.5Z"},
		{"{time: unix-ms}", "1583020800123", "2020-03-01 00:00:00.123Z"},
		{"{time: unix, zone: Europe/Berlin}", "1583020800", "2020-03-01 01:00:00Z"},
		{"{time: ['2006-01-02', unix]}", "1583020800", "2020-03-01 00:00:00Z"},
		{"{time: unix}", "2020-03-01", `"2020-03-01" is no time of the form "unix"`},
		{"{time: unix}", "1.5e9", `"1.5e9" is no time of the form "unix"`},
		{"{time: unix}", "99999999999999999", `"99999999999999999" is no time of the form "unix"`},
	} {
		got, _, err := read(t, TableKind(), files(t, map[string]string{"m.csv": "id,x\na," + tt.text + "\n"}), "{root: ., table: m.csv, id: id, types: {x: "+tt.typ+"}}")
		if err != nil {
			got = []string{strings.TrimSuffix(strings.TrimPrefix(err.Error(), `m.csv:2: column "x": `), "; on_error: skip would leave the row out")}
		}
		if strings.TrimPrefix(got[0], "a|x=") != tt.want {
			t.Errorf("%s of %q:\n got %s\nwant %s", tt.typ, tt.text, got[0], tt.want)
		}
	}
}

// TestUnclearTimes: times that two layouts read as two are told.
func TestUnclearTimes(t *testing.T) {
	root := files(t, map[string]string{"m.csv": "id,x\na,03/04/2019\nb,13/04/2019\nc,04/04/2019\nd,05/04/2019\n"})
	_, sink, err := read(t, TableKind(), root, "{root: ., table: m.csv, id: id, types: {x: {time: ['01/02/2006', '02/01/2006']}}}")
	if err != nil {
		t.Fatal(err)
	}
	if want := `column "x": 2 times can be read by several layouts of types, and mean another time by each, such as "03/04/2019": the first that fits counts`; len(sink.Notes) != 1 || sink.Notes[0] != want {
		t.Errorf("notes %q: want %s", sink.Notes, want)
	}
}

// TestLikeNulls: a text that means a missing value is told to be one, with what is one already.
func TestLikeNulls(t *testing.T) {
	for _, tt := range []struct{ text, with, want string }{
		{"NA", "types: {x: int}", `"NA" is no whole number; nulls: ["", "NA"] would make it missing`},
		{"", "nulls: [NA], types: {x: float}", `"" is no number; nulls: ["NA", ""] would make it missing`},
		{"None", "types: {x: {one_of: {US: []}}}", `"None" is no spelling of a listed value; nulls: ["", "None"] would make it missing`},
		{"x", "types: {x: int}", `"x" is no whole number; on_error: skip would leave the row out`},
	} {
		_, _, err := read(t, TableKind(), files(t, map[string]string{"m.csv": "id,x\na," + tt.text + "\n"}), "{root: ., table: m.csv, id: id, "+tt.with+"}")
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s:\n got %v\nwant %s", tt.with, err, tt.want)
		}
	}
}

// TestNullsOfOtherTables: nulls are texts of every table, and what is of text tables alone is refused elsewhere.
func TestNullsOfOtherTables(t *testing.T) {
	root := files(t, map[string]string{"m.jsonl": `{"id": "a", "x": "NA", "y": "3"}` + "\n" + `{"id": "b", "x": "", "y": "NA"}` + "\n"})
	for _, tt := range []struct {
		with string
		want []string
	}{
		{"", []string{"a|x=NA|y=3", "b|x=|y=NA"}},
		{"nulls: [NA], types: {y: int}", []string{"a|x null|y=3", "b|x=|y null"}},
		{"nulls: ['', NA]", []string{"a|x null|y=3", "b|x null|y null"}},
	} {
		got, _, err := read(t, TableKind(), root, "{root: ., table: m.jsonl, id: id, "+tt.with+"}")
		if err != nil {
			t.Fatal(err)
		}
		check(t, got, tt.want)
	}
	got, _, err := read(t, TableKind(), ".", "{root: testdata/writers, id: id, table: lists.parquet, label: tags, nulls: [NA, '[]']}")
	if err != nil || got[1] != "001|labels=[]" {
		t.Errorf("%s, %v: a list is no text", got[1], err)
	}
	for _, with := range []string{"delimiter: ;", "quotes: none", "encoding: latin-1"} {
		_, _, err := read(t, TableKind(), root, "{root: ., table: m.jsonl, id: id, "+with+"}")
		field, _, _ := strings.Cut(with, ":")
		if want := field + `: it is of CSV and TSV tables, and "m.jsonl" is none: leave it out`; err == nil || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("error:\n got %v\nwant %s", err, want)
		}
	}
}
