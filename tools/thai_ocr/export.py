"""Export a trained recogniser to the ONNX file that the product ships.

    python export.py RUN/best.pt MODEL.onnx

One input `x`: (N, 3, 48, W), blue, green, red in [-1, 1]. One output: (N, W / 4, classes)
probabilities. Metadata: `character`, the classes 1, 2, … one a line (the space follows them), and
`step_px`, the pixels of one time step.
"""

import argparse
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from alphabet import CHARACTERS, CLASSES
from model import STEP_PX, Recogniser, Shipped

TOLERANCE = 1e-4
OPSET = 17


def export(weights: Path, target: Path) -> None:
    """Write the file and prove that it computes what the network computes."""
    recogniser = Recogniser(CLASSES)
    recogniser.load_state_dict(torch.load(weights, weights_only=True))
    shipped = Shipped(recogniser).eval()
    torch.onnx.export(
        shipped,
        (torch.zeros(2, 3, 48, 320),),
        str(target),
        input_names=["x"],
        output_names=["probabilities"],
        dynamic_axes={"x": {0: "crops", 3: "width"}, "probabilities": {0: "crops", 1: "steps"}},
        opset_version=OPSET,
        dynamo=False,
    )
    model = onnx.load(target)
    for key, value in (("character", "\n".join(CHARACTERS)), ("step_px", str(STEP_PX))):
        model.metadata_props.add(key=key, value=value)
    onnx.checker.check_model(model)
    onnx.save(model, target)
    session = onnxruntime.InferenceSession(str(target), providers=["CPUExecutionProvider"])
    for count, width in ((1, 32), (3, 208), (2, 960)):
        x = torch.rand(count, 3, 48, width) * 2 - 1
        with torch.inference_mode():
            expected = shipped(x).numpy()
        (given,) = session.run(None, {"x": x.numpy()})
        if np.abs(given - expected).max() > TOLERANCE:
            raise SystemExit(f"the exported model differs at width {width}")
    print(f"{target}: {target.stat().st_size / 1e6:.1f} MB, {CLASSES} classes")


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("weights", type=Path)
    parser.add_argument("target", type=Path)
    given = parser.parse_args()
    export(given.weights, given.target)


if __name__ == "__main__":
    main()
