package storefronts

import (
	"reflect"
	"testing"

	"shiftmill/stages/source/random"
)

// Every number and kind of a style is mixed: a new field that numbers or kinds forgot would make a
// country half foreign.
func TestStyleFields(t *testing.T) {
	var s style
	listed := map[any]bool{}
	for _, p := range s.numbers() {
		listed[p] = true
	}
	for _, p := range s.kinds() {
		listed[p] = true
	}
	v := reflect.ValueOf(&s).Elem()
	for i := range v.NumField() {
		var found bool
		switch v.Field(i).Kind() {
		case reflect.Int64:
			found = listed[(*int64)(v.Field(i).Addr().UnsafePointer())]
		case reflect.Int:
			found = listed[(*int)(v.Field(i).Addr().UnsafePointer())]
		default: // the colours, each mixed by name in styleFor
			continue
		}
		if !found {
			t.Errorf("style.%s is in neither numbers nor kinds", v.Type().Field(i).Name)
		}
	}
	for _, c := range countries {
		if got := styleFor(c.code, 1000, random.New(1, "test", c.code)); got != c.style {
			t.Errorf("%s at full strength:\n got %+v\nwant %+v", c.code, got, c.style)
		}
		if got := styleFor(c.code, 0, random.New(1, "test", c.code)); got != countries[0].style {
			t.Errorf("%s at strength 0:\n got %+v\nwant %+v", c.code, got, countries[0].style)
		}
	}
}
