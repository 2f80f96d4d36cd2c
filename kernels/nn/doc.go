// Package nn builds networks as Gorgonia graphs, lets Gorgonia derive their
// gradients, and runs both on the operations of package kernels.
//
// Division of labour. Gorgonia holds the graph: every operation is an Op of
// ours (see op.go) whose symbolic derivative is made of our own backward
// operations, so Grad gives one graph with the forward and the backward pass.
// A program (program.go) then runs that graph: nodes in Gorgonia's stable
// order, every value at a fixed place in one arena assigned once by liveness,
// nothing allocated from step to step. Gorgonia's TapeMachine is never used
// outside tests, where it is the oracle: the same graph gives the same bits.
//
// Terms. A network is an architecture and its state: named float32 tensors,
// called as torchvision calls them. Parameters are what the gradient changes;
// running means and variances are state too, but kept by the trainer.
//
// Rules. Results depend on state, input and settings alone; a pool of workers
// only makes them come sooner. Gorgonia merges nodes of equal hash, so each
// operation carries a number of its own. Gorgonia keeps unguarded state of the
// process while it builds graphs and it panics on mistakes: graphs are built
// under one lock, and a panic becomes an error there.
//
// Networks for one image of any size at a time ([EDSR], [CAE]) need no
// gradients and no batch: they are flows (flow.go), described directly, whose
// weights and signals between modules a caller may change.
//
// Images, labels as names, files of weights and augmentations are left to the
// packages under stages.
package nn
