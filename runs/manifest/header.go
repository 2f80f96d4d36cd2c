package manifest

import (
	"bytes"
	"encoding/json"
)

// Version is that of the format.
const Version = 1

// Key is the metadata key of the header in Parquet.
const Key = "shiftmill.manifest"

// A Header says what a manifest is of.
type Header struct {
	Manifest int      `json:"manifest"` // Version
	Name     string   `json:"name"`     // of the spec
	Stage    string   `json:"stage"`
	Spec     string   `json:"spec_sha256"` // of all parameters the sets depend on
	Seed     uint64   `json:"seed"`
	Inputs   []Input  `json:"inputs"`
	Filters  []Filter `json:"filters"`
	Sets     []Set    `json:"sets"`
	Rows     int      `json:"rows"`
	Root     string   `json:"merkle_root"`
}

// An Input is a source with the content id of its rows.
type Input struct {
	Stage  string `json:"stage"`
	Kind   string `json:"kind"`
	Rows   int    `json:"rows"`
	Digest string `json:"digest"`
}

// A Filter is why rows of an input are in no set.
type Filter struct {
	Stage  string `json:"stage"`
	Reason string `json:"reason"`
	Rows   int    `json:"rows"`
}

// A Set is an output with its number of rows.
type Set struct {
	Output string `json:"output"`
	Rows   int    `json:"rows"`
}

// line is a value as JSON in one line.
func line(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return b.Bytes(), err
}
