package pipeline

import (
	"fmt"
	"testing"
)

func mustCondition(t *testing.T, text string) Condition {
	t.Helper()
	c, problems := ParseCondition(mustValue(t, text))
	if len(problems) > 0 {
		t.Fatalf("%s: %v", text, problems)
	}
	return c
}

func TestConditionMatches(t *testing.T) {
	tests := []struct {
		cond    string
		typ     ColumnType
		yes, no []string
	}{
		{"1", TextColumn, []string{"1"}, []string{"01", "1.0", ""}},
		{"01", TextColumn, []string{"01"}, []string{"1"}},
		{"2019", IntColumn, []string{"2019"}, []string{"2018", "x"}},
		{"[2017, 2019..]", IntColumn, []string{"2017", "2019", "2050"}, []string{"2018", "-3"}},
		{"..<5", IntColumn, []string{"4", "-9"}, []string{"5"}},
		{"-5..-1", IntColumn, []string{"-5", "-1"}, []string{"-6", "0"}},
		{"0.5..1.5", FloatColumn, []string{"0.5", "1", "1.50"}, []string{"0.49", "1.51", "NaN"}},
		{"..<0.5", FloatColumn, []string{"0.4999", "-Inf"}, []string{"0.5"}},
		{"0.10", FloatColumn, []string{"0.1", "1e-1"}, []string{"0.2"}},
		{"{not: FR}", TextColumn, []string{"US", ""}, []string{"FR"}},
		{"{not: [FR, US]}", TextColumn, []string{"MX"}, []string{"FR", "US"}},
		{"{not: 5..}", FloatColumn, []string{"4", "NaN"}, []string{"5", "6"}},
		{"{like: 'Sony*'}", TextColumn, []string{"Sony", "Sony A7"}, []string{"sony", "A Sony"}},
		{"{like: ['a?c', '*.jpg']}", TextColumn, []string{"abc", "aéc", "x.jpg"}, []string{"ac", "abbc", "x.png"}},
		{"{like: '20*'}", IntColumn, []string{"20", "2019"}, []string{"19"}},
		{"true", BoolColumn, []string{"true"}, []string{"false", "yes"}},
		{"[true, false]", BoolColumn, []string{"true", "false"}, nil},
		{"2026", TimeColumn, []string{"2026-01-01", "2026-12-31T23:59:59"}, []string{"2025-12-31", "2027-01-01"}},
		{"..2026-03-31", TimeColumn, []string{"2026-03-31T23:59:59.999999", "1999"}, []string{"2026-04-01"}},
		{"2026-04-01..", TimeColumn, []string{"2026-04-01", "2030"}, []string{"2026-03-31T23:59:59"}},
		{"..<2026-04", TimeColumn, []string{"2026-03-31"}, []string{"2026-04-01"}},
		{"2026-03-31 15:04", TimeColumn, []string{"2026-03-31T15:04:59"}, []string{"2026-03-31T15:05"}},
		{"2026-03-31T15:04:05+02:00", TimeColumn, []string{"2026-03-31T13:04:05Z"}, []string{"2026-03-31T15:04:05Z"}},
		{"'a..b'", TextColumn, []string{"a..b"}, []string{"a", "b"}},
	}
	for _, tt := range tests {
		c := mustCondition(t, tt.cond)
		for _, cell := range tt.yes {
			if !c.Matches(tt.typ, cell) {
				t.Errorf("%s does not take %q of a %s column", tt.cond, cell, tt.typ)
			}
		}
		for _, cell := range tt.no {
			if c.Matches(tt.typ, cell) {
				t.Errorf("%s takes %q of a %s column", tt.cond, cell, tt.typ)
			}
		}
	}
}

