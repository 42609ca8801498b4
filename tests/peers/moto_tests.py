"""Runs moto's own tests of Step Functions against `tsme serve`: python -m tests.peers.moto_tests

What more is given goes to pytest, such as `-k alias`.  0: each passed, or failed for the reason
that moto_differs.json has for it.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.interpreters import ROOT, MissingTool

HERE = Path(__file__).parent
MOTO = ROOT / "build" / "moto"
TESTS = "tests/test_stepfunctions"


def install() -> None:
    """See to it that the tests are there.  Raises MissingTool."""
    done = subprocess.run([ROOT / "setup" / "peers.sh"], capture_output=True, check=False)
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise MissingTool(said[-1] if said else "setup/peers.sh failed")


def command(*given: str) -> list[str]:
    """pytest, which knows nothing of this project but the plugin."""
    return [
        sys.executable, "-m", "pytest", "-q", "-c", os.devnull, "--rootdir", str(MOTO),
        "-p", "no:cacheprovider", "-p", "moto_plugin", *given,
    ]  # fmt: skip


def environment() -> dict[str, str]:
    """Its variables: moto's Lambda runs code in Docker, which nobody has here, and how our tests
    are run is nothing to moto's."""
    ours = {name: value for name, value in os.environ.items() if name != "PYTEST_ADDOPTS"}
    return ours | {"PYTHONPATH": str(HERE), "TESTS_SKIP_REQUIRES_DOCKER": "true"}


def main() -> int:
    install()
    given = sys.argv[1:]
    named = any("::" in one or one.endswith(".py") for one in given)
    run = command("-rsx", *([] if named else [TESTS]), *given)
    return subprocess.run(run, cwd=MOTO, env=environment(), check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
