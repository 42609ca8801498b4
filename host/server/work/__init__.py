"""Where tasks run: in this process, at an HTTP endpoint, or with whoever polls an activity."""

from .transactions import transactional as transactional
