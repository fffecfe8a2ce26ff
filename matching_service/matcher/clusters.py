"""Documents on their way to sets: who stands with whom so far, and on whose orders' account."""

from collections.abc import Iterable, Mapping

from matching_service.matcher.decisions import Decisions
from matching_service.matcher.ledger import Ledger
from matching_service.matcher.profiles import Profile
from matching_service.matcher.records import Role


class Clusters:
    """A partition of documents that is joined step by step."""

    def __init__(
        self,
        profiles: Mapping[str, Profile],
        decisions: Decisions,
        anchor: Role,
        copies: Iterable[tuple[str, str]],
    ) -> None:
        self._profiles = profiles
        self._decisions = decisions
        self._anchor = anchor
        self._copies = frozenset(
            max(pair, key=lambda name: profiles[name].order) for pair in copies
        )
        self._name = {name: name for name in profiles}
        self._members = {name: {name} for name in profiles}
        self._ledgers: dict[str, Ledger] = {}

    def of(self, document: str) -> str:
        """The name of a document's cluster."""
        return self._name[document]

    def members(self, cluster: str) -> set[str]:
        """The documents of a cluster."""
        return self._members[cluster]

    def names(self) -> list[str]:
        """All clusters, in order."""
        return sorted(self._members)

    def orders(self, cluster: str) -> list[Profile]:
        """A cluster's anchors, in order."""
        found = (self._profiles[name] for name in self._members[cluster])
        return sorted((one for one in found if one.role is self._anchor), key=lambda p: p.order)

    def is_anchored(self, cluster: str) -> bool:
        """Tell whether a cluster has an anchor."""
        return any(self._profiles[name].role is self._anchor for name in self._members[cluster])

    def may_join(self, one: str, other: str) -> bool:
        """Tell whether no person said that two members do not belong together."""
        members = self._members[other]
        return not any(self._decisions.apart_from(name) & members for name in self._members[one])

    def join(self, one: str, other: str) -> str:
        """Make two clusters one; gives its name."""
        kept, gone = sorted((one, other))
        if kept == gone:
            return kept
        moved = self._members.pop(gone)
        self._members[kept] |= moved
        for name in moved:
            self._name[name] = kept
        self._ledgers.pop(kept, None)
        self._ledgers.pop(gone, None)
        return kept

    def excess(self, documents: Iterable[str], cluster: str) -> float:
        """The share of documents' lines that goes beyond the open balance of a cluster."""
        if cluster not in self._ledgers:
            ledger = self._ledgers[cluster] = Ledger(
                [one for one in self.orders(cluster) if one.record.id not in self._copies]
            )
            booked = (self._profiles[name] for name in self._members[cluster] - self._copies)
            for profile in sorted(booked, key=lambda one: one.order):
                ledger.take(profile)
        ledger = self._ledgers[cluster]
        return max(
            (ledger.excess(self._profiles[name]) for name in documents if name not in self._copies),
            default=0.0,
        )
