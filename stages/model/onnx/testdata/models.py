"""Makes operators.json and the *.onnx files beside it: python3 models.py. Needs numpy, onnx, onnxruntime, torch, torchvision, onnxscript.

operators.json: small models of one or a few operators, each with inputs and what ONNX Runtime makes of them.
net-*.onnx: one small residual network, as exporters write it in several forms; net.json has its input and outputs.
"""

import base64
import json

import numpy as np
import onnx
import onnx.version_converter
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

rng = np.random.default_rng(5)
cases = []


def session(model):
    return onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])


def flat(a):
    return {"shape": list(a.shape), "values": base64.b64encode(a.astype("<f4").tobytes()).decode()}


def case(name, nodes, x, weights=(), opset=17, out=None):
    """nodes read "x" and the weights and write "y"."""
    xs = x if isinstance(x, dict) else {"x": x}
    inputs = [helper.make_tensor_value_info(k, TensorProto.FLOAT, v.shape) for k, v in xs.items()]
    output = helper.make_tensor_value_info("y", out or TensorProto.FLOAT, None)
    graph = helper.make_graph(nodes, name, inputs, [output], [numpy_helper.from_array(v, k) for k, v in dict(weights).items()])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    y = session(model).run(["y"], xs)[0]
    cases.append({"name": name, "model": base64.b64encode(model.SerializeToString()).decode(), "inputs": {k: flat(v) for k, v in xs.items()}, "y": flat(y)})


def f(*shape):
    return rng.standard_normal(shape).astype(np.float32)


def i(*values):
    return np.array(values, dtype=np.int64)


def n(op, inputs, outputs=("y",), **attrs):
    return helper.make_node(op, list(inputs), list(outputs), **attrs)


pic = f(2, 4, 5, 6)
w = {"w": f(6, 4, 3, 3), "b": f(6)}
case("conv", [n("Conv", ["x", "w", "b"], pads=[1, 1, 1, 1])], pic, w)
case("conv-uneven", [n("Conv", ["x", "w"], pads=[0, 1, 2, 0], strides=[2, 1])], pic, w)
case("conv-same-upper", [n("Conv", ["x", "w"], auto_pad="SAME_UPPER", strides=[2, 2])], pic, w)
case("conv-same-lower", [n("Conv", ["x", "w"], auto_pad="SAME_LOWER", strides=[2, 2])], pic, w)
case("conv-groups", [n("Conv", ["x", "w", "b"], group=2, dilations=[2, 1], pads=[2, 1, 2, 1])], pic, {"w": f(6, 2, 3, 3), "b": f(6)})
case("batch-norm", [n("BatchNormalization", ["x", "s", "b", "m", "v"], epsilon=1e-3)], pic, {"s": f(4), "b": f(4), "m": f(4), "v": np.abs(f(4)) + 0.1})
case("instance-norm", [n("InstanceNormalization", ["x", "s", "b"])], pic, {"s": f(4), "b": f(4)})
case("max-pool", [n("MaxPool", ["x"], kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])], pic)
case("max-pool-ceil", [n("MaxPool", ["x"], kernel_shape=[3, 2], strides=[3, 2], ceil_mode=1)], pic)
case("max-pool-ceil-pad", [n("MaxPool", ["x"], kernel_shape=[2, 2], strides=[2, 2], pads=[1, 1, 0, 0], ceil_mode=1)], pic)
case("max-pool-dilated", [n("MaxPool", ["x"], kernel_shape=[2, 2], dilations=[2, 3])], pic)
case("average-pool", [n("AveragePool", ["x"], kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])], pic)
case("average-pool-pads", [n("AveragePool", ["x"], kernel_shape=[3, 3], strides=[2, 2], pads=[1, 0, 1, 1], count_include_pad=1)], pic)
case("average-pool-ceil", [n("AveragePool", ["x"], kernel_shape=[2, 2], strides=[2, 2], ceil_mode=1)], pic)
case("average-pool-same", [n("AveragePool", ["x"], kernel_shape=[3, 3], strides=[2, 2], auto_pad="SAME_UPPER")], pic)
case("global-average", [n("GlobalAveragePool", ["x"])], pic)
case("global-max", [n("GlobalMaxPool", ["x"])], pic)
case("pad", [n("Pad", ["x", "p", "c"])], pic, {"p": i(0, 1, 2, 0, 0, 0, 1, 3), "c": np.float32(1.5)})
case("pad-reflect", [n("Pad", ["x", "p"], mode="reflect")], pic, {"p": i(0, 0, 2, 1, 0, 0, 1, 3)})
case("pad-edge-axes", [n("Pad", ["x", "p", "", "a"], mode="edge")], pic, {"p": i(2, 1, 1, 3), "a": i(-2, 3)}, opset=18)
case("pad-old", [n("Pad", ["x"], pads=[0, 0, 1, 1, 0, 0, 1, 1], value=2.0)], pic, opset=10)
m = f(3, 5)
case("gemm", [n("Gemm", ["x", "w", "b"], transB=1, alpha=0.5, beta=2.0)], m, {"w": f(4, 5), "b": f(4)})
case("gemm-plain", [n("Gemm", ["x", "w"], transA=1)], m, {"w": f(3, 2)})
case("mat-mul", [n("MatMul", ["x", "w"])], f(2, 3, 5), {"w": f(5, 4)})
case("mat-mul-batch", [n("MatMul", ["x", "w"])], f(2, 3, 5), {"w": f(2, 5, 4)})
case("softmax", [n("Softmax", ["x"], axis=-1)], m)
case("softmax-11", [n("Softmax", ["x"], axis=1)], f(2, 3, 4), opset=11)
case("log-softmax", [n("LogSoftmax", ["x"])], m)
case("flatten", [n("Flatten", ["x"])], pic)
case("flatten-2", [n("Flatten", ["x"], axis=-2)], pic)
case("reshape", [n("Reshape", ["x", "s"])], pic, {"s": i(0, -1, 6)})
case("shapes", [n("Shape", ["x"], ["a"]), n("Gather", ["a", "z"], ["b"], axis=0), n("Unsqueeze", ["b", "z1"], ["c"]), n("Concat", ["c", "m1"], ["d"], axis=0), n("Reshape", ["x", "d"])],
     pic, {"z": np.int64(0), "z1": i(0), "m1": i(-1)})
