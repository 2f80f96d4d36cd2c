package pipeline

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"gopkg.in/yaml.v3"
)

// compileSchema has the schema of the tests' vocabulary read by an independent
// validator.
func compileSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	data, err := Schema(vocabulary())
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("spec.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("spec.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// plainYAML reads a text as an editor would, or says that it is no YAML.
func plainYAML(data []byte) (any, error) {
	var n yaml.Node
	if err := yaml.Unmarshal(data, &n); err != nil {
		return nil, err
	}
	var walk func(n *yaml.Node) (any, error)
	walk = func(n *yaml.Node) (any, error) {
		switch n.Kind {
		case yaml.MappingNode:
			m := map[string]any{}
			for i := 0; i+1 < len(n.Content); i += 2 {
				v, err := walk(n.Content[i+1])
				if err != nil {
					return nil, err
				}
				if _, twice := m[n.Content[i].Value]; twice {
					return nil, fmt.Errorf("%s is defined twice", n.Content[i].Value)
				}
				m[n.Content[i].Value] = v
			}
			return m, nil
		case yaml.SequenceNode:
			l := []any{}
			for _, item := range n.Content {
				v, err := walk(item)
				if err != nil {
					return nil, err
				}
				l = append(l, v)
			}
			return l, nil
		case yaml.ScalarNode:
			if n.Tag == "!!timestamp" {
				return n.Value, nil
			}
			var v any
			if err := n.Decode(&v); err != nil {
				return n.Value, nil
			}
			if i, ok := v.(int); ok {
				return float64(i), nil
			}
			return v, nil
		}
		return nil, fmt.Errorf("aliases")
	}
	if len(n.Content) == 0 {
		return nil, fmt.Errorf("empty")
	}
	return walk(n.Content[0])
}

// TestSchemaAccepts holds every good spec of the tests against the schema.
func TestSchemaAccepts(t *testing.T) {
	s := compileSchema(t)
	check := func(name string, data []byte) {
		v, err := plainYAML(data)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			return
		}
		if err := s.Validate(v); err != nil {
			t.Errorf("%s\n%s\n%v", name, data, err)
		}
	}
	files, _ := filepath.Glob("testdata/examples/*.yaml")
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		check(file, data)
	}
	files, _ = filepath.Glob("testdata/plans/*.txtar")
	for _, file := range files {
		ar, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range ar.Files {
			if strings.HasSuffix(f.Name, ".yaml") {
				check(f.Name, f.Data)
			}
		}
	}
}

// TestSchemaRefuses lists the bad specs that the schema lets through, as a
// golden file: what needs the whole graph, the matrix, other files or what YAML
// readers hide. Everything else it must refuse.
func TestSchemaRefuses(t *testing.T) {
	s := compileSchema(t)
	var passed []string
	refused := 0
	files, _ := filepath.Glob("testdata/bad/*.txtar")
	for _, file := range files {
		ar, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		bad := map[string]bool{}
		for _, f := range ar.Files {
			if name, ok := strings.CutSuffix(f.Name, ".want"); ok {
				bad[name] = true
			}
		}
		for _, f := range ar.Files {
			name, ok := strings.CutSuffix(f.Name, ".yaml")
			if !ok || !bad[name] {
				continue
			}
			v, err := plainYAML(f.Data)
			if err == nil {
				err = s.Validate(v)
			}
			if err == nil {
				passed = append(passed, strings.TrimSuffix(filepath.Base(file), ".txtar")+"/"+name)
			} else {
				refused++
			}
		}
	}
	sort.Strings(passed)
	got := strings.Join(passed, "\n") + "\n"
	golden := "testdata/schema-passes.txt"
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("bad specs that the schema lets through:\n got %s\nwant %s", got, want)
	}
	t.Logf("%d bad specs refused, %d pass", refused, len(passed))
}
