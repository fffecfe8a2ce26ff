"""Turn an exported recogniser's convolutions into whole numbers of eight bits.

    python quantise.py MODEL.onnx SHARDS QUANTISED.onnx

Ranges come from lines of the held-back shards that nothing is measured on. The first two layers and
the last one stay as they are: they are cheap, and most of the loss would come from them.
"""

import argparse
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
from evaluate import batched
from numpy.typing import NDArray
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_static,
)
from onnxruntime.quantization.shape_inference import quant_pre_process
from train import HELD_BACK, HELD_BACK_LINES, load_shard

LINES = 150
"""Of each shard; ten times as many change nothing."""


class Lines(CalibrationDataReader):
    """Gives the lines one by one."""

    def __init__(self, shards: Path) -> None:
        """Take the lines after the ones that are measured on."""
        self._blobs = self._read(shards)

    def get_next(self) -> dict[str, NDArray[np.float32]] | None:
        """Give the next line, or None at the end."""
        return next(self._blobs, None)

    @staticmethod
    def _read(shards: Path) -> Iterator[dict[str, NDArray[np.float32]]]:
        first = HELD_BACK_LINES + 200
        for number in HELD_BACK.values():
            crops, _ = load_shard(shards / f"{number:05d}.npz")
            for crop in crops[first : first + LINES]:
                ((_, block),) = batched([crop])
                yield {"x": np.repeat(block[:, None], 3, axis=1).astype(np.float32) / 127.5 - 1}


def quantise(model: Path, shards: Path, target: Path) -> None:
    """Write the quantised model with the metadata of the given one."""
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / "plain.onnx"
        quant_pre_process(str(model), str(plain), skip_symbolic_shape=True)
        graph = onnx.load(plain).graph
        convolutions = [node.name for node in graph.node if node.op_type == "Conv"]
        quantize_static(
            str(plain),
            str(target),
            Lines(shards),
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=["Conv"],
            per_channel=True,
            weight_type=QuantType.QInt8,
            activation_type=QuantType.QInt8,
            calibrate_method=CalibrationMethod.MinMax,
            nodes_to_exclude=[*convolutions[:2], convolutions[-1]],
            extra_options={"ActivationSymmetric": True},
        )
    quantised = onnx.load(target)
    del quantised.metadata_props[:]
    quantised.metadata_props.extend(onnx.load(model).metadata_props)
    onnx.save(quantised, target)
    print(f"{target}: {target.stat().st_size / 1e6:.1f} MB")


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model", type=Path)
    parser.add_argument("shards", type=Path)
    parser.add_argument("target", type=Path)
    given = parser.parse_args()
    quantise(given.model, given.shards, given.target)


if __name__ == "__main__":
    main()
