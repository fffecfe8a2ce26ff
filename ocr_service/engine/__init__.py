"""The models on onnxruntime, and the worker processes that run them."""
