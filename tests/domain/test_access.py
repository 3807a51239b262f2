"""Who may do what, and how a token narrows it."""

from __future__ import annotations

import pytest

from portal.domain.access import PERMISSIONS_OF, Actor, Grant, Permission, Role, demand, may, roles_with
from portal.domain.errors import Refused


def test_a_role_in_one_environment_gives_nothing_in_another() -> None:
    bob = Actor("bob", grants=(Grant(Role.DEVELOPER, "dev"),))
    assert may(bob, Permission.ROLLOUT_START, "dev")
    assert not may(bob, Permission.ROLLOUT_START, "prod")


def test_a_token_never_gives_more_than_its_owner_has_nor_than_it_is_made_for() -> None:
    scopes = frozenset({Permission.VIEW, Permission.USER_EDIT})
    token = Actor("bob/ci", kind="token", grants=(Grant(Role.DEVELOPER),), scopes=scopes, person="bob")
    assert may(token, Permission.VIEW)
    assert not may(token, Permission.ROLLOUT_START)
    assert not may(token, Permission.USER_EDIT)
    assert token.human == "bob"


def test_the_administrator_may_do_everything_and_a_stranger_nothing() -> None:
    administrator, stranger = Actor("root", grants=(Grant(Role.ADMINISTRATOR),)), Actor("mallory")
    for permission in Permission:
        assert may(administrator, permission, "prod")
        with pytest.raises(Refused):
            demand(stranger, permission, "prod")


def test_starting_and_approving_are_never_both_in_the_hands_of_a_developer_or_an_operator() -> None:
    both = {Permission.ROLLOUT_START, Permission.ROLLOUT_APPROVE}
    assert not both <= PERMISSIONS_OF[Role.DEVELOPER]
    assert not both <= PERMISSIONS_OF[Role.OPERATOR]
    assert Role.RELEASE_MANAGER in roles_with(Permission.ROLLOUT_APPROVE)


def test_every_role_may_see_and_only_grows_from_the_viewer() -> None:
    for role in Role:
        assert PERMISSIONS_OF[role] >= PERMISSIONS_OF[Role.VIEWER]
