package split

import "shiftmill/pipeline"

// shiftPresets are the benchmarks of Hendrycks et al. (ICCV 2021) that
// split/shift makes; they are its own parameters and nothing else.
var shiftPresets = []pipeline.Preset{
	{
		Name: "svsf",
		Doc:  "StreetView StoreFronts: 200,000 images of the US, Mexico and Canada in 2019 by the new camera, and tests of 10,000 that alter the year, the country or the camera. Needs the columns country, year, camera, category and business_id.",
		With: `base:     {country: [US, MX, CA], year: 2019, camera: new}
shifts:   {year: [2017, 2018], country: [FR], camera: [old]}
sizes:    {train: 200000, val: 10000, iid: 10000, ood: 10000}
label:    category
stratify: category
group:    business_id`,
	},
	{
		Name: "dfr",
		Doc:  "DeepFashion Remixed as its code makes it, of the rows of source/deepfashion2: an image is in a set because one of its items is, and is labelled with those items. The paper's text takes side or back as the training viewpoint: base: {viewpoint: 3}, shifts: {viewpoint: [1, 2]}.",
		With: `where:  {train: {part: train}, tests: {part: validation}}
items:  {column: items, image: any, labels: matching}
base:   {scale: 2, occlusion: 2, viewpoint: 2, zoom_in: 1}
shifts: {scale: [1, 3], occlusion: [1, 3], viewpoint: [1, 3], zoom_in: [2, 3]}
sizes:  {train: all, iid: all, ood: all}`,
	},
}

// givenPresets are those that split/given makes.
var givenPresets = []pipeline.Preset{
	{
		Name: "imagenet-r",
		Doc:  "ImageNet-R: {iid: ImageNet's validation images, rendition: ImageNet-R}, each by its 200 classes alone; evaluate/classify with restrict: common then predicts among these.",
		With: `classes: common`,
	},
}
