package pipeline

import "strings"

// A Vocabulary is what the language must know about the kinds of stages. The
// registry of package stages is one; this package never imports it.
type Vocabulary interface {
	// Kind returns the kind of that name, or false.
	Kind(name string) (Kind, bool)
	// Names lists all kinds, sorted.
	Names() []string
}

// A Kind is a word of the vocabulary as the language sees it.
type Kind interface {
	// Doc is one sentence about the kind.
	Doc() string
	// Ports are the named inputs, in the order of documentation.
	Ports() []Port
	// NewConfig returns a pointer to a fresh configuration struct that holds
	// the defaults. Its tags (yaml, min, max, enum, doc, required) are the schema of "with".
	NewConfig() any
	// Outputs lists outputs and groups of outputs for a decoded configuration.
	// from lists the inputs under names of the user's choice, sorted by name: nil
	// for kinds without such a port, and where they are gathered.
	Outputs(config any, from []From) Outputs
	// Check reports what tags cannot say about a decoded configuration.
	Check(config any) []Problem
	// Random says whether a seed changes the result.
	Random() bool
	// Streams says whether the outputs are recomputed on demand rather than stored, by default.
	Streams() bool
}

// A Port is a named input of a kind.
//
// A port that is neither Many nor Any reads one output: the stage follows the
// instances of what it reads, matched by the axes that both have, and a group
// of outputs makes an instance of the stage for each, over the axis "output".
type Port struct {
	Name     string
	Doc      string
	Many     bool // gathers all instances, as far as their axes agree with those of the stage, and all outputs of a group
	Optional bool
	Any      bool // the port's name is the user's: every name in "from" that is no other port's belongs here (report/robustness); without Many, instances are followed and only the outputs of a group are gathered
}

// A From is an input under a name of the user's choice, as outputs may depend
// on it. Members are the outputs of a group that stand behind it, in the order
// of the group; nil when it is one dataset.
type From struct {
	Name    string
	Members []string
}

// Outputs are the names a stage may be referred to by. The output "" is the
// stage itself: a kind with one nameless output lists "".
type Outputs struct {
	Names  []string
	Groups map[string][]string // such as "tests": {"iid", "country=FR"}; members are in Names
}

// A Problem is something wrong with a configuration that tags cannot express.
type Problem struct {
	Field string // dotted path below "with", such as "shifts.country"
	Pos   Pos    // of the value when the kind knows better than the path; zero otherwise
	Msg   string

	mended bool // what is wrong was read as it was meant
}

// Suggests says whether the problem is a name, near one that is known: that is one even
// where not all known names may be known.
func (p Problem) Suggests() bool { return strings.Contains(p.Msg, didYouMean) }

// didYouMean stands before the nearest name in every message.
const didYouMean = "did you mean "

// A File is a parameter that names a file, relative to the spec; the engine
// keys it by content. Dir is the same for a folder, keyed by what the kind
// lists of it; Tree for a file or a folder, keyed by the names and contents of
// all files in it. All are absolute after decoding.
type (
	File string
	Dir  string
	Tree string
)
