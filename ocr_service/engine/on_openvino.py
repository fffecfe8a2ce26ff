"""Graphs on OpenVINO, in bfloat16 where the processor has it."""

import ctypes
import sys
from queue import SimpleQueue
from typing import Any

import numpy as np
import openvino
from numpy.typing import NDArray

DEVICE = "CPU"
KEPT_KERNELS = 600
"""Kernels that a network keeps, one a layer and shape. Left alone, OpenVINO keeps thousands and
grows with every shape it meets; keeping none costs the recogniser two fifths of its speed."""


class OpenVinoNetwork:
    """A compiled model as a `Network`, with one request for each lane."""

    def __init__(self, compiled: openvino.CompiledModel, lanes: int) -> None:
        """Make the requests."""
        self._compiled = compiled
        self._free: SimpleQueue[openvino.InferRequest] = SimpleQueue()
        for _ in range(lanes):
            self._free.put(compiled.create_infer_request())

    def run(
        self, values: NDArray[np.float32], *, release: bool = False
    ) -> tuple[NDArray[Any], ...]:
        """Run it; waits while all lanes are in use."""
        request = self._free.get()
        try:
            found = request.infer([values], share_inputs=True)
            return tuple(found.values())
        finally:
            self._free.put(request)
            if release:
                self._compiled.release_memory()
                if sys.platform == "linux":  # freed pages stay with the process otherwise
                    ctypes.CDLL(None).malloc_trim(0)


class OpenVinoRuntime:
    """Compiles models for the processor."""

    def __init__(self) -> None:
        """Look at the processor.

        Raises:
            RuntimeError: OpenVINO does not know it.
        """
        self._core = openvino.Core()
        able = self._core.get_property(DEVICE, "OPTIMIZATION_CAPABILITIES")
        self._precision = "bf16" if "BF16" in able else "f32"

    @property
    def name(self) -> str:
        """Library, version and precision."""
        return f"openvino {openvino.__version__.split('-')[0]} {self._precision}"

    def network(self, graph: bytes, *, threads: int, lanes: int) -> OpenVinoNetwork:
        """Compile a graph."""
        compiled = self._core.compile_model(
            self._core.read_model(graph),
            DEVICE,
            {
                "INFERENCE_NUM_THREADS": threads * lanes,
                "NUM_STREAMS": lanes,
                "INFERENCE_PRECISION_HINT": self._precision,
                # Several workers would all be pinned to the same first core.
                "ENABLE_CPU_PINNING": False,
                "CPU_RUNTIME_CACHE_CAPACITY": KEPT_KERNELS,
            },
        )
        return OpenVinoNetwork(compiled, lanes)
