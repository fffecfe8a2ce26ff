"""The models on onnxruntime: sessions set up for steady memory, and the graph edit for speed."""

from dataclasses import dataclass

import cv2
import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import TensorProto, helper

from ocr_service.engine.models import verified

CHANNEL_MEAN = 127.5
CHANNEL_SCALE = 1 / 127.5
"""Both models were trained on channels in [-1, 1], blue first."""


@dataclass(frozen=True, slots=True)
class OnnxDetector:
    """The text detector as a `TextDetector`."""

    session: onnxruntime.InferenceSession

    @classmethod
    def load(cls, threads: int) -> "OnnxDetector":
        """Load it from the installed package."""
        return cls(_session(verified("detector"), threads))

    def probabilities(self, image: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Give the (H, W) probability of text for an (H, W, 3) BGR image."""
        blob = cv2.dnn.blobFromImage(image, CHANNEL_SCALE, mean=(CHANNEL_MEAN,) * 3)
        (out,) = self.session.run(None, {"x": blob})
        return np.asarray(out[0, 0], np.float32)


@dataclass(frozen=True, slots=True)
class OnnxRecogniser:
    """A line recogniser as a `LineRecogniser`."""

    session: onnxruntime.InferenceSession
    alphabet: tuple[str, ...]

    @classmethod
    def load(cls, role: str, threads: int) -> "OnnxRecogniser":
        """Load the recogniser of that role from the installed package."""
        model = onnx.load_from_string(verified(role))
        alphabet = next(p.value for p in model.metadata_props if p.key == "character")
        _give_best_path(model)
        session = _session(model.SerializeToString(), threads)
        # The space is the class after the listed ones.
        return cls(session, (*alphabet.split("\n"), " "))

    def best_path(self, crops: NDArray[np.uint8]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Give class and probability at each of the W / 8 steps of (N, 48, W, 3) BGR crops."""
        blob = cv2.dnn.blobFromImages(list(crops), CHANNEL_SCALE, mean=(CHANNEL_MEAN,) * 3)
        classes, confidences = self.session.run(None, {"x": blob})
        return np.asarray(classes, np.int64), np.asarray(confidences, np.float32)


def _session(model: bytes, threads: int) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # The arena spares page faults (detection takes twice as long without it); the pattern planner
    # keeps one more block for every new input shape, and pages come in all shapes.
    options.enable_cpu_mem_arena = True
    options.enable_mem_pattern = False
    # Workers share the cores; a spinning thread takes them from the others.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def _give_best_path(model: onnx.ModelProto) -> None:
    """Make the graph return the best class and its probability instead of all 18,710."""
    graph = model.graph
    scores = graph.output[0].name
    graph.node.append(helper.make_node("ArgMax", [scores], ["class"], axis=2, keepdims=0))
    graph.node.append(helper.make_node("ReduceMax", [scores], ["confidence"], axes=[2], keepdims=0))
    del graph.output[:]
    shape = ["crops", "steps"]
    graph.output.extend(
        [
            helper.make_tensor_value_info("class", TensorProto.INT64, shape),
            helper.make_tensor_value_info("confidence", TensorProto.FLOAT, shape),
        ]
    )
