"""`tsme gen`: what is made of a relational schema."""

from __future__ import annotations

from pathlib import Path

import click

from ...relational import stubs
from ...relational.compile import Compiled
from .. import console, schemas
from ..errors import DONE, FAILED, HostError
from ..files import is_schema
from ..outputs import not_writable, replace_whole

_KINDS = ("handlers", "names", "grafana")
_FILES = (".py", ".pyi", ".json")


@click.command(short_help="Make handlers, typed names and a dashboard from a relational schema.")
@click.argument("schema", metavar="SCHEMA")
@click.option(
    "-o",
    "--output",
    metavar="FOLDER",
    help="The folder for what is made, made too if need be.  [default: that of SCHEMA]",
)
@click.option(
    "--only",
    type=click.Choice(_KINDS),
    multiple=True,
    help="Make this alone. May be repeated.",
)
@click.option("--force", is_flag=True, help="Overwrite files that hold something else.")
def gen(schema: str, output: str | None, only: tuple[str, ...], force: bool) -> int:
    """Make handlers, typed names and a dashboard from a relational schema.

    SCHEMA is FILE.py:CLASS, a JSON or YAML file with `states`, or a .tsr. For a machine called
    relay these are relay_handlers.py (a class with all handlers, to be filled in), relay_states.py
    and .pyi (a constant for each state), and relay.grafana.json (a dashboard of what `tsme journal
    metrics` tells Prometheus). The same schema gives the same files. One that holds something
    else, such as handlers that you have written, is kept: nothing is written then, and the exit
    code is 1, but with --force.
    """
    if not is_schema(schema):
        hint = "name FILE.py:CLASS, a JSON or YAML file with states, or a .tsr"
        if not Path(schema).is_file():
            schemas.read(schema)
        raise HostError("TSME-H014", f'"{schema}" is no relational schema', hint)
    if output and output.endswith(_FILES) and not Path(output).is_dir():
        hint = f"-o FOLDER says where, and --only what: tsme gen {schema} -o {Path(output).parent}"
        raise HostError("TSME-H002", f'-o names a folder, and "{output}" is a file\'s name', hint)
    made, findings = schemas.check(schema)
    if made is None:
        schemas.show(findings, to_stderr=True)
        return FAILED
    folder = Path(output) if output else Path(schema.rpartition(".py:")[0] or schema).parent
    texts = {folder / name: text for name, text in _files(schema, made, only or _KINDS).items()}
    others = [path for path, text in texts.items() if _other(path, text)]
    if others and not force:
        for path in others:
            said = f'"{path}" holds something else, so nothing was written'
            hint = "--force overwrites it, -o FOLDER puts all elsewhere"
            click.echo(f"tsme: error TSME-H016: {said}; {hint}", err=True)
        return FAILED
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise not_writable(str(folder), error) from None
    for path, text in texts.items():
        if path.is_file() and path not in others:
            console.out(f"{path}: {console.faint('as it was')}")
            continue
        replace_whole(path, text.encode())
        console.out(f"{path}: {console.good('written')}")
    return DONE


def _other(path: Path, text: str) -> bool:
    """Is there something that is not what would be written?"""
    try:
        return path.exists() and path.read_bytes() != text.encode()
    except OSError as error:
        raise not_writable(str(path), error) from None


def _files(given: str, made: Compiled, kinds: tuple[str, ...]) -> dict[str, str]:
    """The files by their names, and their texts."""
    schema = made.schema
    name = stubs.identifier(schema.name)
    shown = Path(given).name
    found: dict[str, str] = {}
    if "handlers" in kinds:
        target = Path(schemas.target_of(given, made)).name
        have = made.written if ".py:" in given else None
        found[f"{name}_handlers.py"] = stubs.handlers(schema, shown, target, have)
    if "names" in kinds:
        found[f"{name}_states.py"] = stubs.names(schema, shown)
        found[f"{name}_states.pyi"] = stubs.typed(schema, shown)
    if "grafana" in kinds:
        from ...relational.metrics import dashboard  # noqa: PLC0415

        found[f"{name}.grafana.json"] = dashboard(schema)
    return found


COMMANDS = (gen,)
