package engine

import (
	"fmt"
	"time"
)

// An Event tells what happens in a run, as it happens. The engine calls the
// listener from one goroutine at a time.
type Event struct {
	Type    EventType
	Time    time.Time
	Stage   string // name of the instance, or "" for the run
	Kind    string
	State   State         // of NodeDone
	Reason  string        // why it runs, why it was skipped
	Done    int64         // of Progress
	Total   int64         // of Progress; 0 when not known
	Unit    string        // of Progress, such as "rows" or "steps"
	Rows    int64         // of NodeDone
	Reused  int64         // rows taken over unchanged, of NodeDone
	Took    time.Duration // of NodeDone
	Message string        // of Note
	Metrics []Metric      // of NodeDone
	Err     error         // of NodeDone with State Failed
}

// An EventType says what an event is about.
type EventType uint8

// The events of a run.
const (
	NodeStarted EventType = iota
	Progress
	Note
	NodeDone
)

// A Metric is a headline figure of a stage.
type Metric struct {
	Name  string  `json:"name"`
	Value float64 `json:"value"`
}

// A State is what is known of a node in a plan, or what became of it in a run.
type State uint8

// The states of a node.
const (
	Pending State = iota // runs after its inputs; its key is not known yet
	Miss                 // must run
	Hit                  // its result is in the store
	Ran
	Failed
	Skipped // an input failed
)

var stateWords = [...]string{"pending", "run", "cached", "ran", "failed", "skipped"}

func (s State) String() string { return stateWords[s] }

// MarshalText writes the state's word.
func (s State) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads the state's word.
func (s *State) UnmarshalText(text []byte) error {
	for i, w := range stateWords {
		if w == string(text) {
			*s = State(i)
			return nil
		}
	}
	return fmt.Errorf("no state %q", text)
}
