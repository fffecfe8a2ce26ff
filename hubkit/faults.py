"""Named points at which a test kills the process, to prove that nothing is lost there.

`DOCHUB_FAULT=name` kills at the first hit of a point, `name=key` at the first hit with that key,
`name=key:n` at the n-th, `name=:n` at the n-th hit whatever the key. Without the variable the
points do nothing.
"""

import os
import signal
from collections import Counter
from typing import Final

_VARIABLE: Final = "DOCHUB_FAULT"
_hits: Counter[tuple[str, str]] = Counter()


def fault_point(name: str, key: str = "") -> None:
    """Die at once, as by `kill -9`, when the environment asks for it here."""
    wanted = os.environ.get(_VARIABLE)
    if not wanted:
        return
    wanted_name, _, rest = wanted.partition("=")
    if wanted_name != name:
        return
    for own in {key, ""}:
        _hits[name, own] += 1
        count = _hits[name, own]
        if rest == f"{own}:{count}" or (rest == own and count == 1):
            os.kill(os.getpid(), signal.SIGKILL)
