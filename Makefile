.PHONY: lock
lock: ## Pin every dependency by hash, without naming a registry
	$(UV) pip compile $(UVFLAGS) --extra build pyproject.toml -o requirements.txt
	$(UV) pip compile $(UVFLAGS) --extra build --extra dev -c requirements.txt pyproject.toml -o requirements-dev.txt
UV := .venv/bin/uv
UVFLAGS := -q --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url
