"""What somebody may do whom another service signed in: by the groups that it names. Pure."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from domain.access import AccessScope, UserRole

ANY_GROUP = "*"
MAX_GROUPS = 500
"""Of one person; more are not looked at."""


@dataclass(frozen=True, slots=True)
class GroupRule:
    """The role and the cameras of a group's members; `*` is everybody whom the service signs in."""

    group: str
    role: UserRole
    scope: AccessScope = AccessScope()


def find_rule(groups: Collection[str], rules: Sequence[GroupRule]) -> GroupRule | None:
    """Return the first rule that is for one of the groups, compared letter by letter; None lets nobody in."""
    return next((rule for rule in rules if rule.group == ANY_GROUP or rule.group in groups), None)


def known_groups(groups: Sequence[str], rules: Sequence[GroupRule]) -> tuple[str, ...]:
    """Return the groups that a rule names: a session needs to keep no other."""
    named = {rule.group for rule in rules}
    return tuple(dict.fromkeys(group for group in groups[:MAX_GROUPS] if group in named and group != ANY_GROUP))
