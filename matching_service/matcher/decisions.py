"""What people decided, in the form that the engine takes as given."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from hubkit.core.errors import InvalidArgument


@dataclass(frozen=True, slots=True)
class Confirmed:
    """These documents belong together, by hand or by confirming what was proposed.

    Attributes:
        fingerprints: Id and content of each member when it was confirmed; an edit later shows.
    """

    members: frozenset[str]
    fingerprints: frozenset[tuple[str, str]] = frozenset()


@dataclass(frozen=True, slots=True)
class Rejected:
    """These two documents do not belong together; taking one out of a set is many of these."""

    one: str
    other: str


class Decisions:
    """All decisions that hold; the later one wins where two contradict."""

    def __init__(self, decided: Iterable[Confirmed | Rejected] = ()) -> None:
        self.confirmed: list[Confirmed] = []
        self._apart: dict[str, set[str]] = {}
        for one in decided:
            self.add(one)

    def add(self, decided: Confirmed | Rejected) -> set[str]:
        """Take a decision; gives the documents that it touches."""
        if isinstance(decided, Confirmed):
            if len(decided.members) < 2:
                raise InvalidArgument("a set has at least two documents", field="members")
            for one in decided.members:
                for other in decided.members & self._apart.get(one, set()):
                    self._apart[one].discard(other)
                    self._apart[other].discard(one)
            self.confirmed.append(decided)
            return set(decided.members)
        if decided.one == decided.other:
            raise InvalidArgument("a document can't be taken from itself", field="other")
        self._apart.setdefault(decided.one, set()).add(decided.other)
        self._apart.setdefault(decided.other, set()).add(decided.one)
        both = {decided.one, decided.other}
        touched = set(both)
        for held in self.confirmed:
            if both <= held.members:
                touched |= held.members
        # A rejected pair ends the sets that held both; what else they held stays confirmed.
        self.confirmed = [
            cut
            for held in self.confirmed
            for cut in ([held] if not both <= held.members else _without(held, decided.other))
        ]
        return touched

    def are_apart(self, one: str, other: str) -> bool:
        """Tell whether a person said that two documents do not belong together."""
        return other in self._apart.get(one, ())

    def apart_from(self, one: str) -> set[str]:
        """The documents that a person said one does not belong with."""
        return self._apart.get(one, set())

    def pins(self) -> Iterable[tuple[str, str]]:
        """The pairs that must stand together."""
        for held in self.confirmed:
            yield from pairwise(sorted(held.members))


def _without(held: Confirmed, member: str) -> list[Confirmed]:
    rest = held.members - {member}
    kept = frozenset(one for one in held.fingerprints if one[0] != member)
    return [Confirmed(rest, kept)] if len(rest) > 1 else []


def remove_from_set(member: str, others: Iterable[str]) -> list[Rejected]:
    """Take a document out of its set for good."""
    return [Rejected(other, member) for other in sorted(others) if other != member]
