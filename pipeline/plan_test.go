package pipeline

import (
	"fmt"
	"testing"
)

func TestScratch(t *testing.T) {
	g, err := Parse("x.yaml", []byte(`
shiftmill: v1
name: storefronts
seed: 7
params: {data: null, size: 64, epochs: 12}
stages:
  photos:
    kind: source/table
    with: {root: $params.data, table: shots.csv, id: shot_id, image: path, label: category}
  split:
    kind: split/shift
    from: photos
    with:
      base:   {country: [US, MX, CA], year: 2019, camera: new}
      shifts: {year: [2017, 2018], country: [FR], camera: [old]}
      sizes:  {train: 200000, val: 10000, iid: 10000, ood: 10000}
      stratify: category
      group: business_id
  net:
    kind: train/classifier
    matrix:
      method:
        none:      {}
        augmix:    {online: [augmix], loss: jsd}
        noise2net: {online: [{noise2net: {share: 0.5}}]}
      seed: [1, 2, 3]
    from: {train: split.train, val: split.val}
    seed: $matrix.seed
    with:
      model: resnet18
      size: $params.size
      budget: {epochs: $params.epochs}
      online: $matrix.method.online
      loss: $matrix.method.loss
  scores: {kind: evaluate/classify, from: {model: net, data: split.tests}}
  report:
    kind: report/robustness
    from: {storefronts: scores}
    with: {method: method, baseline: none, replicate: seed, hypotheses: {diverse_augmentation: [augmix, noise2net]}}
`), Options{Vocabulary: vocabulary(), Set: []string{"params.data=/data"}})
	if err != nil {
		t.Fatal(err)
	}
	fmt.Println(plan(g))
}
