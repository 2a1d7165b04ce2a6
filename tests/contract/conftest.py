"""What several contract tests ask for."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.contract.source_server import SourceServer, serving


@pytest.fixture
def source() -> Iterator[SourceServer]:
    """A source of figures on the loopback."""
    with serving() as served:
        yield served
