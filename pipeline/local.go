package pipeline

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// LocalFile is the name of the file for what differs by machine.
const LocalFile = "shiftmill.local.yaml"

// A Local is a machine's own settings: a parsed shiftmill.local.yaml.
type Local struct {
	File    string
	Store   string // absolute folder of the store, "" when unsaid
	Workers int    // 0 when unsaid
	Memory  int64  // bytes, 0 when unsaid
	Device  string // what does the arithmetic, as --device says it; "" when unsaid
	params  *node
}

// FindLocal looks for shiftmill.local.yaml in dir and its parents, then in the
// folder shiftmill of the user's configuration, and parses the first it finds.
// It returns nil when there is none; mistakes in the file are Errors.
func FindLocal(dir string) (*Local, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("find %s: %w", LocalFile, err)
	}
	var places []string
	for {
		places = append(places, dir)
		parent := filepath.Dir(dir)
		if parent == dir {
			break
		}
		dir = parent
	}
	if user, err := os.UserConfigDir(); err == nil {
		places = append(places, filepath.Join(user, "shiftmill"))
	}
	for _, place := range places {
		file := filepath.Join(place, LocalFile)
		data, err := os.ReadFile(file)
		switch {
		case err == nil:
			return ParseLocal(file, data)
		case !errors.Is(err, fs.ErrNotExist):
			return nil, fmt.Errorf("read %s: %w", LocalFile, err)
		}
	}
	return nil, nil
}

// ParseLocal parses a shiftmill.local.yaml; the error is Errors.
func ParseLocal(file string, data []byte) (*Local, error) {
	var c checker
	l := &Local{File: file}
	n := parseYAML(newSource(file), data, &c.rep)
	if n == nil {
		return nil, c.rep.err()
	}
	var words struct {
		Params  Value  `yaml:"params"`
		Store   Dir    `yaml:"store"`
		Workers int    `yaml:"workers" min:"1"`
		Memory  Bytes  `yaml:"memory"`
		Device  string `yaml:"device"`
	}
	for _, e := range Decode(Value{n, newTypes()}, &words) {
		c.rep.put(e)
	}
	if p := words.Params.n; p != nil && p.kind != Map && p.kind != broken {
		c.rep.add(p.pos(), "params", "must be a map of names to values, got %s", p.describe())
	} else {
		l.params = p
	}
	l.Store, l.Workers, l.Memory, l.Device = string(words.Store), words.Workers, int64(words.Memory), words.Device
	if err := c.rep.err(); err != nil {
		return nil, err
	}
	return l, nil
}

func workingDir() string {
	dir, err := os.Getwd()
	if err != nil {
		return "."
	}
	return dir
}
