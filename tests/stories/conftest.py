"""The example smelter on each engine, loaded once for all its stories."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conftest import ENGINES, migrated
from tests.stories.smelter import Smelter, loaded_smelter, opened


@pytest.fixture(scope="session", params=ENGINES)
def smelter(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Smelter]:
    """What the stories read; whoever writes takes it back."""
    with migrated(request.param, request, tmp_path_factory) as url, opened(url) as database:
        yield loaded_smelter(database)
