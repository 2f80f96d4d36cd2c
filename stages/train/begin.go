package train

import (
	"fmt"
	"os"

	"shiftmill/kernels/nn"
	"shiftmill/stages"
	"shiftmill/stages/model"
)

// begin puts the weights that training starts from into the network: those of
// the file of the parameter init, or of the stage at the port init. Tensors
// are taken by name. The last layer may be of another number of classes, or of
// other classes; then it keeps its random weights. Anything else that does not
// fit is an error.
func (t *training) begin(net *nn.Network, input stages.Input) error {
	var data []byte
	var err error
	from := "init"
	switch {
	case t.c.Init != "" && input != nil:
		return fmt.Errorf("init is given twice: as a parameter and as an input; give one of them")
	case t.c.Init != "":
		data, err = os.ReadFile(string(t.c.Init))
	case input != nil:
		from = "weights of " + source(input)
		data, err = input.File("weights.safetensors")
	default:
		return nil
	}
	if err != nil {
		return fmt.Errorf("read %s: %w", from, err)
	}
	tensors, err := model.ReadTensors(data)
	if err != nil {
		return fmt.Errorf("read %s: %w", from, err)
	}
	taken, fresh, err := model.Fill(net, tensors, true)
	if err != nil {
		return fmt.Errorf("%s: %w", from, err)
	}
	note := ""
	if len(fresh) > 0 {
		note = fmt.Sprintf("; the last layer starts anew, since there it has other classes (%v)", fresh)
	}
	t.out.Note("%s: %d tensors taken%s", from, taken, note)
	return nil
}