case("shapes-11", [n("Shape", ["x"], ["a"]), n("Slice", ["a", "z", "o"], ["b"]), n("Concat", ["b", "m1"], ["d"], axis=0), n("Reshape", ["x", "d"], ["e"]), n("Unsqueeze", ["e"], axes=[2])],
     pic, {"z": i(0), "o": i(1), "m1": i(-1)}, opset=11)
case("squeeze", [n("Squeeze", ["x", "a"])], f(2, 1, 3, 1), {"a": i(-1)})
case("squeeze-all", [n("Squeeze", ["x"])], f(2, 1, 3, 1))
case("transpose", [n("Transpose", ["x"], perm=[0, 2, 3, 1])], pic)
case("concat", [n("Concat", ["x", "z"], axis=1)], {"x": pic, "z": f(2, 3, 5, 6)})
case("slice", [n("Slice", ["x", "s", "e", "a", "t"])], pic, {"s": i(1, -5), "e": i(3, 1000), "a": i(1, 3), "t": i(1, 2)})
case("split", [n("Split", ["x", "s"], ["a", "b"], axis=1), n("Mul", ["b", "b"], ["c"]), n("Concat", ["c", "a"], axis=1)], pic, {"s": i(1, 3)})
case("expand", [n("Expand", ["x", "s"])], f(3, 1), {"s": i(2, 1, 4)})
case("constant", [n("ConstantOfShape", ["s"], ["a"], value=numpy_helper.from_array(np.array([2.5], np.float32))), n("Add", ["x", "a"])], f(2, 3), {"s": i(2, 3)})
case("cast", [n("Cast", ["x"], ["a"], to=TensorProto.INT64), n("Cast", ["a"], to=TensorProto.FLOAT)], f(3, 4) * 5)
case("reduce-mean", [n("ReduceMean", ["x"], axes=[2, 3], keepdims=0)], pic)
case("reduce-mean-18", [n("ReduceMean", ["x", "a"])], pic, {"a": i(-1, 2)}, opset=18)
case("reduce-sum", [n("ReduceSum", ["x", "a"], keepdims=0)], pic, {"a": i(1)})
case("reduce-max", [n("ReduceMax", ["x"], axes=[1])], pic)
for op in ["Add", "Sub", "Mul", "Div"]:
    case(op.lower(), [n(op, ["x", "z"])], {"x": pic, "z": f(2, 4, 5, 6)})
    case(op.lower() + "-channels", [n(op, ["x", "z"])], pic, {"z": f(4, 1, 1)})
    case(op.lower() + "-gate", [n(op, ["z", "x"])], {"x": pic, "z": f(2, 4, 1, 1)})
    case(op.lower() + "-rows", [n(op, ["x", "z"])], pic, {"z": f(2, 1, 5, 1)})
case("min-max", [n("Max", ["x", "z"], ["a"]), n("Min", ["a", "o"])], pic, {"z": np.float32(-0.5), "o": np.float32(0.75)})
case("pow", [n("Pow", ["x", "p"])], np.abs(m), {"p": np.float32(1.7)})
case("p-relu", [n("PRelu", ["x", "z"])], pic, {"z": f(4, 1, 1)})
for op in ["Relu", "Elu", "LeakyRelu", "HardSigmoid", "HardSwish", "Sigmoid", "Tanh", "Exp", "Erf", "Neg", "Abs", "Floor", "Ceil", "Softplus", "Reciprocal"]:
    case(op.lower(), [n(op, ["x"])], m)
for op in ["Log", "Sqrt"]:
    case(op.lower(), [n(op, ["x"])], np.abs(m))
