"""What several tests of batches use."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from asrcli.runs.batch.batch_ledger import opened_ledger
from tests.support.batches import Batch


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Callable[..., Batch]]:
    """Makes a batch with a ledger."""
    with opened_ledger(tmp_path) as ledger:
        yield lambda *names, **more: Batch(tmp_path, ledger, names, **more)
