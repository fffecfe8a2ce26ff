"""The engine: documents and decisions in any order in, the same sets for the same facts out."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from matching_service.matcher.assigning import Assigner
from matching_service.matcher.blocking import Blocks, keys_of
from matching_service.matcher.completing import complete
from matching_service.matcher.copies import is_copy
from matching_service.matcher.decisions import Confirmed, Decisions, Rejected
from matching_service.matcher.directory import Directory
from matching_service.matcher.profiles import Profile, profile
from matching_service.matcher.records import Record, Role
from matching_service.matcher.rules import Link, Rule
from matching_service.matcher.scoring import Score, evaluate
from matching_service.matcher.sets import MatchSet


@dataclass(frozen=True, slots=True)
class Held:
    """A document inside the engine: made ready, with its blocking keys."""

    profile: Profile
    keys: dict[str, int]


class Matcher:
    """Holds documents and keeps their sets up to date.

    A new or edited document is compared inside its own blocks, and only the connected component
    that it touches is assigned anew. As pairs are scored from the two documents alone, and
    components are assigned in a fixed order, the sets are those of a run over everything.
    """

    def __init__(
        self, rule: Rule, directory: Directory, decisions: Decisions | None = None
    ) -> None:
        self.rule = rule
        self.directory = directory
        self.decisions = decisions or Decisions()
        self._links: dict[tuple[Role, Role], Link] = {
            (link.left, link.right): link for link in rule.links
        }
        self._near_roles: dict[Role, frozenset[Role]] = {
            role: frozenset(
                {role}
                | {b for a, b in self._links if a is role}
                | {a for a, b in self._links if b is role}
            )
            for role in Role
        }
        self._held: dict[str, Held] = {}
        self._other: dict[str, Record] = {}
        self._blocks = Blocks()
        self._edges: dict[str, dict[str, Score | None]] = {}
        self._sets: dict[str, MatchSet] = {}
        self._touched: set[str] = set()

    def put(self, record: Record) -> None:
        """Take a new document, or one that was edited."""
        self.remove(record.id)
        role = record.role
        if role is None:
            self._other[record.id] = record
            self._touched.add(record.id)
            return
        ready = profile(record, role, self.directory)
        keys = keys_of(ready, self.rule.keys, self.rule.window_days)
        self._held[record.id] = Held(ready, keys)
        self._edges[record.id] = {}
        for name in sorted(self._blocks.add(ready.order, role, keys)):
            self._compare(name)
        self._compare(record.id)
        self._touched.add(record.id)

    def remove(self, document: str) -> None:
        """Forget a document; one that is unknown is passed over."""
        if self._other.pop(document, None) is not None:
            self._sets.pop(document, None)
            self._touched.discard(document)
        held = self._held.pop(document, None)
        if held is None:
            return
        for other in self._edges.pop(document):
            del self._edges[other][document]
            self._touched.add(other)
        for name in self._sets_members(document):
            self._touched.add(name)
        self._touched.discard(document)
        self._sets.pop(document, None)
        let_in = self._blocks.remove(held.profile.order, held.profile.role, held.keys)
        for name in sorted(let_in):
            self._compare(name)

    def decide(self, decided: Confirmed | Rejected) -> None:
        """Take a person's decision; it holds from now on, whatever runs."""
        self._touched |= self.decisions.add(decided) & (self._held.keys() | self._other.keys())

    def sets(self) -> list[MatchSet]:
        """Give all sets, single documents too, in order."""
        self._solve()
        unique = {found.documents: found for found in self._sets.values()}
        return [unique[key] for key in sorted(unique)]

    def sets_of_touched(self) -> None:
        """Bring the sets up to date, which asking for one does too."""
        self._solve()

    def set_of(self, document: str) -> MatchSet | None:
        """Give the set that a document stands in."""
        self._solve()
        return self._sets.get(document)

    def record(self, document: str) -> Record | None:
        """Give a document as it was put in."""
        held = self._held.get(document)
        return held.profile.record if held else self._other.get(document)

    def held(self, document: str) -> Profile | None:
        """Give a document as it is compared."""
        found = self._held.get(document)
        return found.profile if found else None

    def near(self, document: str) -> list[tuple[str, Score]]:
        """List the documents that one was compared with and may belong to, the best first."""
        found = [(n, s) for n, s in self._edges.get(document, {}).items() if s is not None]
        return sorted(found, key=lambda one: (-one[1].points, one[0]))

    def truncated(self) -> list[tuple[str, Role, int, int]]:
        """List the blocks that were cut; empty as a rule."""
        return list(self._blocks.truncated())

    def link_of(self, one: Profile, other: Profile) -> tuple[Link, Profile, Profile] | None:
        """Give how two documents are compared, and which is the left one."""
        link = self._links.get((one.role, other.role))
        if link is not None:
            return link, one, other
        link = self._links.get((other.role, one.role))
        return (link, other, one) if link is not None else None

    def _compare(self, document: str) -> None:
        """Bring a document's edges up to date with the blocks it counts in."""
        held = self._held[document]
        mine = held.profile
        partners = self._blocks.partners(
            mine.order, mine.role, held.keys, self._near_roles[mine.role]
        )
        edges = self._edges[document]
        for other in [name for name in edges if name not in partners]:
            del edges[other]
            del self._edges[other][document]
            self._touched |= {other, document}
        for other in partners:
            if other not in edges:
                self._score(document, other)

    def _score(self, document: str, other: str) -> None:
        one, two = self._held[document].profile, self._held[other].profile
        if one.role is two.role:
            if is_copy(one, two):
                self._edges[document][other] = self._edges[other][document] = None
            return
        found = self.link_of(one, two)
        if found is None:
            return
        link, left, right = found
        score = evaluate(link, self.rule.thresholds, left, right)
        if score is None:
            return
        self._edges[document][other] = self._edges[other][document] = score

    def _solve(self) -> None:
        pinned: dict[str, set[str]] = {}
        for one, other in self.decisions.pins() if self._touched else ():
            pinned.setdefault(one, set()).add(other)
            pinned.setdefault(other, set()).add(one)
        waiting = set()
        for name in self._touched:
            waiting.add(name)
            waiting.update(self._sets_members(name))
        waiting &= self._held.keys() | self._other.keys()
        self._touched = set()
        for start in sorted(waiting):
            if start not in waiting:
                continue
            component = self._component(start, pinned)
            waiting -= component
            for found in self._assign(component):
                for name in found.documents:
                    self._sets[name] = found

    def _sets_members(self, document: str) -> Iterable[str]:
        found = self._sets.get(document)
        return found.documents if found else ()

    def _component(self, start: str, pinned: dict[str, set[str]]) -> set[str]:
        """Everything that a document is tied to, over any number of pairs."""
        found, todo = {start}, deque([start])
        while todo:
            name = todo.popleft()
            tied = set(self._edges.get(name, ()))
            tied |= {other for other in pinned.get(name, ()) if other in self._held}
            for other in tied - found:
                found.add(other)
                todo.append(other)
        return found

    def _assign(self, component: set[str]) -> list[MatchSet]:
        found = []
        for part in self._parts(component):
            profiles = {name: self._held[name].profile for name in part if name in self._held}
            scores: dict[tuple[str, str], Score] = {}
            copies: set[tuple[str, str]] = set()
            for name in sorted(profiles):
                for other, score in self._edges[name].items():
                    if other not in profiles or (score is None and other < name):
                        continue
                    if score is None:
                        copies.add((name, other))
                    elif (profiles[name].role, profiles[other].role) in self._links:
                        scores[name, other] = score
            assigner = Assigner(self.rule, profiles, scores, copies, self.decisions)
            for members, joins in assigner.assign():
                found.append(
                    complete(
                        self.rule, {n: profiles[n] for n in members}, joins, copies, self.decisions
                    )
                )
            found += [
                complete(self.rule, {}, (), (), self.decisions, other=name)
                for name in sorted(part)
                if name in self._other
            ]
        return found

    def _parts(self, component: set[str]) -> list[list[str]]:
        """Cut a component that is too large by date and id, so that the cut is always the same."""
        cap = self.rule.component_cap
        held = [self._held[name].profile.order for name in component if name in self._held]
        ordered = [name for _, name in sorted(held)] + sorted(component & self._other.keys())
        return [ordered[at : at + cap] for at in range(0, len(ordered), cap)]