case("gelu", [n("Gelu", ["x"])], m, opset=20)
case("gelu-tanh", [n("Gelu", ["x"], approximate="tanh")], m, opset=20)
case("clip", [n("Clip", ["x", "l", "h"])], m, {"l": np.float32(-0.5), "h": np.float32(0.5)})
case("clip-high", [n("Clip", ["x", "", "h"])], m, {"h": np.float32(0.5)})
case("clip-6", [n("Clip", ["x"], min=-0.25, max=0.5)], m, opset=10)
case("dropout", [n("Dropout", ["x"])], m)
late = np.random.default_rng(6)  # so that what is drawn below stays


def g(*shape):
    return late.standard_normal(shape).astype(np.float32)


case("conv-transpose", [n("ConvTranspose", ["x", "w", "b"], strides=[2, 2])], g(2, 4, 5, 6), {"w": g(4, 3, 2, 2), "b": g(3)})
case("conv-transpose-padded", [n("ConvTranspose", ["x", "w"], strides=[2, 3], pads=[1, 0, 2, 1], output_padding=[1, 1], group=2)], g(1, 4, 5, 6), {"w": g(4, 3, 3, 4)})
case("depth-to-space", [n("DepthToSpace", ["x"], blocksize=2)], g(2, 8, 3, 4))
case("pixel-shuffle", [n("DepthToSpace", ["x"], blocksize=2, mode="CRD")], g(2, 8, 3, 4))
case("nearest", [n("Resize", ["x", "", "s"], mode="nearest", coordinate_transformation_mode="asymmetric", nearest_mode="floor")], g(1, 2, 3, 4), {"s": np.array([1, 1, 2, 3], np.float32)})
case("linear", [n("Resize", ["x", "", "s"], mode="linear", coordinate_transformation_mode="pytorch_half_pixel")], g(1, 2, 3, 4), {"s": np.array([1, 1, 2, 3], np.float32)})
case("linear-sizes", [n("Resize", ["x", "", "", "s"], mode="linear")], g(1, 2, 3, 4), {"s": i(1, 2, 12, 8)})

with open("operators.json", "w") as out:
    json.dump(cases, out, separators=(",", ":"))

# One network in the forms that exporters write.
import torch

torch.manual_seed(3)


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        c, b = torch.nn.Conv2d, torch.nn.BatchNorm2d
        self.conv1, self.bn1 = c(3, 6, 3, 2, 1, bias=False), b(6)
        self.conv2, self.bn2 = c(6, 8, 3, 2, 1, bias=False), b(8)
        self.short = c(6, 8, 1, 2)
        self.fc = torch.nn.Linear(8, 5)

    def forward(self, x):
        x = torch.relu(self.bn1(self.conv1(x)))
        x = torch.relu(self.bn2(self.conv2(x)) + self.short(x))
        features = torch.flatten(torch.nn.functional.adaptive_avg_pool2d(x, 1), 1)
        return self.fc(features), features


net = Net().eval()
for p in net.modules():
    if isinstance(p, torch.nn.BatchNorm2d):
        p.running_mean.normal_(0, 0.3)
        p.running_var.uniform_(0.5, 1.5)
x = torch.randn(2, 3, 16, 16)
with torch.no_grad():
    logits, features = net(x)
with open("net.json", "w") as out:
    json.dump({"x": flat(x.numpy()), "logits": flat(logits.numpy()), "features": flat(features.numpy())}, out, separators=(",", ":"))


def export(file, opset, dynamic=True, **more):
    torch.onnx.export(net, (x if dynamic else x[:1],), file, input_names=["image"], output_names=["logits", "features"], opset_version=opset,
                      dynamic_axes={"image": {0: "n"}} if dynamic else None, dynamo=False, **more)


for opset in [11, 13, 17]:
    export(f"net-{opset}.onnx", opset)
# The old exporter ends at 20; the newest opset is that one brought up.
onnx.save_model(onnx.version_converter.convert_version(onnx.load("net-17.onnx"), 21), "net-21.onnx")
export("net-one.onnx", 17, dynamic=False)
torch.onnx.export(net, (x,), "net-dynamo.onnx", input_names=["image"], output_names=["logits", "features"], dynamo=True, external_data=False,
                  dynamic_shapes={"x": {0: torch.export.Dim("n", min=1, max=64)}}, opset_version=20)
model = onnx.load("net-17.onnx")
onnx.save_model(model, "net-external.onnx", save_as_external_data=True, all_tensors_to_one_file=True, location="net-external.onnx.data", size_threshold=0)
for t in model.graph.initializer:  # float16 by hand: converters differ from version to version
    if t.data_type == TensorProto.FLOAT:
        t.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(t).astype(np.float16), t.name))
for v in list(model.graph.input) + list(model.graph.output):
    v.type.tensor_type.elem_type = TensorProto.FLOAT16
del model.graph.value_info[:]
onnx.save_model(model, "net-half.onnx")
model = onnx.load("net-17.onnx")  # NHWC, as from TensorFlow: a transpose first
model.graph.node.insert(0, helper.make_node("Transpose", ["picture"], ["image"], perm=[0, 3, 1, 2]))
model.graph.input[0].CopyFrom(helper.make_tensor_value_info("picture", TensorProto.FLOAT, ["n", 16, 16, 3]))
onnx.checker.check_model(model)
onnx.save_model(model, "net-nhwc.onnx")
