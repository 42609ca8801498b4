"""The pytest plugin: a class with `@simulate` in a test module is a test.

Loaded by every pytest run of who has TSME installed, so nothing else is imported until there is
such a class.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .campaign import Failure, Result
    from .simulation import Simulation
    from .testing import Settings

_SAID = "tsme simulation"  # what a report's property is called


def pytest_addoption(parser: pytest.Parser) -> None:
    """--sim-seeds and --sim-minutes, for all simulations of a run."""
    group = parser.getgroup("tsme", "simulations (TSME)")
    group.addoption(
        "--sim-seeds", type=int, metavar="N", help="so many seeds, whatever @simulate says"
    )
    group.addoption(
        "--sim-minutes", type=float, metavar="M", help="so many minutes, whatever @simulate says"
    )


@pytest.hookimpl(tryfirst=True)
def pytest_pycollect_makeitem(
    collector: pytest.Module | pytest.Class, name: str, obj: object
) -> SimulationItem | None:
    """A class that is marked itself, not by what it inherits from, is one test."""
    settings = vars(obj).get("simulated") if isinstance(obj, type) else None
    if settings is None or type(settings).__module__ != "tsme_sim.testing":
        return None
    item: SimulationItem = SimulationItem.from_parent(
        collector, name=name, kind=obj, settings=settings
    )
    return item


def pytest_report_teststatus(report: Any) -> tuple[str, str, str] | None:
    """With -v: what ran."""
    said = dict(getattr(report, "user_properties", ())).get(_SAID)
    if said and report.when == "call" and report.passed:
        return "passed", ".", f"PASSED ({said})"
    return None


class SimulationFailed(Exception):
    """A seed failed.  text: all there is to say."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


class SimulationItem(pytest.Item):
    """One simulation: its seeds, one after the other, until one fails or the time is up."""

    def __init__(self, *, kind: type[Simulation], settings: Settings, **rest: Any) -> None:
        super().__init__(**rest)
        self.kind, self.settings = kind, settings
        self.obj = kind
        marks = getattr(kind, "pytestmark", [])
        self.own_markers += marks if isinstance(marks, list) else [marks]
        self.keywords.update({mark.name: mark for mark in self.own_markers})

    def runtest(self) -> None:
        from .campaign import campaign, shrink  # noqa: PLC0415
        from .subjects import subjects_of  # noqa: PLC0415

        seeds = self.config.getoption("--sim-seeds")
        minutes = self.config.getoption("--sim-minutes")
        seeds = self.settings.seeds if seeds is None else seeds
        minutes = self.settings.minutes if minutes is None else minutes
        result = campaign(self.kind, range(seeds), minutes * 60)
        said = _said(result)
        self.user_properties.append((_SAID, said))
        if result.failure:
            failure = shrink(self.kind, subjects_of(self.kind), result.failure)
            raise SimulationFailed(f"{self._told(failure)}\n({said} before it failed)")
        self.add_report_section("call", "simulation", self._summary(result))

    def _summary(self, result: Result) -> str:
        import click  # noqa: PLC0415

        from .subjects import subjects_of  # noqa: PLC0415
        from .summary import summary  # noqa: PLC0415

        return click.unstyle("\n".join(summary(self.kind, subjects_of(self.kind), result)) + "\n")

    def _told(self, failure: Failure) -> str:
        """What failed, how to have it again, and where that is saved."""
        import click  # noqa: PLC0415

        from .reproducer import ENDING, commit, regression, save, story  # noqa: PLC0415
        from .summary import told  # noqa: PLC0415

        path = self.config.rootpath / f"{self.kind.__name__}-{failure.seed}{ENDING}"
        try:
            save(path, self.path, self.kind, failure)
            saved = f"Saved as {path.name} in {path.parent} (tsme sim --replay {path})"
        except OSError as e:
            saved = f"{path} cannot be written: {e.strerror}"
        lines = told(
            failure,
            commit(Path(self.path).parent),
            story(self.kind, failure),
            regression(self.kind, failure),
        )
        return click.unstyle("\n".join((*lines, "", saved)))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The story instead of a traceback; mistakes in the simulation's own class have one."""
        from tsme.errors import TsmeError  # noqa: PLC0415

        if isinstance(excinfo.value, SimulationFailed):
            return excinfo.value.text
        if isinstance(excinfo.value, TsmeError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Where the class is."""
        import inspect  # noqa: PLC0415

        try:
            line: int | None = inspect.getsourcelines(self.kind)[1] - 1
        except (OSError, TypeError):
            line = None
        return self.path, line, self.name


def _said(result: Result) -> str:
    """A campaign in a few words."""
    from tsme_host.tools.console import count  # noqa: PLC0415

    seen = result.seen
    faults = count(sum(seen.faults.values()), "fault")
    return f"{count(seen.seeds, 'seed')}, {count(seen.steps, 'step')}, {faults}"
