"""JSON text and hashes, against json and hashlib, and on every interpreter."""

import hashlib
import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.firmware import leaves, reference
from tests.firmware.leaves import Question, on_every_interpreter
from tests.firmware.test_values import same
from tsme.errors import TsmeError
from tsme.values import hashes
from tsme.values import json as tsme_json


@given(reference.values, st.sampled_from([None, 1]), st.booleans())
def test_json_text_is_read_as_python_reads_it(v, indent, ascii_only):
    assert same(tsme_json.loads(json.dumps(v, indent=indent, ensure_ascii=ascii_only)), v)


@given(reference.values)
def test_json_text_is_written_so_that_it_gives_the_value_back(v):
    text = tsme_json.dumps(v)
    assert same(tsme_json.loads(text), v)
    assert same(json.loads(text), v)


whole = st.recursive(
    st.none() | st.booleans() | reference.integers | reference.texts,
    lambda inner: st.lists(inner) | st.dictionaries(reference.texts, inner),
    max_leaves=20,
)


@given(whole)
def test_json_text_is_compact(v):
    expected = json.dumps(v, separators=(",", ":"), ensure_ascii=False)
    assert tsme_json.dumps(v).lower() == expected.lower()  # AWS: \u001F, Python: \u001f


@given(st.text('[]{},:"\\ue019.-+truefalsn \n', max_size=12))
def test_text_is_json_exactly_if_python_says_so(text):
    try:
        expected = json.loads(text, parse_constant=float.fromhex)
        json.dumps(expected, allow_nan=False)
    except ValueError:
        with pytest.raises(TsmeError):
            tsme_json.loads(text)
        return
    try:
        v = tsme_json.loads(text)
    except TsmeError as error:  # half a surrogate pair, which Python lets pass
        assert "surrogate" in str(error)
        return
    assert same(v, expected)


BAD = ["", " ", "{", "[1,]", '{"a"}', '{"a":}', '{"a":1,}', "01", "tru", "nulll", '"a', '"\\x"']
BAD += [
    '"\\ud800"',
    '"\\ud800\\u0041"',
    '"\\udc00"',
    '"\\udc00\\udc00"',
    '"\\u12"',
    '"\\u12g4"',
    "[1 2]",
    "1 2",
    "NaN",
]
BAD += ['"\n"', "[}", '{"a":1]', "+1", ".5", "12345678901234567890", "1e999", "'a'", "\ufeff1"]
BAD += ["\u00a01", "[" * 33, '{"a":' * 33, "e1", "-", '"\\', "[", "[1", "{1:2}"]


@pytest.mark.parametrize("text", BAD)
def test_text_that_is_no_json_is_refused(text):
    with pytest.raises(TsmeError):
        tsme_json.loads(text)


def test_the_last_of_two_members_counts():
    assert list(tsme_json.loads('{"a":1,"b":2,"a":3}').items()) == [("a", 3), ("b", 2)]


def test_what_has_to_be_escaped_is():
    assert tsme_json.dumps('a"\\/\b\f\n\r\t\x1f\x7fé\u2028') == (
        '"a\\"\\\\/\\b\\f\\n\\r\\t\\u001F\x7fé\u2028"'
    )


def test_java_prints_maps_without_quotes():
    v = {"Id": "x", "list": [1, None, True, {"a": 1.5}, []], "m": {}}
    assert tsme_json.dumps(v, True) == "{Id=x, list=[1, null, true, {a=1.5}, []], m={}}"


@given(st.binary(max_size=300), st.sampled_from(["md5", "sha1", "sha256", "sha384", "sha512"]))
def test_hashes(data, name):
    assert hashes.digest(name, data) == hashlib.new(name, data, usedforsecurity=False).digest()


@on_every_interpreter
def test_every_interpreter_has_the_same_texts_and_hashes(name: str) -> None:
    rng = random.Random(4)
    questions: list[Question] = [("loads", [text], None) for text in BAD]
    for _ in range(300):
        v = reference.random_value(rng)
        data = reference.encode(v)
        questions.append(("loads", [json.dumps(v, ensure_ascii=False)], data.hex()))
        questions.append(("loads", [json.dumps(v, indent=1)], data.hex()))
        questions.append(("dumps", [data], tsme_json.dumps(v).encode().hex()))
        questions.append(("java", [data], tsme_json.dumps(v, True).encode().hex()))
        text = list(tsme_json.dumps(v))
        text[rng.randrange(len(text))] = rng.choice('[]{},:"\\0e- é')
        questions.append(("loads", ["".join(text)], None))
    for n in [0, 1, 55, 56, 63, 64, 111, 112, 119, 120, 127, 128, 129, 300]:
        data = rng.randbytes(n)
        for kind in ("md5", "sha1", "sha256", "sha384", "sha512"):
            digest = hashlib.new(kind, data, usedforsecurity=False).hexdigest()
            questions.append(("hash", [kind, data], digest))
    leaves.check(name, questions)
