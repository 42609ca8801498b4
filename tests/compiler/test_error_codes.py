"""Every error code of the compiler is documented, and every documented one exists."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
CODE = re.compile(r"TSME-C\d{3}")


def test_the_codes_in_the_source_are_those_in_the_documentation():
    used = set()
    for folder in ("compiler", "relational"):
        for path in (ROOT / "host" / folder).rglob("*.py"):
            used |= set(CODE.findall(path.read_text(encoding="utf-8")))
    text = (ROOT / "docs" / "ERRORS.md").read_text(encoding="utf-8")
    documented = re.findall(r"^#### (TSME-C\d{3})$", text, re.MULTILINE)
    assert sorted(used) == documented  # also: each once, in order


def test_every_documented_code_has_a_meaning_an_example_and_a_way_to_mend():
    text = (ROOT / "docs" / "ERRORS.md").read_text(encoding="utf-8")
    sections = re.split(r"^#### (?=TSME-C\d{3}$)", text, flags=re.MULTILINE)[1:]
    for section in sections:
        code, body = section.split("\n", 1)
        assert re.search(r"^Example: `", body, re.MULTILINE), code
        assert re.search(r"^Mend: ", body, re.MULTILINE), code
        assert not body.startswith("Example"), code
