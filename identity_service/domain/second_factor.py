"""Codes of an authenticator, each good once, and recovery codes that stand in for them."""

import hashlib
import re
from dataclasses import replace
from datetime import datetime
from typing import Final

import pyotp

from identity_service.domain.people import SecondFactor

STEP_S: Final = 30
SECRET_BYTES: Final = 20
"""160 bits, as RFC 4226 section 4 recommends."""
RECOVERY_CODES: Final = 10
_LETTERS: Final = "abcdefghjkmnpqrstuvwxyz23456789"  # none that look like another
_CODE_LENGTH: Final = 12  # of 31 letters: 59 bits
_DIGITS: Final = re.compile(r"\d{6}")


def after_code(factor: SecondFactor, secret: str, code: str, now: datetime) -> SecondFactor | None:
    """Use a code up.

    Args:
        factor: What is kept of the authenticator.
        secret: What it shares with us, in Base32.
        code: As typed: six digits, or a recovery code.
        now: The present; the code before and the one after count too, for clocks differ.

    Returns:
        What to keep from now on; None where the code is wrong or was used.
    """
    typed = re.sub(r"[\s-]", "", code).lower()
    if _DIGITS.fullmatch(typed):
        present = int(now.timestamp()) // STEP_S
        for step in (present - 1, present, present + 1):
            right = pyotp.TOTP(secret).at(step * STEP_S)
            if step > factor.last_step and pyotp.utils.strings_equal(typed, right):
                return replace(factor, last_step=step)
        return None
    digest = recovery_digest(typed)
    if digest not in factor.recovery_digests:
        return None
    left = tuple(one for one in factor.recovery_digests if one != digest)
    return replace(factor, recovery_digests=left)


def recovery_code(random: bytes) -> str:
    """Make a recovery code of 16 random bytes."""
    number = int.from_bytes(random, "big")
    letters = ""
    for _ in range(_CODE_LENGTH):
        number, at = divmod(number, len(_LETTERS))
        letters += _LETTERS[at]
    return "-".join(letters[at : at + 4] for at in range(0, _CODE_LENGTH, 4))


def recovery_digest(code: str) -> bytes:
    """Give what is kept of a recovery code."""
    return hashlib.sha256(f"recovery\0{code.replace('-', '')}".encode()).digest()
