// Package export writes the sets of a stage in the forms that other programs
// read: the manifest, WILDS, ImageFolder, Hugging Face, WebDataset.
//
// A job is the sets of one stage instance, as package engine hands them out.
// Every form is a pure function of them: names and bytes do not depend on the
// machine, and files of a source are linked, not copied, where the form allows.
package export
