"""Graphs on onnxruntime, with sessions set up for steady memory."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class OnnxNetwork:
    """An onnxruntime session as a `Network`; sessions run in any number of threads."""

    session: onnxruntime.InferenceSession
    input_name: str

    def run(
        self, values: NDArray[np.float32], *, release: bool = False
    ) -> tuple[NDArray[Any], ...]:
        """Run it."""
        options = onnxruntime.RunOptions()
        if release:
            options.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")
        return tuple(self.session.run(None, {self.input_name: values}, options))


@dataclass(frozen=True, slots=True)
class OnnxRuntime:
    """Makes onnxruntime sessions."""

    name: str = field(default=f"onnxruntime {onnxruntime.__version__} float32")

    def network(self, graph: bytes, *, threads: int, lanes: int) -> OnnxNetwork:
        """Make a session; more lanes cost it nothing, and it keeps nothing of a shape."""
        del lanes
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        # The arena spares page faults (detection takes twice as long without it); the pattern
        # planner keeps one more block for every new input shape, and pages come in all shapes.
        options.enable_cpu_mem_arena = True
        options.enable_mem_pattern = False
        # Workers share the cores; a spinning thread takes them from the others.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 3
        session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
        return OnnxNetwork(session, session.get_inputs()[0].name)
