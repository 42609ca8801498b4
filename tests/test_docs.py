"""`make docs`: the API reference is built without a warning and holds every public name."""

import ast
import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.interpreters import ROOT
from tsme import public, remote, testing

SCRIPT = ROOT / "setup" / "docs.py"
LIB = ROOT / "firmware" / "lib" / "tsme"
PUBLIC = dict(pair.split(":") for pair in public.HOMES.split())


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("docs")
    done = subprocess.run(
        [sys.executable, str(SCRIPT), str(folder)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    return folder


def anchors(page: Path) -> set[str]:
    return set(re.findall(r'id="([\w.]+)"', page.read_text(encoding="utf-8")))


def public_methods(stub: Path, name: str) -> set[str]:
    for node in ast.parse(stub.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ClassDef) and node.name == name:
            return {
                part.name
                for part in node.body
                if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef)
                and not part.name.startswith("_")
            }
    return set()


def test_the_page_of_the_package_has_every_public_name_and_method(built: Path):
    found = anchors(built / "device" / "tsme.html")
    assert set(PUBLIC) <= found
    for name, part in PUBLIC.items():
        at = LIB / part.replace(".", "/")
        stub = at / "__init__.pyi" if at.is_dir() else at.with_suffix(".pyi")
        assert {f"{name}.{method}" for method in public_methods(stub, name)} <= found


def test_each_stub_has_a_page_and_each_host_module_too(built: Path):
    def page(path: Path, root: Path) -> Path:
        name = path.relative_to(root).with_suffix("")
        return (name.parent if name.name == "__init__" else name).with_suffix(".html")

    pages = {p.relative_to(built / "device") for p in (built / "device").rglob("*.html")}
    assert {page(p, LIB.parent) for p in LIB.rglob("*.pyi")} <= pages
    pages = {p.relative_to(built / "host") for p in (built / "host").rglob("*.html")}
    for folder, package in (("host", "tsme_host"), ("sim", "tsme_sim")):
        paths = [
            p
            for p in (ROOT / folder).rglob("*.py")
            if not p.name.startswith("_") and (p.parent / "__init__.py").exists()
        ]
        assert {package / page(p, ROOT / folder) for p in paths} <= pages


def test_the_public_names_of_the_host_are_there(built: Path):
    for module in (testing, remote):
        name = module.__name__.replace(".", "/") + ".html"
        assert set(module.__all__) <= anchors(built / "host" / name)


def test_the_index_names_pages_that_are_there(built: Path):
    for link in re.findall(r'href="([^"]+)"', (built / "index.html").read_text(encoding="utf-8")):
        assert (built / link).is_file(), link


def test_what_a_stub_does_not_say_is_taken_from_the_comments_of_the_device(tmp_path: Path):
    spec = importlib.util.spec_from_file_location("docs_script", SCRIPT)
    assert spec
    assert spec.loader
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    source = "# What it is for.\n#\n# More.\nimport os\n\n\n# Above.\ndef one():\n    pass\n\n\n"
    source += (
        "class Two:\n    # Within,\n    # two lines.\n    def three(self):\n        # Of it.\n"
    )
    source += "        return 1\n"
    (tmp_path / "m.py").write_text(source, encoding="utf-8")
    assert script.comments(tmp_path / "m.py") == {
        "": "What it is for.\n\nMore.",
        "one": "Above.",
        "Two": "Within,\ntwo lines.",
        "Two.three": "Within,\ntwo lines.",
    }
