"""Makes the *.pt files beside it with torch.save: python3 weights.py. Needs torch and numpy."""

import argparse
from collections import OrderedDict

import torch

ramp = torch.arange(24, dtype=torch.float32)
state = OrderedDict()
state["layer.weight"] = (ramp / 8).reshape(2, 3, 4)
state["layer.view"] = ramp.reshape(4, 6).t()[1:4, ::2]  # strides and an offset into a shared storage
state["half"] = ramp[:5].half() / 2
state["brain"] = ramp[:3].bfloat16() * -1
state["double"] = ramp[:2].double() + 0.5
state["param"] = torch.nn.Parameter(ramp[:6].reshape(3, 2) - 1)
state["count"] = torch.tensor(7)
state["empty"] = torch.zeros(0, 3)
torch.save(state, "zip.pt")
torch.save(state, "legacy.pt", _use_new_zipfile_serialization=False)
torch.save({"epoch": 3, "args": argparse.Namespace(lr=0.1, name="x"), "best": 0.5, "tags": ["a", {"b": None}],
            "optimizer": {"state": {0: {"momentum": ramp}}, "param_groups": [{"lr": 0.1}]},
            "state_dict": {"module." + k: v for k, v in state.items()}}, "checkpoint.pt")
torch.save(torch.nn.Linear(2, 1), "module.pt")
