package model

import (
	"encoding/json"
	"math"
	"testing"
)

// TestAveragePrecision compares with scikit-learn (testdata/ranking.py).
func TestAveragePrecision(t *testing.T) {
	var cases []struct {
		Scores   []float32
		Positive []bool
		AP       float64
	}
	if err := json.Unmarshal(read(t, "ranking.json"), &cases); err != nil {
		t.Fatal(err)
	}
	for i, tt := range cases {
		got, ok := AveragePrecision(tt.Scores, tt.Positive)
		if !ok || math.Abs(got-tt.AP) > 1e-6 {
			t.Errorf("case %d: %v, scikit-learn has %v", i, got, tt.AP)
		}
	}
	if _, ok := AveragePrecision([]float32{1, 2}, []bool{false, false}); ok {
		t.Error("without positive rows there is no average precision")
	}
}
