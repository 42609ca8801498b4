"""What the pages say of the code is so: limits, records, files, links."""

from __future__ import annotations

import re
import shlex
import zlib
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.interpreters import ROOT
from tsme import LIMITS
from tsme.errors import TsmeError
from tsme.program import Program
from tsme.values import cbor
from tsme_host.compiler.frontend.model import MOST
from tsme_host.tools.cli import main

DOCS = ROOT / "docs"
PAGES = sorted([ROOT / "README.md", *DOCS.glob("*.md"), *ROOT.glob("examples/*/README.md")])
# Where the files that pages name begin.
ROOTS = [ROOT, ROOT / "firmware" / "lib", ROOT / "firmware" / "lib" / "tsme", ROOT / "host"]
ROOTS += [ROOT / "host" / "compiler", ROOT / "native_modules"]


def text(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def test_boards_lists_every_limit_with_its_default_and_how_a_program_asks_for_it() -> None:
    found = re.findall(r"^\| `(\w+)` \| (\d+) \| [^|]+ \|([^|]*)\|$", text("BOARDS.md"), re.M)
    assert {name: int(default) for name, default, _ in found} == LIMITS
    assert [name for name, _, _ in found] == list(LIMITS)
    asked = re.findall(r'"tsme: (\w+)=\d+"', " ".join(how for _, _, how in found))
    assert sorted(asked) == sorted(MOST)


def test_the_record_that_spec_shows_is_one_that_is_kept() -> None:
    page = text("SPEC.md")
    at = page.index("The second record of `")
    section = page[at : page.index("### 4.3")]
    lines = re.findall(r"^    ((?:[0-9a-f]{2} ?)+)(?:  |$)", section, re.M)
    shown = bytes.fromhex(" ".join(lines))
    named = re.search(r"`([\w/.]+)`, at offset (\d+)", section)
    seed = re.search(r"before it is ([0-9a-f]{8})", section)
    assert named
    assert seed
    image = (ROOT / named[1]).read_bytes()
    offset = int(named[2])
    assert image[offset:][: len(shown)] == shown
    assert int.from_bytes(shown[:3], "little") == len(shown) - 8
    assert f"These are {len(shown)} bytes" in section
    assert image[offset + len(shown) : offset + 64].count(0xFF) == 64 - len(shown)
    crc = zlib.crc32(shown[:4] + shown[8:], int(seed[1], 16))
    assert shown[4:8] == crc.to_bytes(4, "little")
    assert f"crc {crc:08x}" in section
    assert f"digest {int.from_bytes(shown[8:12], 'little'):08x}" in section
    items: list[object] = []
    place = 12
    while place < len(shown):
        item, place = cbor.decode(shown, place, True)
        items.append(item)
    assert items == [3, 250, 2, "Busy", "the sensor is busy"]


def test_errors_says_of_another_format_what_a_device_says() -> None:
    data = bytearray((ROOT / "tests" / "releases" / "1" / "retry.tsm").read_bytes())
    data[1] = 3
    with pytest.raises(TsmeError) as said:
        Program(bytes(data))
    assert said.value.code == "TSME-P003"
    assert f"Example: `{said.value.message}" in text("ERRORS.md")


def named_files(page: str) -> Iterator[str]:
    """Files in backticks that have a folder before their name."""
    for name in re.findall(r"`((?:[\w.-]+/)+[\w.-]+\.(?:py|pyi|c|h|md|bin|cddl))`", page):
        if not name.startswith("build/"):
            yield name


@pytest.mark.parametrize("name", ["DESIGN.md", "SPEC.md", "PROOF.md", "BOARDS.md", "ERRORS.md"])
def test_files_that_a_page_names_are_there(name: str) -> None:
    names = set(named_files(text(name)))
    assert not [file for file in names if not any((root / file).is_file() for root in ROOTS)]


def anchors(page: Path) -> set[str]:
    """Of its headings, as GitHub has them."""
    heads = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.M)
    return {re.sub(r"[^\w\- ]", "", head.lower()).strip().replace(" ", "-") for head in heads}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    prose = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
    for link in re.findall(r"\]\(([^)\s]+)\)", re.sub(r"`[^`\n]*`", "", prose)):
        if ":" in link:
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        if anchor:
            assert anchor in anchors(target), link


def commands(page: str) -> Iterator[tuple[list[str], list[str]]]:
    """The words of each command that a page shows, and the lines below it."""
    for block in re.findall(r"(?:^    .*\n)+", page, re.M):
        lines = [line[4:].rstrip() for line in block.splitlines()]
        begins = [n for n, line in enumerate(lines) if line.startswith("$ ")]
        for n, end in pairwise([*begins, len(lines)]):
            yield shlex.split(lines[n][2:]), lines[n + 1 : end]


def test_the_page_on_jsonata_shows_what_the_command_says() -> None:
    shown = list(commands(text("JSONATA.md")))
    assert len(shown) >= 6
    for (program, *words), lines in shown:
        assert program == "tsme"
        said = CliRunner().invoke(main, words).stdout.splitlines()
        # Of a listing the page leaves out what stands before it, and where a line comes from.
        plain = [re.sub(r"\s+;.*", "", line).rstrip() for line in said]
        assert "\n".join(lines) in "\n".join(plain)
