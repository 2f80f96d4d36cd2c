package engine

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"shiftmill/pipeline"
)

// checkLocations reports files and folders that parameters name and that are
// not there, each once, where it was written.
func (e *Engine) checkLocations() pipeline.Errors {
	var errs pipeline.Errors
	seen := map[string]bool{}
	for _, n := range e.nodes {
		for _, f := range n.spec.Fields {
			if f.Location == "" || seen[f.Location+f.Value] {
				continue
			}
			seen[f.Location+f.Value] = true
			info, err := os.Stat(f.Value)
			var msg string
			switch {
			case errors.Is(err, fs.ErrNotExist) && f.Location == "dir":
				msg = fmt.Sprintf("no such folder: %s", f.Value)
			case err != nil:
				msg = fileMessage(err)
			case f.Location == "dir" && !info.IsDir():
				msg = fmt.Sprintf("%s is a file, not a folder", f.Value)
			case f.Location == "file" && info.IsDir():
				msg = fmt.Sprintf("%s is a folder, not a file", f.Value)
			default:
				continue
			}
			errs = append(errs, &pipeline.Error{Pos: f.Pos, Path: n.spec.Path + ".with." + f.Path, Msg: msg, Err: err})
		}
	}
	return errs
}
