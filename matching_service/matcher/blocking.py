"""Which documents are compared at all: those that share an indexed key."""

from bisect import bisect_left, insort
from collections.abc import Iterator
from datetime import date
from itertools import product
from typing import Final

from matching_service.matcher.normal import skeleton
from matching_service.matcher.profiles import Profile
from matching_service.matcher.records import Role
from matching_service.matcher.rules import BlockingKey, KeyPart

Place = tuple[date, str]
"""Where a document stands in its block: by date and id, whenever it came."""

NO_DAY: Final = "undated"


def keys_of(profile: Profile, keys: tuple[BlockingKey, ...], window_days: int) -> dict[str, int]:
    """Give a document's blocking keys, each with the cap of its block."""
    found: dict[str, int] = {}
    for number, key in enumerate(keys):
        parts = [_values(profile, part, window_days) for part in key.parts]
        for values in product(*parts):
            found["\x1f".join((str(number), profile.record.tenant, *values))] = key.cap
    return found


def _values(  # noqa: PLR0911 - one return a part
    profile: Profile, part: KeyPart, window_days: int
) -> list[str]:
    record = profile.record
    match part:
        case KeyPart.REFERENCE:
            numbers = (
                *((record.number,) if record.number else ()),
                *record.order_refs,
                *record.delivery_refs,
                *record.bill_refs,
            )
            return sorted({key for number in numbers if len(key := skeleton(number)) >= 3})
        case KeyPart.VENDOR:
            return [profile.vendor] if profile.vendor else []
        case KeyPart.PERIOD:
            # Each document stands in two neighbouring periods, so that any two that are no
            # further apart than the window share one.
            if profile.day is None:
                return [NO_DAY]
            period = profile.day.toordinal() // window_days
            return [str(period), str(period + 1)]
        case KeyPart.TOTAL:
            if not record.total:
                return []
            return [f"{record.currency or ''} {record.total:.2f}"]
        case KeyPart.LINE:
            return sorted(
                {
                    f"{item.article or item.text} {item.quantity.normalize()}"
                    for item in profile.items
                    if item.quantity and (item.article or item.text)
                }
            )


class Blocks:
    """The index: key to members by role, of which the first `cap` by date and id count."""

    def __init__(self) -> None:
        self._members: dict[tuple[str, Role], list[Place]] = {}
        self._caps: dict[str, int] = {}

    def add(self, place: Place, role: Role, keys: dict[str, int]) -> set[str]:
        """Put a document into its blocks.

        Returns:
            The documents that no longer count in a block that is full.
        """
        pushed_out = set()
        for key, cap in keys.items():
            self._caps[key] = cap
            members = self._members.setdefault((key, role), [])
            insort(members, place)
            if len(members) > cap:
                pushed_out.add(members[cap][1])
        return pushed_out - {place[1]}

    def remove(self, place: Place, role: Role, keys: dict[str, int]) -> set[str]:
        """Take a document out; gives those that count again in a block that was full."""
        let_in = set()
        for key, cap in keys.items():
            members = self._members[key, role]
            at = bisect_left(members, place)
            del members[at]
            if at < cap <= len(members):
                let_in.add(members[cap - 1][1])
            if not members:
                del self._members[key, role]
        return let_in

    def partners(
        self, place: Place, role: Role, keys: dict[str, int], roles: frozenset[Role]
    ) -> set[str]:
        """List the documents of some roles that share a block with one."""
        found: set[str] = set()
        for key, cap in keys.items():
            mine = self._members.get((key, role), [])
            if len(mine) > cap and place >= mine[cap]:
                continue
            for other in roles:
                found.update(name for _, name in self._members.get((key, other), ())[:cap])
        found.discard(place[1])
        return found

    def truncated(self) -> Iterator[tuple[str, Role, int, int]]:
        """Report the blocks that are cut: key, role, members and how many of them count."""
        for (key, role), members in sorted(self._members.items()):
            if len(members) > self._caps[key]:
                yield key.replace("\x1f", " "), role, len(members), self._caps[key]
