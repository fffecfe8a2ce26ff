"""What runs the graphs: one port, and the choice of what this machine does best.

OpenVINO computes in bfloat16 where the processor has instructions for it, at twice the speed and
without a loss that could be measured; elsewhere in float32, still ahead of onnxruntime, which is
always there and takes over where OpenVINO is not installed or does not know the machine.
"""

from importlib import util
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

AUTO, OPENVINO, ONNXRUNTIME = "auto", "openvino", "onnxruntime"


class Network(Protocol):
    """A graph ready to run."""

    def run(
        self, values: NDArray[np.float32], *, release: bool = False
    ) -> tuple[NDArray[Any], ...]:
        """Run the graph on its one input; may be called from several threads at once.

        Args:
            values: In the shape the graph takes.
            release: Give the memory of intermediate values back afterwards.

        Returns:
            The outputs in the graph's order; they belong to the caller.
        """
        ...


class Runtime(Protocol):
    """Makes networks of ONNX graphs."""

    @property
    def name(self) -> str:
        """Library, version and precision, for people."""
        ...

    def network(self, graph: bytes, *, threads: int, lanes: int) -> Network:
        """Prepare a graph.

        Args:
            graph: ONNX, serialised.
            threads: That compute one run.
            lanes: Runs that may go on at once.
        """
        ...


def runtime(backend: str = AUTO) -> Runtime:
    """Choose the runtime.

    Args:
        backend: `auto`, or the name of one.

    Raises:
        ValueError: There is none of that name.
    """
    # Imported when chosen: each library costs memory and start time.
    if backend == OPENVINO or (backend == AUTO and util.find_spec("openvino") is not None):
        try:
            from ocr_service.engine.on_openvino import OpenVinoRuntime  # noqa: PLC0415

            return OpenVinoRuntime()
        except (ImportError, RuntimeError):
            if backend == OPENVINO:
                raise
    if backend not in (AUTO, ONNXRUNTIME):
        raise ValueError(f"no runtime is called {backend}: auto, openvino or onnxruntime")
    from ocr_service.engine.on_onnxruntime import OnnxRuntime  # noqa: PLC0415

    return OnnxRuntime()
