"""The use cases: each orders its steps and owns its transactions."""
