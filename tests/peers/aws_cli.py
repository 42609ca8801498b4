"""The AWS CLI for one command after the other, in one process: aws_cli.py < lines of JSON.

A line has a command's words.  Prints a line of JSON for each: [status, its answer, its error].
"""

from __future__ import annotations

import contextlib
import io
import json
import sys

from awscli.clidriver import create_clidriver  # type: ignore[import-untyped]


def main() -> None:
    for line in sys.stdin:
        words = ["stepfunctions", "--output", "json", *json.loads(line)]
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            status = create_clidriver().main(words)
        answer = json.loads(out.getvalue() or "null")
        print(json.dumps([status, answer, err.getvalue()]), flush=True)


main()
