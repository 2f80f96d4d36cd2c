package cli

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"shiftmill/pipeline"
	"shiftmill/runs"
	"shiftmill/stages/all"
)

// These verbs serve those who write specs.

//go:embed starter.yaml
var starter []byte

func (s *session) initCommand() *cobra.Command {
	var data string
	c := &cobra.Command{
		Use:   "init [FILE]",
		Short: "Write a commented spec to begin with",
		Long: `Init writes a small spec with comments, experiment.yaml unless another name is given. It runs as it is, and never overwrites a file.
With --data it proposes a spec about your own images: it looks at a table of metadata, or at the names of the files in a folder,
and chooses label, groups and attributes to shift by their names and values. What it says of each column stands in the spec.`,
		Args: specArg,
		RunE: func(c *cobra.Command, args []string) error {
			name, text := "experiment.yaml", starter
			if len(args) > 0 {
				name = args[0]
			}
			next := "shiftmill run " + shellWord(name)
			if data != "" {
				p, err := propose(c.Context(), name, data)
				if err != nil {
					return err
				}
				if text, err = p.text(); err != nil {
					return err
				}
				next = "shiftmill check --data " + shellWord(name)
			}
			f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
			if errors.Is(err, fs.ErrExist) {
				return usage("%s exists already; name another file", name)
			}
			if errors.Is(err, fs.ErrNotExist) {
				return usage("there is no folder %s; make it first", filepath.Dir(name))
			}
			if err != nil {
				return err
			}
			_, err = f.Write(text)
			if err := errors.Join(err, f.Close()); err != nil {
				return errors.Join(err, os.Remove(name)) // a part of it would stand in the way of the next try
			}
			s.printf("%s written; next: %s\n", name, next)
			return nil
		},
	}
	c.Flags().StringVar(&data, "data", "", "propose a spec about this table of metadata, or folder of images")
	return c
}

// shellWord is a file's name as it can be pasted into a shell.
func shellWord(name string) string {
	if strings.ContainsAny(name, " \t\"'$&|;<>()*?`\\") {
		return "'" + strings.ReplaceAll(name, "'", `'\''`) + "'"
	}
	return name
}

func (s *session) fmtCommand() *cobra.Command {
	var write, check bool
	c := &cobra.Command{
		Use:   "fmt SPEC...",
		Short: "Print specs in the canonical form; comments and the order of keys stay",
		Long:  `Fmt prints a spec in the canonical form: comments, order, quotes and the choice between braces and blocks stay. "-" stands for standard input.`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usage("fmt takes at least one spec, or - for standard input")
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			if write && check {
				return usage("-w writes and --check only looks: give one of them")
			}
			var differ []string
			for _, name := range args {
				changed, err := s.format(c.InOrStdin(), name, write, check)
				if err != nil {
					return err
				}
				if changed && check {
					differ = append(differ, name)
				}
			}
			if len(differ) > 0 {
				for _, name := range differ {
					s.printf("%s\n", name)
				}
				return errDiffers{fmt.Errorf("%d of %d files are not in the canonical form; shiftmill fmt -w mends that", len(differ), len(args))}
			}
			return nil
		},
	}
	c.Flags().BoolVarP(&write, "write", "w", false, "write the files instead of printing them")
	c.Flags().BoolVar(&check, "check", false, "only list the files that would change; exit code 3 if there are any")
	return c
}

// format brings one spec into the canonical form and says whether it changed.
func (s *session) format(stdin io.Reader, name string, write, check bool) (bool, error) {
	var data []byte
	var err error
	if name == "-" {
		name = "standard input"
		if data, err = io.ReadAll(stdin); err == nil && write {
			err = usage("standard input cannot be written")
		}
	} else {
		data, err = os.ReadFile(name)
	}
	if err != nil {
		return false, err
	}
	out, err := pipeline.Format(name, data)
	if err != nil {
		return false, err
	}
	changed := !bytes.Equal(out, data)
	switch {
	case check:
	case !write:
		_, err = s.stdout.Write(out)
	case changed:
		err = replaceFile(name, out)
	}
	return changed, err
}

// replaceFile writes a file whole or not at all; a link stays a link.
func replaceFile(name string, data []byte) error {
	real, err := filepath.EvalSymlinks(name)
	if err != nil {
		real = name
	}
	temp := filepath.Join(filepath.Dir(real), fmt.Sprintf(".%s.%d", filepath.Base(real), os.Getpid()))
	return runs.WriteFile(runs.OS{}, real, temp, data)
}

func (s *session) schemaCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of specs, for completion and hints in editors",
		Long: `Schema prints the JSON Schema of the language and of every kind. In VS Code with the YAML extension:

  shiftmill schema > shiftmill.schema.json

and in the settings  "yaml.schemas": {"./shiftmill.schema.json": "*.yaml"}.`,
		Args: noArgs,
		RunE: func(*cobra.Command, []string) error {
			data, err := pipeline.Schema(all.Registry())
			if err != nil {
				return err
			}
			_, err = s.stdout.Write(data)
			return err
		},
	}
}
