package runs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// KindRun is the kind of the records that SaveRun writes. A collection starts from
// those that are recent.
const KindRun = "run"

// RunInfo says which run a document is about.
type RunInfo struct {
	ID   string
	Time time.Time // when it was last saved
	Keys []Digest  // the records the run used
}

// runData is the data of a run's record.
type runData struct {
	ID   string    `json:"id"`
	Time time.Time `json:"time"`
}

func runKey(id string) Digest { return Sum([]byte("shiftmill/run/1\n"), []byte(id)) }

// SaveRun stores the document of a run, in the place of an earlier one with the same
// id, and the keys of the records it used, which a collection keeps while the run is
// recent. It is durable after the next commit.
func (s *Store) SaveRun(id string, doc []byte, keys ...Digest) error {
	if id == "" || !json.Valid(doc) {
		return errors.New("save a run: it needs an id and a JSON document")
	}
	d, err := s.PutBytes(context.Background(), doc)
	if err != nil {
		return fmt.Errorf("save run %s: %w", id, err)
	}
	data, err := json.Marshal(runData{ID: id, Time: s.now().UTC()})
	if err != nil {
		return fmt.Errorf("save run %s: %w", id, err)
	}
	return s.Append(Record{Key: runKey(id), Kind: KindRun, Objects: []Digest{d}, Keys: keys, Data: data})
}

// Runs lists the runs, the one saved last first.
func (s *Store) Runs() ([]RunInfo, error) {
	records, err := s.Records(KindRun)
	if err != nil {
		return nil, fmt.Errorf("list runs: %w", err)
	}
	list := make([]RunInfo, 0, len(records))
	for _, r := range records {
		var data runData
		if err := json.Unmarshal(r.Data, &data); err != nil {
			return nil, fmt.Errorf("list runs: record %s: %w", r.Key, err)
		}
		list = append(list, RunInfo{ID: data.ID, Time: data.Time, Keys: r.Keys})
	}
	return list, nil
}

// LoadRun returns the document of a run, or an error that is ErrAbsent.
func (s *Store) LoadRun(id string) ([]byte, error) {
	r, ok := s.Lookup(runKey(id))
	if !ok || len(r.Objects) != 1 {
		return nil, fmt.Errorf("load run %q: %w: no run has this id", id, ErrAbsent)
	}
	doc, err := s.Get(r.Objects[0])
	if err != nil {
		return nil, fmt.Errorf("load run %q: %w", id, err)
	}
	return doc, nil
}
