"""Things are changed from files and field by field."""

from __future__ import annotations

from pathlib import Path

import pytest

from portal.cli.edits import edited, read_mapping
from portal.domain.errors import Invalid


def test_fields_are_changed_by_path_and_read_as_yaml():
    thing = {"port": 80, "protection": {"approvals": 0, "wait_seconds": 5}}
    changes = ("port=8080", "hosts=[a.example, b.example]", "protection.approvals=2", "description=a=b", "plan=")
    assert edited(thing, changes) == {
        "port": 8080,
        "hosts": ["a.example", "b.example"],
        "protection": {"approvals": 2, "wait_seconds": 5},
        "description": "a=b",
        "plan": "",
    }


@pytest.mark.parametrize("change", ["port", "=8080", "port.inner=1"])
def test_a_change_that_names_no_field_is_refused(change: str):
    with pytest.raises(Invalid, match="cli_change_bad"):
        edited({"port": 80}, (change,))


def test_a_value_that_is_no_yaml_is_refused():
    with pytest.raises(Invalid, match="cli_file_unreadable"):
        edited({}, ("hosts=[a",))


def test_a_file_holds_one_thing(tmp_path: Path):
    file = tmp_path / "service.yaml"
    file.write_text("repository: registry.example/shop\nport: 8080\n")
    assert read_mapping(str(file)) == {"repository": "registry.example/shop", "port": 8080}
    file.write_text("- one\n- two\n")
    with pytest.raises(Invalid, match="cli_not_a_mapping"):
        read_mapping(str(file))
    with pytest.raises(Invalid, match="cli_file_unreadable"):
        read_mapping(str(tmp_path / "missing"))
