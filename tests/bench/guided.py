"""The targets of tests.bench.fuzz guided by coverage, where atheris has a wheel: one target a process."""

import importlib
import sys
from typing import Any

atheris: Any = importlib.import_module("atheris")

if __name__ == "__main__":
    with atheris.instrument_imports(include=["asrcli"], enable_loader_override=False):
        fuzz: Any = importlib.import_module("tests.bench.fuzz")
    fuzz.by_coverage(atheris, sys.argv[1], float(sys.argv[2]))
