package cli

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"shiftmill/pipeline"
)

// flagError says what is wrong with an option, in words.
func flagError(c *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	var value *pflag.InvalidValueError
	switch {
	case errors.As(err, &unknown) && unknown.GetSpecifiedShortnames() == "":
		var known []string
		c.Flags().VisitAll(func(f *pflag.Flag) { known = append(known, f.Name) })
		if near := pipeline.Nearest(unknown.GetSpecifiedName(), known); near != "" {
			return usage("%s: %w; did you mean --%s?", c.CommandPath(), err, near)
		}
	case errors.As(err, &value):
		wants, ok := map[string]string{"int": "takes a whole number", "uint": "takes a whole number from 0", "uint64": "takes a whole number from 0", "float64": "takes a number", "bool": "takes true or false", rowsType: "takes a number of rows, such as 200"}[value.GetFlag().Value.Type()]
		if ok {
			return usage("--%s %s, got %q", value.GetFlag().Name, wants, value.GetValue())
		}
	}
	return usage("%s: %w; see %s --help", c.CommandPath(), err, c.CommandPath())
}

// rowsValue is an option that takes a number of rows, one at least.
type rowsValue int

const rowsType = "rows"

func (v *rowsValue) String() string { return strconv.Itoa(int(*v)) }
func (v *rowsValue) Type() string   { return rowsType }

func (v *rowsValue) Set(text string) error {
	n, err := strconv.Atoi(text)
	if err != nil {
		return err
	}
	if n < 1 {
		return strconv.ErrRange
	}
	*v = rowsValue(n)
	return nil
}

// stageValue is an option that names a stage: one, since the last of several would
// silently stand for all.
type stageValue string

func (v *stageValue) String() string { return string(*v) }
func (v *stageValue) Type() string   { return "string" }

func (v *stageValue) Set(text string) error {
	if *v != "" && string(*v) != text {
		return fmt.Errorf("it names %s already, and takes one stage", *v)
	}
	*v = stageValue(text)
	return nil
}
