package source

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestMixedSpellings: countries and dates as several people wrote them become one, and what is none
// of them is named with its row and column.
func TestMixedSpellings(t *testing.T) {
	root := files(t, map[string]string{"m.csv": "id,country,taken\n" +
		"a,US,2019-03-01\nb,u.s.a ,01/03/2019\nc,United  States,1 March 2019\nd,Côte d'Ivoire,2019-03-01\ne,Co\u0302te d'Ivoire,2019-03-01\nf,,\n"})
	with := `{root: ., table: m.csv, id: id, types: {country: {one_of: {US: [USA, U.S.A., united states], CI: ["CÔTE D'IVOIRE"]}}, taken: {time: ["2006-01-02", "02/01/2006", "2 January 2006"]}}}`
	got, _, err := read(t, TableKind(), root, with)
	if err != nil {
		t.Fatal(err)
	}
	day := "taken=2019-03-01 00:00:00Z"
	check(t, got, []string{"a|country=US|" + day, "b|country=US|" + day, "c|country=US|" + day, "d|country=CI|" + day, "e|country=CI|" + day, "f|country null|taken null"})

	root = files(t, map[string]string{"m.csv": "id,country,taken\na,US,2019-03-01\nb,Mars,2019-03-01\nc,US,2019-31-01\n"})
	_, _, err = read(t, TableKind(), root, with)
	if want := `m.csv:3: column "country": "Mars" is no spelling of a listed value; on_error: skip would leave the row out`; err == nil || err.Error() != want {
		t.Errorf("error:\n got %v\nwant %s", err, want)
	}
	got, sink, err := read(t, TableKind(), root, strings.Replace(with, "id: id,", "id: id, on_error: skip,", 1))
	if err != nil {
		t.Fatal(err)
	}
	check(t, got, []string{"a|country=US|" + day})
	if len(got)+len(sink.Skipped) != 3 || !strings.Contains(sink.Skipped["c"], `"2019-31-01" is no time of one of the forms`) {
		t.Errorf("skipped: %q", sink.Skipped)
	}
}

// TestBadRows: every kind of damage stops the run with its place, or is left out and counted.
func TestBadRows(t *testing.T) {
	tests := []struct{ name, table, with, want string }{
		{"too few fields", "id,x\na,1\nb\n", "", "m.csv:3: it has 1 fields, the header 2"},
		{"too many fields", "id,x\na,1\nb,2,3\n", "", "m.csv:3: it has 3 fields, the header 2"},
		{"open quote", "id,x\na,1\nb,\"2\n", "", `m.csv:3: character 6 of the line: extraneous or missing " in quoted-field; a quote within a quoted field is written twice, and quotes: none takes quotes as they stand`},
		{"Latin-1", "id,x\na,1\nb,M\xfcnchen\n", "", `m.csv:3: column "x": "M\xfcnchen" is not UTF-8: say which encoding the table has, such as encoding: windows-1252`},
		{"duplicate id", "id,x\na,1\na,2\n", "", `m.csv:3: its id "a" is that of m.csv:2 too`},
		{"no id", "id,x\na,1\n,2\n", "", `m.csv:3: column "id": the id is missing`},
		{"NaN", "id,x\na,1\nb,NaN\n", "types: {x: float},", `m.csv:3: column "x": "NaN" is no number; nulls: ["", "NaN"] would make it missing`},
		{"infinity", "id,x\na,1\nb,-inf\n", "types: {x: float},", `m.csv:3: column "x": "-inf" is no number`},
		{"decimal comma", "id,x\na,1\nb,\"1,5\"\n", "types: {x: float},", `m.csv:3: column "x": "1,5" is no number; {float: ','} as its type reads decimal commas`},
		{"float for int", "id,x\na,1\nb,1.0\n", "types: {x: int},", `m.csv:3: column "x": "1.0" is no whole number`},
		{"absent file", "id,x\na,1.png\nb,3.png\n", "image: x,", `m.csv:3: column "x": there is no file "3.png"; did you mean "1.png"?`},
		{"empty file", "id,x\na,1.png\nb,empty.png\n", "image: x,", `m.csv:3: column "x": the file "empty.png" is empty`},
		{"folder", "id,x\na,1.png\nb,dir\n", "image: x,", `m.csv:3: column "x": "dir" is a folder`},
		{"way out", "id,x\na,1.png\nb,../1.png\n", "image: x,", `m.csv:3: the image's name "../1.png" leads out of the root`},
		{"contradiction", "id,x,y\na,1.png,dog\nb,1.png,cat\n", "image: x, label: y,", `m.csv:3: its image "1.png" has the label "cat" here and another one at m.csv:2`},
		{"contradiction in label", "id,x,label\na,1.png,dog\nb,1.png,cat\n", "image: x, label: label,", `m.csv:3: its image "1.png" has the label "cat" here and another one at m.csv:2`},
		{"no match", "id,x\na,n1\nb,m1\n", `label: {column: x, match: "^n"},`, `m.csv:3: column "x": "m1" does not match ^n`},
		{"other normal form", "id,x\na,1.png\nb,u\u0308.png\n", "image: x,", "m.csv:3: column \"x\": there is no file \"u\u0308.png\"; there is one that looks the same but is named in another Unicode normal form, \"\\u00fc.png\""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			root := files(t, map[string]string{"m.csv": tt.table, "1.png": "png", "empty.png": "", "dir/2.png": "png", "\u00fc.png": "png"})
			_, _, err := read(t, TableKind(), root, "{root: ., table: m.csv, id: id, "+tt.with+"}")
			if want := tt.want + "; on_error: skip would leave the row out"; err == nil || err.Error() != want {
				t.Errorf("error:\n got %v\nwant %s", err, want)
			}
			got, sink, err := read(t, TableKind(), root, "{root: ., table: m.csv, id: id, on_error: skip, "+tt.with+"}")
			if err != nil {
				t.Fatal(err)
			}
			if len(got) != 1 || len(sink.Skipped) != 1 {
				t.Errorf("rows %q, skipped %q: want the two rows of the table", got, sink.Skipped)
			}
			for id, why := range sink.Skipped {
				if !strings.Contains(tt.want, why) {
					t.Errorf("row %s is left out because %s, want %s", id, why, tt.want)
				}
			}
		})
	}
}

