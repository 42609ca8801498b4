"""Every error code of the command line is documented, and every documented one exists."""

import re

from tests.interpreters import ROOT

CODE = re.compile(r"TSME-[HBGNS]\d{3}")
FOLDERS = (
    "host/tools",
    "host/database",
    "host/server",
    "firmware/boards",
    "firmware/lib/tsme",
    "sim",
)


def documented() -> list[tuple[str, str]]:
    text = (ROOT / "docs" / "ERRORS.md").read_text(encoding="utf-8")
    sections = re.split(r"^#### ", text, flags=re.MULTILINE)[1:]
    split = [section.split("\n", 1) for section in sections]
    return [(code, body) for code, body in split if CODE.fullmatch(code)]


def test_the_codes_in_the_source_are_those_in_the_documentation():
    used = set()
    for folder in FOLDERS:
        for path in (ROOT / folder).rglob("*.py"):
            used |= set(CODE.findall(path.read_text(encoding="utf-8")))
    codes = [code for code, _ in documented()]
    assert sorted(used) == sorted(codes)  # also: each once
    for letter in {code[5] for code in codes}:
        of_it = [code for code in codes if code[5] == letter]
        assert of_it == sorted(of_it)


def test_every_documented_code_has_a_meaning_an_example_and_a_way_to_mend():
    for code, body in documented():
        assert re.search(r"^Example: `", body, re.MULTILINE), code
        assert re.search(r"^Mend: ", body, re.MULTILINE), code
        assert not body.startswith("Example"), code
