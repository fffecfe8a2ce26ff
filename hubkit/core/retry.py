"""How long to wait before trying again."""

from typing import Final

FIRST_DELAY_S: Final = 1.0
LONGEST_DELAY_S: Final = 60.0


def delay_s(attempt: int, random01: float) -> float:
    """Give the wait before another try: doubling, at most a minute, and spread out.

    Half of it is random, so that many callers who failed together do not come back together.

    Args:
        attempt: Tries that have failed, from 1.
        random01: A random number in [0, 1).
    """
    # The exponent is bounded too: 2.0 ** 1024 raises an error.
    longest = min(LONGEST_DELAY_S, FIRST_DELAY_S * 2.0 ** min(max(attempt, 1) - 1, 16))
    return longest * (0.5 + random01 / 2)