// TestEmptyAndMissing: an empty text is missing where nulls say so, and else a text of its own.
func TestEmptyAndMissing(t *testing.T) {
	root := files(t, map[string]string{"m.csv": "id,x\na,\nb,NA\nc,\" \"\n"})
	got, _, err := read(t, TableKind(), root, "{root: ., table: m.csv, id: id}")
	if err != nil {
		t.Fatal(err)
	}
	check(t, got, []string{"a|x null", "b|x=NA", "c|x= "})
	got, _, err = read(t, TableKind(), root, `{root: ., table: m.csv, id: id, nulls: [NA]}`)
	if err != nil {
		t.Fatal(err)
	}
	check(t, got, []string{"a|x=", "b|x null", "c|x= "})
}

// TestEncodings: tables of other encodings and with decimal commas become what they say.
func TestEncodings(t *testing.T) {
	utf16 := func(text string) string {
		var b strings.Builder
		for _, r := range "\ufeff" + text {
			b.WriteString(string([]byte{byte(r), byte(r >> 8)}))
		}
		return b.String()
	}
	for _, tt := range []struct{ table, with, want string }{
		{"id;x;y\na;M\xfcnchen \x80;1,5\n", "encoding: windows-1252", "a|x=München €|y=1.5"},
		{"id;x;y\na;M\xfcnchen \xa4;-2\n", "encoding: latin-9", "a|x=München €|y=-2"},
		{"id;x;y\na;M\xfcnchen \xa4;,5\n", "encoding: latin-1", "a|x=München ¤|y=0.5"},
		{utf16("id;x;y\r\na;München €;1e3\r\n"), "encoding: utf-16", "a|x=München €|y=1000"},
		{"\xef\xbb\xbfid;x;y\na;München €;1,50\n", "encoding: utf-8", "a|x=München €|y=1.5"},
	} {
		got, _, err := read(t, TableKind(), files(t, map[string]string{"m.csv": tt.table}), `{root: ., table: m.csv, id: id, delimiter: ";", types: {y: {float: ","}}, `+tt.with+"}")
		if err != nil {
			t.Errorf("%s: %v", tt.with, err)
			continue
		}
		check(t, got, []string{tt.want})
	}
	for _, tt := range []struct{ table, with, want string }{
		{utf16("id\na\n"), "nulls: []", "m.csv: it is UTF-16: set encoding: utf-16"},
		{"id\na\n", "encoding: utf-16", "m.csv: it is not UTF-16: leave encoding out, or name the right one"},
		{"\xef\xbb\xbfid\na\n", "encoding: latin-1", "m.csv: it says that it is UTF-8, not latin-1: leave encoding out"},
		{"id\n\x81\n", "encoding: windows-1252", "it holds bytes that are no character of windows-1252"},
		{"id,y\na,\"1.000,5\"\n", `types: {y: {float: ","}}`, `m.csv:2: column "y": "1.000,5" is no number with a decimal comma`},
		{"id,y\na,1\n", `types: {y: {float: ";"}}`, `what stands before the decimals is "," or ".", got ";"`},
	} {
		_, _, err := read(t, TableKind(), files(t, map[string]string{"m.csv": tt.table}), "{root: ., table: m.csv, id: id, "+tt.with+"}")
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s:\n got %v\nwant %s", tt.with, err, tt.want)
		}
	}
}

