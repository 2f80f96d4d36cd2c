package pipeline_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"shiftmill/pipeline"
)

func TestLockIsReadAsWritten(t *testing.T) {
	id := strings.Repeat("0123456789abcdef", 4)
	want := &pipeline.Lock{Spec: "2026.1", Stages: []pipeline.LockedStage{
		{Name: "photos", Kind: "source/images", Key: id, Outputs: []pipeline.LockedOutput{
			{Rows: 12, Content: []pipeline.LockedContent{{Name: "id", ID: id}, {Name: "a: b # \"c\" d", ID: id}, {Name: "true", ID: id}, {Name: "017", ID: id}}},
		}},
		{Name: "scores[method=a%2Cb,output=year=2017]", Kind: "evaluate/classify", Key: id,
			Outputs: []pipeline.LockedOutput{{Name: "out"}, {Name: "é €"}},
			Metrics: []pipeline.LockedMetric{{Name: "top-1 error", Value: 0.1 + 0.2}, {Name: "mCE", Value: -1e-300}}},
	}}
	got, err := pipeline.ParseLock("x.lock.yaml", want.Encode())
	if err != nil {
		t.Fatalf("%v\n%s", err, want.Encode())
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwant %+v\nfrom %s", got, want, want.Encode())
	}
}

func TestBadLocksAreRefusedAtTheirPlace(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"empty", "", "x.lock.yaml:1:1: the file is empty"},
		{"other version", "lock: v9\n", "x.lock.yaml:1:1: no lock file of a version that this program reads; run the spec to write it anew"},
		{"merge", "lock: v1\n<<<<<<< HEAD\nspec: x\n", "x.lock.yaml:2:1: both sides of a merge stand here: keep either, and run the spec, which writes the file anew"},
		{"digest", "lock: v1\nstages:\n  - name: a\n    key: sha256:12\n", `x.lock.yaml:4:10: "sha256:12" is no digest; run the spec to write the lock file anew`},
		{"no key", "lock: v1\nstages:\n  - name: a\n", "x.lock.yaml:3:5: a digest is missing here; run the spec to write the lock file anew"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := pipeline.ParseLock("x.lock.yaml", []byte(tt.text))
			if got := fmt.Sprint(err); err == nil || got != tt.want {
				t.Errorf("ParseLock error:\n got %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestLockFileNames(t *testing.T) {
	for spec, want := range map[string]string{"a/b.yaml": "a/b.lock.yaml", "b.yml": "b.lock.yaml", "b": "b.lock.yaml", "b.v2": "b.v2.lock.yaml"} {
		if got := pipeline.LockFile(spec); got != want {
			t.Errorf("LockFile(%q) = %q, want %q", spec, got, want)
		}
	}
}
