"""Changes to the models' graphs that spare work without changing what they find.

Detector: its last two layers are transposed convolutions of 2 × 2 at stride 2, so every pixel of
the input makes its own 4 × 4 pixels of the output. As 1 × 1 convolutions on the small map they
cost a fifth; the sigmoid is left out, since most of the map is only compared with a threshold.

Recogniser: nine tenths of its 18,710 classes are ideographs, and they make a third of its cost.
The graph gets a head of Western classes and also gives the features, from which the whole
alphabet can be read where the Western head is out of its depth.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

MANY_CLASSES = 4000
"""From so many classes on, a head of its own for the Western ones pays."""
STEP_PX = 8
"""Width of a time step where a model does not tell."""
WESTERN_SIGNS = "№™℃℉Ω←↑→↓−√∞≈≠≤≥●○■□▪▫◆◇★☆✓✔✗✘☐☑☒①②③④⑤⑥⑦⑧⑨⑩"

Output = tuple[str, int, Sequence[int | str]]
"""Name, type and shape of a graph's output."""


@dataclass(frozen=True, slots=True)
class WholeHead:
    """What reads the whole alphabet from the features.

    Attributes:
        western: (C,) which classes of the whole alphabet the Western ones are.
        weights: (F + 1, classes), the bias last.
    """

    western: NDArray[np.int64]
    weights: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class RecogniserParts:
    """A recogniser ready to be loaded.

    Attributes:
        graph: Gives, for (N, 3, 48, W) crops, the best class and its probability, (N, T) each. With
            a Western head also the highest logit (N, T) and the features (N, T, F).
        alphabet: The characters of classes 1, 2, … of the whole alphabet; class 0 is the blank.
        step_px: Width of a time step.
        head: For the whole alphabet, where the graph has the Western one.
    """

    graph: bytes
    alphabet: tuple[str, ...]
    step_px: int
    head: WholeHead | None


def detector_of_logits(model: bytes) -> bytes:
    """Make the detector give (1, 16, H / 4, W / 4) logits, each pixel's 4 × 4 in its channels.

    Raises:
        ValueError: The graph does not end as expected.
    """
    proto = onnx.load_from_string(model)
    graph = proto.graph
    values = {value.name: value for value in graph.initializer}
    first, second = (node for node in graph.node if node.op_type == "ConvTranspose")
    after = {name: node for node in graph.node for name in node.input}
    (w1, b1), (w2, b2) = (
        (
            numpy_helper.to_array(values[node.input[1]]),
            numpy_helper.to_array(values[_bias_after(node, after)]).ravel(),
        )
        for node in (first, second)
    )
    if w1.shape[2:] != (2, 2) or w2.shape[1:] != (1, 2, 2):
        raise ValueError("the detector does not end in two transposed convolutions of 2 × 2")
    inner = w1.shape[1]
    spread = w1.transpose(2, 3, 1, 0).reshape(4 * inner, -1)
    corners = w2[:, 0].transpose(1, 2, 0).reshape(4, inner)
    _cut_before(graph, first)
    _add(graph, "spread.w", spread[:, :, None, None])
    _add(graph, "spread.b", np.tile(b1, 4))
    _add(graph, "corners.w", np.kron(np.eye(4, dtype=np.float32), corners)[:, :, None, None])
    _add(graph, "corners.b", np.full(16, b2[0]))
    graph.node.extend(
        [
            helper.make_node("Conv", [first.input[0], "spread.w", "spread.b"], ["spread"]),
            helper.make_node("Relu", ["spread"], ["spread.relu"]),
            helper.make_node("Conv", ["spread.relu", "corners.w", "corners.b"], ["logits"]),
        ]
    )
    _set_outputs(graph, [("logits", TensorProto.FLOAT, ["pages", 16, "rows", "columns"])])
    return bytes(proto.SerializeToString())