func TestUnicode(t *testing.T) {
	root := files(t, map[string]string{"m.csv": "id,x\na,cafe\u0301\nb,caf\u00e9\n"})
	got, _, err := read(t, TableKind(), root, "{root: ., table: m.csv, id: id, unicode: nfc}")
	if err != nil {
		t.Fatal(err)
	}
	check(t, got, []string{"a|x=caf\u00e9", "b|x=caf\u00e9"})
}

// TestWILDS reads the metadata.csv of a WILDS dataset as it is: row numbers of pandas in a column
// without a name, and images named by several columns.
func TestWILDS(t *testing.T) {
	root := files(t, map[string]string{
		"metadata.csv": ",patient,node,x_coord,y_coord,tumor,slide,center,split\n0,004,4,3328,21792,1,0,0,0\n1,004,4,3200,22272,0,0,0,1\n",
		"patches/patient_004_node_4/p_4_x_3328_y_21792.png": "png",
		"patches/patient_004_node_4/p_4_x_3200_y_22272.png": "png",
	})
	got, _, err := read(t, TableKind(), root, `{root: ., table: metadata.csv, image: "patches/patient_{patient}_node_{node}/p_{node}_x_{x_coord}_y_{y_coord}.png", label: tumor, types: {center: int}}`)
	if err != nil {
		t.Fatal(err)
	}
	check(t, got, []string{
		"patches/patient_004_node_4/p_4_x_3200_y_22272.png|file:patches/patient_004_node_4/p_4_x_3200_y_22272.png|index=1|patient=004|node=4|x_coord=3200|y_coord=22272|tumor=0|slide=0|center=0|split=1|label=0",
		"patches/patient_004_node_4/p_4_x_3328_y_21792.png|file:patches/patient_004_node_4/p_4_x_3328_y_21792.png|index=0|patient=004|node=4|x_coord=3328|y_coord=21792|tumor=1|slide=0|center=0|split=0|label=1",
	})
}

// TestStrip: names of another machine, labels of a known list and EXIF columns in a table.
func TestStrip(t *testing.T) {
	root := files(t, map[string]string{"m.csv": "path,y\n/old/data/a/1.jpg,0\n/old/data/a/2.jpg,999\n"})
	photo, err := os.ReadFile(filepath.Join("..", "imageio", "testdata", "exif.jpg"))
	if err != nil {
		photo, err = os.ReadFile(filepath.Join(realData(t, "camera-photos"), "animal", "kodak-dc240.jpg"))
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []string{"1", "2"} {
		if err := os.MkdirAll(filepath.Join(root, "a"), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(root, "a", n+".jpg"), photo, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, _, err := read(t, TableKind(), root, "{root: ., table: m.csv, image: path, strip: /old/data/, label: y, classes: imagenet-1k, exif: [model, year]}")
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 2 || !strings.HasPrefix(got[0], "a/1.jpg|file:a/1.jpg|path=/old/data/a/1.jpg|y=0|model=") || !strings.HasSuffix(got[0], "|label=n01440764|class=tench") {
		t.Errorf("rows %q", got)
	}
}
