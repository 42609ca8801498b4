"""Files that stand in for S3, for ItemReader and ResultWriter of distributed Maps."""

from typing import Any

from .tasks import Tasks

GET: str
LIST: str
PUT: str

def serve(tasks: Tasks, folder: str = ".") -> None:
    """Give `tasks` handlers for what it has none for: a bucket is a folder, a key a file below."""

def get(folder: str, where: dict[str, Any]) -> str: ...
def listed(folder: str, where: dict[str, Any]) -> list[dict[str, Any]]: ...
def put(folder: str, what: dict[str, Any]) -> dict[str, Any]: ...
