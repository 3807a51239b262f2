"""Where the portal listens, and what it says when it cannot."""

from __future__ import annotations

import socket

import pytest

from portal.domain.errors import Unavailable
from portal.web.serve import listening


def test_a_free_port_is_bound_before_anything_else_is_begun() -> None:
    with listening("127.0.0.1", 0) as bound:
        assert bound.getsockname()[0] == "127.0.0.1"


@pytest.mark.parametrize("host", ["127.0.0.1", "192.0.2.1"])
def test_a_port_that_cannot_be_had_is_refused_with_its_name(host: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(Unavailable) as refused:
            listening(host, port)
    assert refused.value.code == "port_taken"
    assert refused.value.params["port"] == str(port)
