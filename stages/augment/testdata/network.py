"""Makes network.onnx and network.json beside it: a small autoencoder, a picture, and what ONNX Runtime makes of it.

    python3 network.py

needs numpy, onnx and onnxruntime.
"""
import json

import numpy as np
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

rng = np.random.default_rng(8)


def f(*shape):
    return (rng.standard_normal(shape) / np.sqrt(np.prod(shape[1:]))).astype(np.float32)


weights = {"w1": f(8, 3, 3, 3), "b1": f(8), "w2": f(8, 8, 3, 3), "w3": f(8, 8, 2, 2), "b3": f(8), "w4": f(3, 8, 3, 3)}
weights["w4"] *= 0.5
nodes = [
    helper.make_node("Conv", ["x", "w1", "b1"], ["a"], pads=[1, 1, 1, 1], strides=[2, 2]),
    helper.make_node("LeakyRelu", ["a"], ["b"]),
    helper.make_node("Conv", ["b", "w2"], ["c"], pads=[1, 1, 1, 1]),
    helper.make_node("Relu", ["c"], ["d"]),
    helper.make_node("ConvTranspose", ["d", "w3", "b3"], ["e"], strides=[2, 2]),
    helper.make_node("Conv", ["e", "w4"], ["f"], pads=[1, 1, 1, 1]),
    helper.make_node("Add", ["f", "x"], ["y"]),
]
image = ["n", 3, "h", "w"]
graph = helper.make_graph(nodes, "autoencoder", [helper.make_tensor_value_info("x", TensorProto.FLOAT, image)],
                          [helper.make_tensor_value_info("y", TensorProto.FLOAT, image)], [numpy_helper.from_array(v, k) for k, v in weights.items()])
data = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8).SerializeToString()
open("network.onnx", "wb").write(data)
picture = rng.integers(0, 256, (16, 20, 3), dtype=np.uint8)
x = (picture.astype(np.float32) / 255).transpose(2, 0, 1)[None]
y = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"]).run(["y"], {"x": x})[0][0].transpose(1, 2, 0)
out = np.clip(np.floor(y * 255 + 0.5), 0, 255).astype(int)
with open("network.json", "w") as file:
    json.dump({"height": 16, "width": 20, "picture": picture.ravel().tolist(), "result": out.ravel().tolist()}, file, separators=(",", ":"))
