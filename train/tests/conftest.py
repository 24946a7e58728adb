"""BELLE names the command that exports and serves; without it the checkout's own is run."""
import os
import pathlib

import pytest


def pytest_configure(config):
    config.addinivalue_line("markers", "long: trains for minutes, `make smoke`")


@pytest.fixture(scope="session")
def belle():
    return os.environ.get("BELLE") or str(pathlib.Path(__file__).resolve().parents[2] / "belle")
