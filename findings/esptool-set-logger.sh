#!/usr/bin/env bash
# Version: esptool 5.6.0 (PyPI), its documented way to script it: a TemplateLogger of one's own, given to log.set_logger()
# Behaviour: it can be given once in the life of a process. The proxy `log` hands set_logger() on to the logger that is
# set, and the adapter around a TemplateLogger has none: the second call, as a program makes that wants its progress
# bar for reading and another one for writing, is an AttributeError. One logger, whose attributes change, does.
# Seen:
#   first: set
#   second: AttributeError: '_LegacyLoggerAdapter' object has no attribute 'set_logger'
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" --quiet --disable-pip-version-check install esptool==5.6.0 2>"$folder/pip"
"$folder/venv/bin/python" >"$folder/seen" - <<'EOF'
from esptool.logger import TemplateLogger, log


class Mine(TemplateLogger):
    def print(self, *args, **kwargs): ...
    def note(self, message): ...
    def warning(self, message): ...
    def error(self, message): ...
    def stage(self, finish=False): ...
    def progress_bar(self, cur_iter, total_iters, prefix="", suffix="", bar_length=30): ...
    def set_verbosity(self, verbosity): ...


for name in ("first", "second"):
    try:
        log.set_logger(Mine())
        print(name + ": set")
    except AttributeError as error:
        print(name + ": AttributeError: " + str(error))
EOF
diff - "$folder/seen" <<'EOF'
first: set
second: AttributeError: '_LegacyLoggerAdapter' object has no attribute 'set_logger'
EOF
