package source

import (
	"strings"
	"testing"
)

const shirt = `{"category_name": "short sleeve top", "category_id": 1, "style": 2, "bounding_box": [1, 2, 30, 40], "landmarks": [1, 2, 0], "segmentation": [[1, 2, 3, 4]], "scale": 2, "occlusion": 1, "zoom_in": 1, "viewpoint": 2}`

var skirt = strings.NewReplacer("short sleeve top", "skirt", `"category_id": 1`, `"category_id": 9`, `"scale": 2`, `"scale": 3`).Replace(shirt)

func TestDeepFashion2(t *testing.T) {
	root := files(t, map[string]string{
		"train/image/000001.jpg": "png", "train/annos/000001.json": `{"item2": ` + skirt + `, "source": "shop", "pair_id": 7, "item1": ` + shirt + `}`,
		"train/image/000010.jpg": "png", "train/annos/000010.json": `{"source": "user", "pair_id": 7}`,
		"validation/image/000001.jpg": "png", "validation/annos/000001.json": `{"source": "user", "pair_id": 8, "item1": ` + skirt + `, "extra": 1}`,
		"test/image/000001.jpg": "png",
	})
	top := `{"bounding_box":[1,2,30,40],"category":"short sleeve top","category_id":1,"occlusion":1,"scale":2,"style":2,"viewpoint":2,"zoom_in":1}`
	below := `{"bounding_box":[1,2,30,40],"category":"skirt","category_id":9,"occlusion":1,"scale":3,"style":2,"viewpoint":2,"zoom_in":1}`
	got, sink, err := read(t, DeepFashion2Kind(), root, `{root: ., parts: [validation, train, test]}`)
	if err != nil {
		t.Fatal(err)
	}
	check(t, got, []string{
		"test/image/000001.jpg|file:test/image/000001.jpg|part=test|source null|pair_id null|items null",
		"train/image/000001.jpg|file:train/image/000001.jpg|part=train|source=shop|pair_id=7|items=[" + top + "," + below + "]",
		"train/image/000010.jpg|file:train/image/000010.jpg|part=train|source=user|pair_id=7|items=[]",
		"validation/image/000001.jpg|file:validation/image/000001.jpg|part=validation|source=user|pair_id=8|items=[" + below + "]",
	})
	check(t, sink.Notes, []string{"1 annotations have keys that DeepFashion2 does not know, which are not read: validation/annos/000001.json has extra"})
	before := listing(t, DeepFashion2Kind(), root, "{root: .}")
	if !strings.Contains(before, `"train/image/000001.jpg" "train/annos/000001.json" false`) || strings.Contains(before, "test/") {
		t.Errorf("listing:\n%s", before)
	}
}

func TestDeepFashion2Errors(t *testing.T) {
	good := `{"source": "shop", "pair_id": 7, "item1": ` + shirt + `}`
	change := func(from, to string) string { return strings.Replace(good, from, to, 1) }
	tests := []struct{ name, anno, want string }{
		{"empty", "", "it is empty"},
		{"cut", good[:60], "it is no whole JSON object: near byte 41: unexpected EOF"},
		{"twice", change(`"pair_id": 7`, `"pair_id": 7, "pair_id": 8`), `the key "pair_id" stands twice`},
		{"no list", `[1]`, "it is no JSON object"},
		{"source", change("shop", "street"), `source is "street"; it must be "shop" or "user"`},
		{"no pair", change(`"pair_id": 7, `, ""), `it has no key "pair_id"`},
		{"pair", change(`"pair_id": 7`, `"pair_id": 7.5`), "pair_id: 7.5 is no whole number"},
		{"category", change(`"category_id": 1`, `"category_id": 14`), "item1: category_id: must be 1 to 13, got 14"},
		{"contradiction", change(`"category_id": 1`, `"category_id": 2`), `item1: category_id 2 is "long sleeve top", category_name says "short sleeve top"`},
		{"scale", change(`"scale": 2`, `"scale": 4`), "item1: scale: must be 1 to 3, got 4"},
		{"no zoom", change(`"zoom_in": 1, `, ""), `item1: it has no key "zoom_in"`},
		{"box", change(`[1, 2, 30, 40]`, `[31, 2, 30, 40]`), "item1: bounding_box is [31, 2, 30, 40], not the corners [x1, y1, x2, y2] of a box"},
		{"latin-1", change("shop", "sh\xf6p"), "it is not UTF-8"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			root := files(t, map[string]string{
				"train/image/1.jpg": "png", "train/annos/1.json": tt.anno, "train/image/2.jpg": "png", "train/annos/2.json": good,
			})
			_, _, err := read(t, DeepFashion2Kind(), root, `{root: ., parts: train}`)
			want := "annotation: " + tt.want
			if err == nil || err.Error() != "train/annos/1.json: "+want+"; on_error: skip would leave the image out" {
				t.Errorf("error:\n got %v\nwant train/annos/1.json: %s; on_error: skip would leave the image out", err, want)
			}
			got, sink, err := read(t, DeepFashion2Kind(), root, `{root: ., parts: train, on_error: skip}`)
			if err != nil {
				t.Fatal(err)
			}
			if len(got) != 1 || sink.Skipped["train/image/1.jpg"] != want {
				t.Errorf("rows %q, skipped %q, want one of each", got, sink.Skipped)
			}
		})
	}
	for name, tt := range map[string]struct {
		files map[string]string
		want  string
	}{
		"image without annotation": {map[string]string{"train/image/1.jpg": "png", "train/annos/2.json": good, "train/image/2.jpg": "png"}, "train/image/1.jpg: the image has no annotation; on_error: skip would leave the image out"},
		"annotation without image": {map[string]string{"train/image/2.jpg": "png", "train/annos/2.json": good, "train/annos/1.json": good}, "train/annos/1.json: the annotation has no image; on_error: skip would leave the image out"},
		"no annotations":           {map[string]string{"train/image/2.jpg": "png"}, "the root holds no folder train/annos"},
		"no images":                {map[string]string{"train/annos/2.json": good}, "train/image: list images: the root folder: no such file or directory"},
		"empty image":              {map[string]string{"train/image/2.jpg": "", "train/annos/2.json": good}, "train/image/2.jpg: the file is empty; on_error: skip would leave the image out"},
		"same stem":                {map[string]string{"train/image/2.jpg": "png", "train/image/2.png": "png", "train/annos/2.json": good}, "train/image/2.jpg and train/image/2.png would have the same annotation"},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := read(t, DeepFashion2Kind(), files(t, tt.files), `{root: ., parts: train}`)
			if err == nil || err.Error() != tt.want {
				t.Errorf("error:\n got %v\nwant %s", err, tt.want)
			}
		})
	}
}