// A range around references is its text in a text column, as a path may have dots.
func TestConditionAroundReferences(t *testing.T) {
	v := mustValue(t, "'../a'")
	v.n.tag = TagSpan
	c, problems := ParseCondition(v)
	if len(problems) > 0 || c.String() != "../a" {
		t.Fatalf("%s, %v", c, problems)
	}
	for _, tt := range []struct {
		typ  ColumnType
		cell string
		want bool
	}{{TextColumn, "../a", true}, {TextColumn, "a", false}, {TextColumn, "", false}, {IntColumn, "1", false}} {
		if got := c.Matches(tt.typ, tt.cell); got != tt.want {
			t.Errorf("%q of a %s column: %t", tt.cell, tt.typ, got)
		}
	}
	// Between numbers and times it is a range and nothing else.
	for text, refused := range map[string]bool{"'..<200'": true, "'2019-06..'": true, "'2..3.5'": true, "'a..b'": false, "'../2019'": false} {
		v := mustValue(t, text)
		v.n.tag = TagSpan
		c, _ := ParseCondition(v)
		if _, problems := c.Compile(TextColumn); len(problems) > 0 != refused {
			t.Errorf("%s of a text column: %v", text, problems)
		}
	}
}

func TestConditionNull(t *testing.T) {
	for text, want := range map[string]bool{"null": true, "[a, null]": true, "a": false, "{not: a}": false, "{not: null}": false, "{like: '*'}": false} {
		m, problems := mustCondition(t, text).Compile(TextColumn)
		if len(problems) > 0 || m.Null() != want {
			t.Errorf("%s takes null: %t, want %t; %v", text, m.Null(), want, problems)
		}
	}
}

func TestConditionCompile(t *testing.T) {
	tests := []struct {
		cond string
		typ  ColumnType
		want string
	}{
		{"200..", TextColumn, "v.yaml:1:1 the range 200.. needs a column of type int, float or time, and this one holds text: declare it under types:, or quote it if it is meant as text"},
		{"01", IntColumn, `v.yaml:1:1 "01" is no whole number, and the column holds int: write 1`},
		{"[1, 1.5]", IntColumn, `v.yaml:1:5 "1.5" is no whole number, and the column holds int`},
		{"x", FloatColumn, `v.yaml:1:1 "x" is no number, and the column holds float`},
		{"yes", BoolColumn, `v.yaml:1:1 "yes" is neither true nor false, and the column holds bool`},
		{"{not: 31.3.2026}", TimeColumn, `v.yaml:1:7 "31.3.2026" is no time: write 2026, 2026-03, 2026-03-31 or 2026-03-31T15:04:05, the last with Z or +02:00 if the zone matters`},
		{"5..1", IntColumn, "v.yaml:1:1 the range 5..1 is empty: its lower end is above its upper one"},
		{"1..<1", FloatColumn, "v.yaml:1:1 the range 1..<1 is empty: its lower end is above its upper one"},
		{"'1..5'", IntColumn, `v.yaml:1:1 "1..5" is no whole number, and the column holds int: a range is written without quotes`},
		{"2015-2018", IntColumn, `v.yaml:1:1 "2015-2018" is no whole number, and the column holds int: a range is written 2015..2018`},
		{"'2026-03..'", TimeColumn, `v.yaml:1:1 "2026-03.." is no time: a range is written without quotes`},
		{"a..b", IntColumn, `v.yaml:1:1 "a" is no whole number, and the column holds int`},
	}
	for _, tt := range tests {
		_, problems := mustCondition(t, tt.cond).Compile(tt.typ)
		if len(problems) != 1 {
			t.Errorf("%s: %d problems, want 1", tt.cond, len(problems))
			continue
		}
		if got := fmt.Sprintf("%s %s", problems[0].Pos, problems[0].Msg); got != tt.want {
			t.Errorf("%s\n got %s\nwant %s", tt.cond, got, tt.want)
		}
	}
}

func TestConditionString(t *testing.T) {
	for text, want := range map[string]string{
		"[b, a, b]":              `["a", "b"]`,
		"[a]":                    `"a"`,
		"'2019'":                 `"2019"`,
		"2019":                   `"2019"`,
		"1..5":                   "1..5",
		"'1..5'":                 `"1..5"`,
		"{not: [b, a]}":          `{not: ["a", "b"]}`,
		"{like: x*}":             `{like: "x*"}`,
		"{like: [y, x]}":         `[{like: "x"}, {like: "y"}]`,
		"[null, {not: ..<3}, 1]": `["1", null, {not: ..<3}]`,
	} {
		if got := mustCondition(t, text).String(); got != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
}

func TestLikeIsNotExponential(t *testing.T) {
	pattern, text := "", ""
	for range 30 {
		pattern += "*a"
		text += "aaaaaaaaaa"
	}
	if like(pattern+"b", text) {
		t.Error("matched")
	}
}
