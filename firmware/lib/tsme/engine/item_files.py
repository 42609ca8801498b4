# Files that stand in for S3, for ItemReader and ResultWriter of distributed Maps: a bucket is a
# folder, a key the path of a file below it.
#
#     tasks = tsme.Tasks()
#     tsme.engine.item_files.serve(tasks, "/sd")
import os
from binascii import crc32

from ..values.binary64 import from_int
from ..values.json import dumps
from .tasks import TaskError

GET = "arn:aws:states:::s3:getObject"
LIST = "arn:aws:states:::s3:listObjectsV2"
PUT = "arn:aws:states:::s3:putObject"


def serve(tasks, folder="."):
    # Gives `tasks` handlers for what it has none for.
    for name, effect, function in (
        (GET, "pure", get),
        (LIST, "pure", listed),
        (PUT, "idempotent", put),
    ):
        if name not in tasks.handlers:
            tasks.task(name, effect)(_bound(function, folder))


def _bound(function, folder):
    return lambda payload: function(folder, payload)


def get(folder, where):
    try:
        with open(_path(folder, where.get("Bucket"), where.get("Key")), "rb") as f:
            return str(f.read(), "utf-8")
    except OSError:
        raise TaskError("S3.NoSuchKeyException", "The specified key does not exist.")


def listed(folder, where):
    # What is below a bucket, by key, as listObjectsV2 tells it.
    top = _path(folder, where.get("Bucket"))
    prefix = where.get("Prefix") or ""
    out = []
    for key, path, stat in _walk(top):
        if key.startswith(prefix):
            with open(path, "rb") as f:
                tag = '"%08x"' % (crc32(f.read()) & 0xFFFFFFFF)
            time = from_int(int(stat[8]))  # a double, as AWS has it: 1.789180622E9
            more = {"LastModified": time, "Size": stat[6], "StorageClass": "STANDARD"}
            more.update({"Etag": tag, "Key": key})
            out.append(more)
    return out


def put(folder, what):
    # A manifest, and the results of items that succeeded and of those that failed.
    bucket = what.get("Bucket")
    config = what.get("WriterConfig") or {}
    run = what["MapRunArn"].split(":")[-1]
    head = "/".join([part for part in (what.get("Prefix") or "", run) if part])
    bare = config.get("Transformation", "NONE") != "NONE"
    kinds = {"SUCCEEDED": [], "FAILED": []}
    for i, v in enumerate(what["Results"]):
        if isinstance(v, dict) and list(v) == ["Error", "Cause", "Status"]:
            kinds["FAILED"].append(dict(v, Name=str(i)))
        elif bare:
            kinds["SUCCEEDED"].append(v)
        else:
            one = {"Name": str(i), "Output": dumps(v), "Status": "SUCCEEDED"}
            kinds["SUCCEEDED"].append(one)
    files = {"FAILED": [], "PENDING": [], "SUCCEEDED": []}
    for kind in kinds:
        if kinds[kind]:
            lines = config.get("OutputType") == "JSONL"
            key = "%s/%s_0.%s" % (head, kind, "jsonl" if lines else "json")
            text = "\n".join([dumps(v) for v in kinds[kind]]) if lines else dumps(kinds[kind])
            files[kind] = [{"Key": key, "Size": _write(folder, bucket, key, text)}]
    key = head + "/manifest.json"
    manifest = {"DestinationBucket": bucket, "MapRunArn": what["MapRunArn"], "ResultFiles": files}
    _write(folder, bucket, key, dumps(manifest))
    return {"Bucket": bucket, "Key": key}


def _path(folder, *names):
    # A path that stays in the folder.
    parts = [folder]
    for name in names:
        for part in name.split("/") if isinstance(name, str) else [None]:
            if not part or part in (".", "..") or "\\" in part or ":" in part:
                raise TaskError("S3.S3Exception", "not a bucket or key that a file can have")
            parts.append(part)
    return "/".join(parts)


def _walk(top):
    # (key, path, stat) of each file below a folder, by key
    todo = [""]
    while todo:
        key = todo.pop()
        path = top + "/" + key if key else top
        try:
            stat = os.stat(path)
            if stat[0] & 0x4000:
                names = sorted(os.listdir(path), reverse=True)
                todo += [key + "/" + name if key else name for name in names]
                continue
        except OSError:
            raise TaskError("S3.NoSuchBucketException", "The specified bucket does not exist")
        yield key, path, stat


def _write(folder, bucket, key, text):
    path = _path(folder, bucket, key)
    at = len(folder) + 1
    while "/" in path[at:]:
        at += path[at:].index("/")
        try:
            os.mkdir(path[:at])
        except OSError:
            pass  # it is there
        at += 1
    data = text.encode()
    with open(path, "wb") as f:
        f.write(data)
    return len(data)