def recogniser_of_best_path(model: bytes) -> RecogniserParts:
    """Make a recogniser give the best class at each step instead of all probabilities.

    Raises:
        ValueError: The graph does not end as expected.
    """
    proto = onnx.load_from_string(model)
    graph = proto.graph
    facts = {p.key: p.value for p in proto.metadata_props}
    # The space is the class after the listed ones.
    alphabet = (*facts["character"].split("\n"), " ")
    outputs: list[Output] = [
        ("class", TensorProto.INT64, _STEPS),
        ("confidence", TensorProto.FLOAT, _STEPS),
    ]
    head = None
    if len(alphabet) < MANY_CLASSES:
        graph.node.extend(_best(graph.output[0].name, graph.output[0].name))
    else:
        features, head = _western_head(graph, alphabet)
        size = len(head.weights) - 1
        outputs.append(("top", TensorProto.FLOAT, _STEPS))
        outputs.append((features, TensorProto.FLOAT, [*_STEPS, size]))
    _set_outputs(graph, outputs)
    step_px = int(facts.get("step_px", STEP_PX))
    return RecogniserParts(bytes(proto.SerializeToString()), alphabet, step_px, head)


def _western_head(graph: onnx.GraphProto, alphabet: tuple[str, ...]) -> tuple[str, WholeHead]:
    """Exchange the head; gives the name of the features and the head taken off."""
    values = {value.name: value for value in graph.initializer}
    after = {name: node for node in graph.node for name in node.input}
    head = [node for node in graph.node if node.op_type == "MatMul"][-1]
    weights = numpy_helper.to_array(values[head.input[1]])
    bias = numpy_helper.to_array(values[_bias_after(head, after)])
    if weights.shape[1] != len(alphabet) + 1:
        raise ValueError("the recogniser does not end in one class for each character")
    western = np.flatnonzero([True, *map(_is_western, alphabet)])
    features = str(head.input[0])
    _cut_before(graph, head)
    _add(graph, "western.w", weights[:, western])
    _add(graph, "western.b", bias[western])
    graph.node.extend(
        [
            helper.make_node("MatMul", [features, "western.w"], ["western.raw"]),
            helper.make_node("Add", ["western.raw", "western.b"], ["western"]),
            helper.make_node("ReduceMax", ["western"], ["top"], axes=[2], keepdims=0),
            helper.make_node("Softmax", ["western"], ["shares"], axis=2),
            *_best("western", "shares"),
        ]
    )
    whole = np.ascontiguousarray(np.vstack([weights, bias[None]]), np.float32)
    return features, WholeHead(western, whole)


_STEPS = ("crops", "steps")


def _best(scores: str, shares: str) -> list[onnx.NodeProto]:
    return [
        helper.make_node("ArgMax", [scores], ["class"], axis=2, keepdims=0),
        helper.make_node("ReduceMax", [shares], ["confidence"], axes=[2], keepdims=0),
    ]


def _is_western(character: str) -> bool:
    code = ord(character[0])
    return (
        code < 0x250  # Latin with all its accents
        or 0x391 <= code <= 0x3C9  # Greek
        or 0x2010 <= code <= 0x208E  # dashes, quotes, raised and lowered digits
        or 0x20A0 <= code <= 0x20BF  # currencies
        or character in WESTERN_SIGNS
    )


def _bias_after(node: onnx.NodeProto, after: dict[str, onnx.NodeProto]) -> str:
    """Name the constant that is added to a node's output, past nodes that do nothing."""
    following = after[node.output[0]]
    while following.op_type == "Identity":
        following = after[following.output[0]]
    if following.op_type != "Add":
        raise ValueError(f"{node.op_type} is not followed by its bias")
    return str(following.input[1])


def _cut_before(graph: onnx.GraphProto, node: onnx.NodeProto) -> None:
    """Drop a node, all after it, and the constants that only they used."""
    del graph.node[list(graph.node).index(node) :]
    used = {name for kept in graph.node for name in kept.input}
    constants = [value for value in graph.initializer if value.name in used]
    del graph.initializer[:]
    graph.initializer.extend(constants)


def _add(graph: onnx.GraphProto, name: str, values: NDArray[np.float32]) -> None:
    graph.initializer.append(
        numpy_helper.from_array(np.ascontiguousarray(values, np.float32), name)
    )


def _set_outputs(graph: onnx.GraphProto, outputs: Sequence[Output]) -> None:
    del graph.output[:]
    graph.output.extend(
        helper.make_tensor_value_info(name, kind, shape) for name, kind, shape in outputs
    )
