"""Times become texts and texts times as jsonata 2.0.6 has it; what has no zone is UTC."""

from __future__ import annotations

import pytest

from tests.expressions.calling import NOTHING, Error, ask, check

E = Error
NOW = 1700000000123  # of the evaluation: 2023-11-14T22:13:20.123Z


def test_times_are_written_by_pictures() -> None:
    check([
        ("fromMillis", [0], "1970-01-01T00:00:00.000Z"),
        ("fromMillis", [-1], "1969-12-31T23:59:59.999Z"),
        ("fromMillis", [1.9], "1970-01-01T00:00:00.001Z"),
        ("fromMillis", [0, NOTHING, "+0100"], "1970-01-01T01:00:00.000+01:00"),
        ("fromMillis", [0, "[h]:[m] [P]"], "12:00 am"),
        ("fromMillis", [0, "[F] [FNn,3-3] [D1o] [MNn]"], "thursday Thu 1st January"),
        ("fromMillis", [1700000000000, "[H01]:[m01][Z]", "-0330"], "17:43-04:30"),
        ("fromMillis", [0, "[H01]:[m01]", "+05:30"], "00:05"),
        ("fromMillis", [1609459200000, "[X]-W[W01]-[F1]"], "2020-W53-5"),
        ("fromMillis", [1521801216617, "[Y0001][M01][D01] [z] [Z0] [Z01:01t] [f001]"],
         "20180323 GMT+00:00 +0 Z 617"),
        ("fromMillis", [1521801216617, "[Yw], [MI], [DWwo], day [d], week [w] of [xNn]"],
         "two thousand and eighteen, III, Twenty-Third, day 82, week 4 of March"),
        ("fromMillis", [1521801216617, "[[[Y,2-2]]] [C] [E] [PN]"], "[18] ISO ISO AM"),
        ("fromMillis", [-62135596800000], "0001-01-01T00:00:00.000Z"),
        ("fromMillis", [253402300800000], "0000-01-01T00:00:00.000Z"),
        ("fromMillis", [0, "[Q1]"], "undefined"),
        ("fromMillis", [0, "[Q]"], E("D3132")),
        ("fromMillis", [0, "[YN]"], E("D3133")),
        ("fromMillis", [0, "[Z010101]"], E("D3134")),
        ("fromMillis", [0, "[Y"], E("D3135")),
        ("fromMillis", [NOTHING], NOTHING),
    ])  # fmt: skip


def test_now_is_the_time_of_the_step() -> None:
    check([
        ("millis", [], NOW),
        ("now", [], "2023-11-14T22:13:20.123Z"),
        ("now", ["[H01]:[m01] [Z]", "+0200"], "00:13 +02:00"),
    ])  # fmt: skip


def test_texts_of_iso_8601_are_times() -> None:
    check([
        ("toMillis", ["1970-01-01T00:00:00.001Z"], 1),
        ("toMillis", ["2018-03"], 1519862400000),
        ("toMillis", ["2018"], 1514764800000),
        ("toMillis", ["2018-03-23T10:33:36"], 1521801216000),
        ("toMillis", ["2018-03-23T10:33:36.6179+01:30"], 1521795816617),
        ("toMillis", ["2018-03-23T10:33:36-0330"], 1521813816000),
        ("toMillis", ["2018-03-23T10:33Z"], E("D3110")),
        ("toMillis", ["2018-02-30"], 1519948800000),
        ("toMillis", ["2018-13-01"], "NaN"),
        ("toMillis", ["2018-03-23T24:00:00Z"], 1521849600000),
        ("toMillis", ["2018-03-23T24:00:01Z"], "NaN"),
        ("toMillis", ["2018-03-23+01:00"], "NaN"),
        ("toMillis", ["yesterday"], E("D3110")),
        ("toMillis", [NOTHING], NOTHING),
    ])  # fmt: skip


def test_texts_are_read_by_pictures() -> None:
    minutes = "[Y0001]-[M01]-[D01] [H01]:[m01] [Z]"
    check([
        ("toMillis", ["18", "[Y]"], -1640995200000),
        ("toMillis", ["xx", "[Y]"], NOTHING),
        ("toMillis", ["10:33", "[H]:[m]"], 1699957980000),
        ("toMillis", ["2023-11-14 18:43 -03:30", minutes], 1699996380000),
        ("toMillis", ["2023-11-14 18:43 +05:30", minutes], 1699967580000),
        ("toMillis", ["27 FEBRUARY 2008", "[D] [MNn] [Y]"], E("D3136")),
        ("toMillis", ["27th of February, 2008", "[D1o] of [MNn], [Y]"], 1204070400000),
        ("toMillis", ["Feb 27 08", "[MNn,3-3] [D] [Y]"], -1951689600000),
        ("toMillis", ["one thousand, nine hundred and eighty-four", "[Yw]"], 441763200000),
        ("toMillis", ["MCMLXXXIV", "[YI]"], 441763200000),
        ("toMillis", ["2018-094", "[Y0001]-[d001]"], 1522800000000),
        ("toMillis", ["12/31/2018 11:59 PM", "[M]/[D]/[Y] [h]:[m] [P]"], 1546300740000),
        ("toMillis", ["20180323103336", "[Y0001][M01][D01][H01][m01][s01]"], 1525482186000),
        ("toMillis", ["2018-W13", "[X0001]-W[W01]"], E("D3136")),
        ("toMillis", ["2018 36", "[Y] [s]"], E("D3136")),
        ("toMillis", ["x", "[YN]"], E("D3133")),
        ("toMillis", ["9" * 5000, "[Y]"], "NaN"),
        ("toMillis", ["2018 +" + "9" * 5000, "[Y] [Z0]"], "NaN"),
    ])  # fmt: skip


@pytest.mark.parametrize("ms", [0, NOW, 951782400000, -2208988800000, 4102444799000])
@pytest.mark.parametrize(
    "picture",
    ["[Y0001]-[M01]-[D01]T[H01]:[m01]:[s01].[f001][Z]", "[D1o] [MNn] [Yw] [HI]:[m]:[s] [f] [z]"],
)
def test_what_a_picture_writes_it_reads(ms: int, picture: str) -> None:
    picture = picture if ms // 3600000 % 24 else picture.replace("[HI]", "[H]")
    zone = "+0100" if ms // 3600000 % 24 != 23 else "+0000"
    text = ask("cpython", [("fromMillis", [ms, picture, zone], None)])[0]
    assert ask("cpython", [("toMillis", [text, picture], None)]) == [ms]
