package runs

import "fmt"

// Damage is a file, or a part of one, that is not as it was written.
type Damage struct {
	Path   string
	Object Digest // the object that is lost with it; zero when it is none
	What   string // what is wrong
	Remedy string // what to do about it
}

// String describes the damage in one line.
func (d Damage) String() string {
	return fmt.Sprintf("%s is damaged: %s; %s", d.Path, d.What, d.Remedy)
}
