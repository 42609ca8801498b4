# `python -m tsme` is the command `tsme`.
from tsme_host.start import main

main()
