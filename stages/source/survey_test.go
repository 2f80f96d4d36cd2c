package source

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// lay writes files below a new folder.
func lay(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		path := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func TestSurveyTable(t *testing.T) {
	root := lay(t, map[string]string{
		"a/1.png": "", "a/2.JPG": "", "t.csv": "key,file,year,code,site\n1,a/1.png,2017,01,B\n2,a/2.JPG,2018,1,A\n3,a/1.png,2017,2,A\n4,,-3,3,\n5,a/2.JPG\n",
	})
	s, err := SurveyTable(t.Context(), root, "t.csv")
	if err != nil {
		t.Fatal(err)
	}
	if s.Rows != 4 || s.More {
		t.Errorf("%d rows, more %t", s.Rows, s.More)
	}
	want := []SurveyedColumn{
		{Name: "key", Values: []string{"1", "2", "3", "4"}, Unique: true, Whole: true},
		{Name: "file", Values: []string{"a/1.png", "a/2.JPG"}, Missing: 1, Images: true},
		{Name: "year", Values: []string{"2017", "-3", "2018"}, Whole: true},
		{Name: "code", Values: []string{"01", "1", "2", "3"}, Unique: true},
		{Name: "site", Values: []string{"A", "B"}, Missing: 1},
	}
	for i, c := range s.Columns {
		w := want[i]
		if c.Name != w.Name || !slices.Equal(c.Values, w.Values) || c.Missing != w.Missing || c.Unique != w.Unique || c.Whole != w.Whole || c.Images != w.Images || c.Inside || c.Many {
			t.Errorf("got %+v, want %+v", *c, w)
		}
	}
	year, site := s.Columns[2], s.Columns[4]
	if got := s.Counts(site, map[*SurveyedColumn][]string{year: {"2017"}}); len(got) != 2 || got["A"] != 1 || got["B"] != 1 {
		t.Errorf("sites of 2017: %v", got)
	}
	if got := s.Counts(site, map[*SurveyedColumn][]string{year: {"2017", "2018"}}); got["A"] != 2 || got["B"] != 1 {
		t.Errorf("sites of 2017 and 2018: %v", got)
	}
	if got := s.Counts(site, nil); len(got) != 2 || got["A"] != 2 {
		t.Errorf("sites: %v", got)
	}
}

func TestSurveyedValuesAreBounded(t *testing.T) {
	var b strings.Builder
	b.WriteString("id,group\n")
	for i := range 3 * surveyedValues {
		b.WriteString(strings.Repeat("x", 1+i%7) + string(rune('a'+i%26)) + "-" + strings.Repeat("y", i/100) + "-" + string(rune('0'+i%10)) + string(rune('0'+i/10%10)) + ",g" + string(rune('a'+i%5)) + "\n")
	}
	s, err := SurveyTable(t.Context(), lay(t, map[string]string{"t.csv": b.String()}), "t.csv")
	if err != nil {
		t.Fatal(err)
	}
	id, group := s.Columns[0], s.Columns[1]
	if !id.Many || !id.Unique || len(id.Values) != surveyedValues {
		t.Errorf("ids: %d values, many %t, unique %t", len(id.Values), id.Many, id.Unique)
	}
	if got := s.Counts(group, map[*SurveyedColumn][]string{id: id.Values[:1]}); len(got) != 1 {
		t.Errorf("the groups of one id are %v", got)
	}
}

func TestSurveyImages(t *testing.T) {
	for _, tt := range []struct {
		files   []string
		pattern string
	}{
		{[]string{"cat/1.png", "dog/2.png"}, "{label}/{file}"},
		{[]string{"train/cat/1.png", "test/dog/2.png", "odd.png"}, "{part}/{label}/{file}"},
		{[]string{"photo/cat/1.png", "sketch/dog/2.png"}, "{domain}/{label}/{file}"},
		{[]string{"train/photo/cat/1.png", "val/sketch/dog/2.png"}, "{part}/{domain}/{label}/{file}"},
		{[]string{"a/b/photo/cat/1.png", "a/c/sketch/dog/2.png"}, "{folder1}/{folder2}/{folder3}/{label}/{file}"},
		{[]string{"1.png", "2.png"}, "{file}"},
	} {
		files := map[string]string{}
		for _, f := range tt.files {
			files[f] = "x"
		}
		s, err := SurveyImages(t.Context(), lay(t, files))
		if err != nil {
			t.Fatal(err)
		}
		if s.Pattern != tt.pattern || s.Rows != 2 {
			t.Errorf("%v: pattern %s of %d rows, want %s", tt.files, s.Pattern, s.Rows, tt.pattern)
		}
	}
	if _, err := SurveyImages(t.Context(), lay(t, map[string]string{"a.txt": "x"})); err == nil || !strings.Contains(err.Error(), "holds no file that ends in jpg") {
		t.Errorf("a folder without images: %v", err)
	}
}
