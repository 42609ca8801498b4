# The intrinsic functions of SPEC 2.6, by number: name, arity, and where each is.  A program's are
# imported when it is loaded; this table is then forgotten.
#
# Each is called as fn(rng, *args); `rng` has draw() and below(n), and is touched by UUID and by
# MathRandom without a seed alone.  Messages hold no repr and no float: they reach the journal.

# One text, since every short one would take memory for good; a row is taken apart when it is asked
# for.
_ROWS = (
    "Format 2 text format_;"
    "MathAdd 2 math math_add;"
    "UUID 0 math uuid;"
    "ArrayPartition 2 array array_partition;"
    "ArrayContains 2 array array_contains;"
    "ArrayRange 3 array array_range;"
    "ArrayGetItem 2 array array_get_item;"
    "ArrayLength 1 array array_length;"
    "Base64Encode 1 encode base64_encode;"
    "Base64Decode 1 encode base64_decode;"
    "Hash 2 encode hash_;"
    "JsonMerge 3 documents json_merge;"
    "StringToJson 1 documents string_to_json;"
    "JsonToString 1 documents json_to_string;"
    "MathRandom 3 math math_random;"
    "StringSplit 2 text string_split;"
    "ArrayUnique 1 array array_unique;"
    "Items 3 item_reader items;"  # these are of distributed Maps
    "Batch 4 map_batches batch;"
    "MapRun 3 map_batches map_run;"
    "Flatten 1 map_batches flatten;"
    "Item 2 template_fields item;"
    "Lists 1 template_fields lists"
).split(";")
# Those that go through arguments which are not in their result.
_READS = " ArrayContains ArrayUnique Base64Decode Hash StringToJson StringSplit Items "


def functions():
    # all rows: (name, arity, module, function)
    return [known(n) for n in range(len(_ROWS))]


def known(number):
    if number < len(_ROWS):
        public, arity, part, name = _ROWS[number].split()
        return public, int(arity), part, name
    from ...errors import TsmeError

    raise TsmeError("TSME-P004", "the program calls function %d, which is not here" % number)


def find(numbers):
    # {number: (arity, function, whether it reads more than it gives)}
    out = {}
    for number in numbers:
        public, arity, part, name = known(number)
        function = getattr(__import__("tsme.program.functions." + part, None, None, ["*"]), name)
        out[number] = arity, function, " " + public + " " in _READS
    return out
