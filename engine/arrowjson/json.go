// Package json stands in for github.com/goccy/go-json, which Arrow imports to
// print arrays and read them: go.mod names this folder as its replacement.
// The original fills 2.3 MB of tables before main begins, in every command,
// enough for the collector to start and walk through them; that is half of the
// time of a command with little to do. Arrow's calls mean the same with the
// standard library.
package json

import (
	"encoding/json"
	"io"
)

type (
	Decoder            = json.Decoder
	Delim              = json.Delim
	Encoder            = json.Encoder
	Marshaler          = json.Marshaler
	Number             = json.Number
	RawMessage         = json.RawMessage
	UnmarshalTypeError = json.UnmarshalTypeError
	Unmarshaler        = json.Unmarshaler
)

func Marshal(v any) ([]byte, error)      { return json.Marshal(v) }
func Unmarshal(data []byte, v any) error { return json.Unmarshal(data, v) }
func NewDecoder(r io.Reader) *Decoder    { return json.NewDecoder(r) }
func NewEncoder(w io.Writer) *Encoder    { return json.NewEncoder(w) }
