// Package command holds the kinds through which other people's programs take
// part: train/command and predict/command run a program of the user's,
// predictions/import takes in what was predicted elsewhere.
//
// A program is told everything in one JSON file (see [Job]), whose path stands
// in the environment variable SHIFTMILL_JOB: where its rows lie, which classes
// there are, what to write and where. It runs in the folder of the spec. What
// it prints goes to a log; lines of the form
//
//	::progress 300/1000 images
//	::metric validation error=0.31
//
// are understood as well.
//
// Rules: a stage is keyed by the command, by the content of the files that
// "code" names, by the parameters and by the rows; the environment is not. What
// a program has written counts only when the program has ended well and all
// that was asked for is there. A killed program finds its folder as it left it.
//
// Training and scoring inside shiftmill are left to stages/train and
// stages/evaluate.
package command
