package export

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"shiftmill/engine"
)

// writeHuggingFace makes data/SPLIT/part-00000.parquet, ... and README.md, the
// dataset card whose head tells datasets.load_dataset which files are which
// split. Names of splits hold letters, digits and _ only.
func writeHuggingFace(ctx context.Context, j *Job, d *engine.Draft) (string, error) {
	var card, list strings.Builder
	fmt.Fprintf(&card, "---\npretty_name: %q\nconfigs:\n- config_name: default\n  data_files:\n", j.Header.Name)
	fmt.Fprintf(&list, "| split | set | rows |\n| --- | --- | --: |\n")
	used, rows := map[string]string{}, 0
	var at hubState
	if _, err := d.Resume(&at); err != nil {
		return "", err
	}
	begun := at
	for i, s := range j.Sets {
		split := splitName(s.Name)
		if had, ok := used[split]; ok {
			return "", fmt.Errorf("the sets %s and %s would both be the split %s: give one another name", had, s.Name, split)
		}
		used[split] = s.Name
		n, folder := s.Rows.Len(), filepath.Join(d.Dir, "data", split)
		if i == begun.Sets {
			j.resume(rows + begun.Shards.Rows)
		}
		if i >= begun.Sets {
			at = hubState{Sets: i}
			if i == begun.Sets {
				at.Shards = begun.Shards
			}
			last := at.Shards.Rows
			_, err := j.Engine.ExportShards(ctx, j.Instance, s.Rows.Output(), folder, at.Shards,
				func(rows, _ int) { j.went(rows - last); last = rows },
				func(done engine.Shards) error { at.Shards = done; return d.Keep(at) })
			if err != nil {
				return "", err
			}
			if err := d.Keep(hubState{Sets: i + 1}); err != nil {
				return "", err
			}
		}
		fmt.Fprintf(&card, "  - split: %s\n    path: data/%s/*.parquet\n", split, split)
		fmt.Fprintf(&list, "| %s | %s | %d |\n", split, s.Name, n)
		rows += n
	}
	h := j.Header
	fmt.Fprintf(&card, "---\n\n# %s\n\nA distribution-shift benchmark: `train` and `iid` follow one distribution, each other set alters one attribute of it.\n\n%s\n", h.Name, list.String())
	fmt.Fprintf(&card, "Made by shiftmill from the stage `%s` with seed %d. Parameters: `%s`.\n\n", h.Stage, h.Seed, h.Spec)
	for _, in := range h.Inputs {
		fmt.Fprintf(&card, "- source `%s` (%s): %d rows, content `%s`\n", in.Stage, in.Kind, in.Rows, in.Digest)
	}
	if len(h.Filters) > 0 {
		card.WriteString("\nRows that are in no set:\n\n")
		for _, f := range h.Filters {
			fmt.Fprintf(&card, "- %d: %s\n", f.Rows, f.Reason)
		}
	}
	if err := os.WriteFile(filepath.Join(d.Dir, "README.md"), []byte(card.String()), 0o666); err != nil {
		return "", err
	}
	return fmt.Sprintf("%d rows in %d splits, with a dataset card", rows, len(used)), nil
}

// A hubState says how many sets are whole, and how far the next one is.
type hubState struct {
	Sets   int
	Shards engine.Shards
}

func splitName(set string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, set)
}
