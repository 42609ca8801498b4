"""Timestamps and random numbers, against datetime and a second PCG."""

import random
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.firmware import leaves, reference
from tests.firmware.leaves import Question, on_every_interpreter
from tsme.kernel import rng
from tsme.values import timestamp

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

times = st.datetimes(
    min_value=datetime(2, 1, 1),
    max_value=datetime(9998, 12, 31),
    timezones=st.builds(
        lambda minutes: timezone(timedelta(minutes=minutes)), st.integers(-1439, 1439)
    ),
)


@given(times, st.text("0123456789", max_size=12))
def test_a_timestamp_is_read_exactly(t, more):
    text = t.isoformat(timespec="microseconds")
    text = text[:26] + more + text[26:]
    since = t - EPOCH
    whole = since // timedelta(seconds=1)
    fraction = (f"{since.microseconds:06}" + more).rstrip("0")
    assert timestamp.parse(text) == (whole, fraction)
    ms = timestamp.ms(text)
    assert ms is not None
    rest = int(fraction.ljust(18, "0"))
    assert ms == whole * 1000 - -rest // 10**15


@given(times, times)
def test_parsed_timestamps_compare_as_times_do(a, b):
    x, y = timestamp.parse(a.isoformat()), timestamp.parse(b.isoformat())
    assert x is not None
    assert y is not None
    assert (x < y, x == y) == (a < b, a == b)


@given(st.integers(-62135596800000, 253402300799999))
@example(-1)
@example(951782400000)
def test_a_time_is_written_as_aws_writes_it(ms):
    t = EPOCH + timedelta(milliseconds=ms)
    expected = f"{t.year:04}-" + t.strftime("%m-%dT%H:%M:%S.") + f"{t.microsecond // 1000:03}Z"
    assert timestamp.text(ms) == expected
    assert timestamp.ms(expected) == ms


def test_the_days_of_all_months_are_known():
    for year in (1, 1899, 1900, 1904, 2000, 2023, 2024, 2100, 9998):
        for month in range(14):
            for day in range(33):
                text = f"{year:04}-{month:02}-{day:02}T00:00:00Z"
                try:
                    expected = (datetime(year, month, day, tzinfo=UTC) - EPOCH).days * 86400000
                except ValueError:
                    expected = None
                assert timestamp.ms(text) == expected, text


GOOD = {
    "2016-03-14T01:59:00Z": 1457920740000,
    "2016-03-05T21:29:29.243167252Z": 1457213369244,
    "2016-03-05T21:29:29.243000000000000Z": 1457213369243,
    "2016-03-05T21:29:29.2430000000000001Z": 1457213369244,
    "2026-01-01T00:00:00.000000Z": 1767225600000,
    "1969-12-31T23:59:59.9991Z": 0,
    "2016-03-14T01:59:00-07:00": 1457945940000,
    "0000-02-29T00:00:00Z": -62162121600000,
}
BAD = [
    "",
    "2016-03-14T01:59:00",
    "2016-03-14T01:59Z",
    "2016-03-14 01:59:00Z",
    "2016-03-14t01:59:00Z",
    "2016-03-14T01:59:00z",
    "2016-13-05T21:29:29Z",
    "05-12-2016T21:29:29Z",
    "2016-12-05T25:29:29Z",
    "2016-12-05T24:00:00Z",
    "2016-12-05T23:60:00Z",
    "2016-12-31T23:59:60Z",
    "2023-02-29T00:00:00Z",
    "2016-03-14T01:59:00.Z",
    "2016-03-14T01:59:00,5Z",
    "2016-03-14T01:59:00+0700",
    "2016-03-14T01:59:00+07",
    "2016-03-14T01:59:00+24:00",
    "2016-03-14T01:59:00+07:60",
    "2016-03-14T01:59:00+-7:00",
    "2016-03-14T01:59:00Zx",
    "2016-03-14T01:59:00 Z",
    "+016-03-14T01:59:00Z",
    "٢٠١٦-03-14T01:59:00Z",
    "2016-03-14T01:59:00.٣Z",
    "éééé-03-14T01:59:00Z",
]


@pytest.mark.parametrize(("text", "ms"), GOOD.items())
def test_timestamps(text, ms):
    assert timestamp.ms(text) == ms
    assert timestamp.is_timestamp(text)


@pytest.mark.parametrize("text", BAD)
def test_what_is_no_timestamp(text):
    assert timestamp.ms(text) is None
    assert not timestamp.is_timestamp(text)


def pcg32(state):
    """The generator written down a second time, after the paper's C."""
    old = state
    state = (old * 6364136223846793005 + 1442695040888963407) % 2**64
    mixed = (((old >> 18) ^ old) >> 27) % 2**32
    turn = old >> 59
    return state, (mixed >> turn | mixed << ((32 - turn) % 32)) % 2**32


def test_the_random_numbers_of_a_seed_never_change():
    source = rng.Rng(42)
    assert [source.draw() for _ in range(4)] == [0, 1971522493, 242089394, 3457789919]


@given(st.integers(0, 2**64 - 1))
def test_random_numbers(seed):
    source = rng.Rng(seed)
    state = seed
    for _ in range(4):
        state, number = pcg32(state)
        assert source.draw() == number
    assert source.state == state
    n = 1 + state % 2**32
    number = pcg32(state)[1]
    assert source.below(n) == number * n // 2**32 < n


@on_every_interpreter
def test_every_interpreter_knows_the_same_times(name: str) -> None:
    rng = random.Random(3)
    questions: list[Question] = [("stamp", [text], None) for text in [*GOOD, *BAD]]
    for _ in range(300):
        ms = rng.randrange(-62135596800000, 253402300799999)
        questions.append(("time", [reference.encode(ms)], timestamp.text(ms)))
        text = list(timestamp.text(ms))
        text[rng.randrange(len(text))] = rng.choice("0123456789-:.TZé")
        questions.append(("stamp", ["".join(text)], None))
        questions.append(("draws", [reference.encode(rng.getrandbits(63))], None))
    leaves.check(name, questions)
