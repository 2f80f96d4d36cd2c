package cli

import (
	"fmt"
	"reflect"
	"strings"

	"shiftmill/pipeline"
	"shiftmill/stages"
)

// describeKind prints a kind's ports and parameters.
func (s *session) describeKind(reg *stages.Registry, name string) error {
	k, ok := reg.Lookup(name)
	if !ok {
		msg := fmt.Sprintf("no kind %q", name)
		if near := pipeline.Nearest(name, reg.Names()); near != "" {
			msg += fmt.Sprintf("; did you mean %q?", near)
		} else {
			msg += "; shiftmill kinds lists them"
		}
		return usage("%s", msg)
	}
	s.printf("%s (version %d, %s)\n  %s\n", k.Name, k.Version, k.Shape, k.Doc())
	if len(k.In) > 0 {
		s.printf("from:\n")
	}
	for _, p := range k.In {
		var notes []string
		if p.Optional {
			notes = append(notes, "optional")
		}
		if p.Many {
			notes = append(notes, "gathers all instances")
		}
		if p.Any {
			notes = append(notes, "under names of your choice")
		}
		s.printf("  %-16s %s", p.Name, p.Doc)
		if len(notes) > 0 {
			s.printf(" (%s)", strings.Join(notes, ", "))
		}
		s.printf("\n")
	}
	s.printf("with:\n")
	s.describeFields(reflect.ValueOf(k.NewConfig()).Elem(), "  ")
	for i, p := range k.Presets() {
		if i == 0 {
			s.printf("presets (with: {preset: NAME, ...}; parameters beside it are laid over):\n")
		}
		s.printf("  %-16s %s\n    %s\n", p.Name, p.Doc, strings.ReplaceAll(p.With, "\n", "\n    "))
	}
	return nil
}

func (s *session) describeFields(v reflect.Value, indent string) {
	t := v.Type()
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		if f.Anonymous && name == "" {
			s.describeFields(v.Field(i), indent)
			continue
		}
		if name == "" || name == "-" || !f.IsExported() {
			continue
		}
		s.printf("%s%-*s %s", indent, 18-len(indent), name, f.Tag.Get("doc"))
		if r := fieldRule(f, v.Field(i)); r != "" {
			s.printf(" [%s]", r)
		}
		s.printf("\n")
		if f.Type.Kind() == reflect.Struct && f.Type != reflect.TypeFor[pipeline.Value]() {
			s.describeFields(v.Field(i), indent+"  ")
		}
	}
}

// fieldRule is what a tag says of the allowed values, and the default.
func fieldRule(f reflect.StructField, v reflect.Value) string {
	var parts []string
	if e := f.Tag.Get("enum"); e != "" {
		parts = append(parts, strings.ReplaceAll(e, "|", " or "))
	}
	lo, hi := f.Tag.Get("min"), f.Tag.Get("max")
	switch {
	case lo != "" && hi != "":
		parts = append(parts, lo+" to "+hi)
	case lo != "":
		parts = append(parts, "at least "+lo)
	case hi != "":
		parts = append(parts, "at most "+hi)
	}
	if f.Tag.Get("required") == "true" {
		parts = append(parts, "required")
	}
	switch v.Kind() {
	case reflect.String, reflect.Bool, reflect.Int, reflect.Int64, reflect.Uint64, reflect.Float32, reflect.Float64:
		if !v.IsZero() {
			parts = append(parts, fmt.Sprintf("default %v", v.Interface()))
		}
	}
	return strings.Join(parts, ", ")
}
