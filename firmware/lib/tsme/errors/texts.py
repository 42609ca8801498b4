# The texts of errors, by code; loaded when one is raised, then forgotten.  docs/ERRORS.md explains
# them.  What a failing workflow is told is elsewhere: it is part of the state.
TEXTS = {
    "TSME-G001": "this firmware has no %s, which tsme.tasks.%s needs; on a laptop "
    "tsme.sim.install() puts a twin in its place",
    "TSME-J001": "this device cannot hold a journal: %d blocks (2 to 65535 are possible) of %d "
    "bytes (times of 256, at least 8 slots), slots of %d (32 to 256), program_size %d (1 to 256)",
    "TSME-J002": "block %d holds something that is not a journal; format() would erase it",
    "TSME-J003": "the journal has format version %d, this software knows %d",
    "TSME-J004": "the journal was made for %d blocks of %d bytes with slots of %d "
    "(program_once %d), here are %d of %d with %d (%d)",
    "TSME-J005": "record %d is damaged (block %d, offset %d): this is no write that was cut off",
    "TSME-J006": "the newest checkpoint of the journal cannot be read",
    "TSME-J009": "block %d cannot be %s (%s)",
    "TSME-J010": "the journal must be recovered first",
    "TSME-J011": "the flash is worn out: %d of %d blocks have failed, and no good one is free; "
    "what was committed can be read",
    "TSME-J012": "this device cannot keep a journal: %s",
    "TSME-J013": "%s is in use: %s",
    "TSME-J014": 'there is no region "%s"; there are: %s',
    "TSME-J015": "the region cannot be made: %s",
    "TSME-J016": "the first blocks hold no table of regions of this device: %s",
    "TSME-J017": "a file system on the same flash reaches into the journal, which begins at block "
    "%d: it has %d blocks; mount it on those before the journal alone",
    "TSME-K001": "execution %d is still running",
    "TSME-K002": "no execution is running",
    "TSME-K003": "input %s does not fit action %d",
    "TSME-K004": "nothing to continue: every branch waits",
    "TSME-K005": "an execution in the journal needs the program %s, which is not here: give the "
    "Engine a store that has it (programs=), or give up what it began: retire()",
    "TSME-K006": "a workflow takes no signals; only a state machine does",
    "TSME-K007": "the execution began with behaviour %s of the engine, and this tsme has %d: "
    "another release made it; let that one run it to its end, or give up what it began: retire()",
    "TSME-K008": "the execution cannot move to the other program: %s",
    "TSME-K009": "the core has gone on from this state",
    "TSME-M001": "the name %r of a member is of type %s and no text; write str(...) around it",
    "TSME-M002": "the state can only be changed, and actions asked for, by stf(), and only while "
    "it runs",
    "TSME-M003": "the state would contain itself",
    "TSME-M004": "items cannot be assigned to a slice with a step",
    "TSME-M005": "cancel(%r): no such action is pending",
    "TSME-M006": "restore() names the action %r (%s), which is not pending, or named already",
    "TSME-M007": "restore() does not name the action %d (%s), which is pending; its result would "
    "never come",
    "TSME-M008": "%s is no state machine: it has no stf(state, input, actions)",
    "TSME-M009": "the `initial` state of %s is not a dict",
    "TSME-M010": "the execution has been ended in this step; nothing can be started any more",
    "TSME-M011": "%r is no time: whole milliseconds, 0 or more",
    "TSME-M012": "restore() names the task %s for the action %d, and it is a `once` task: nobody "
    "would know whether it has run; name an idempotent one, or the task that is pending",
    "TSME-M013": "migrate() of %s: %s; nothing has changed, and the older version can go on",
    "TSME-M014": "the order of %s is not that of its states, each once: %s",
    "TSME-M015": "%s has no such states as its group %s names: %s",
    "TSME-M016": "this is no schema of a relational machine that this tsme knows",
    "TSME-M017": "%s has no state %s",
    "TSME-M018": "the checkpoint is of %s with %d states, and here it has %d",
    "TSME-M019": "%s cannot take the signal %s: it is none of add, remove, set, toggle, add_err, "
    "can_add, can_remove, eval, and of what subscribes",
    "TSME-M020": "when_time() has %d ticks for %d states",
    "TSME-M021": "%s has no function %s",
    "TSME-M022": "%s inherits from more than %d classes behind one another",
    "TSME-M023": "the schema of %s cannot be made: %s",
    "TSME-M024": "Pipe() has %d states, %d that they add, %d that they remove",
    "TSME-M025": "%s is no relational machine",
    "TSME-M026": "%s names %r as `before` it, which is a text and no class",
    "TSME-N002": "the board is locked: unlock it with its key first",
    "TSME-N003": 'the request lacks "%s", or it is no %s',
    "TSME-N004": "the program %s is not on the board; load it first",
    "TSME-N005": "the program %s is needed by %s, which is under way; stop that first",
    "TSME-N006": "what came is not what was sent (SHA-256); send it again",
    "TSME-N007": "the clock of this board cannot be set: it has no machine.RTC, and Board(clock=) "
    "has no set()",
    "TSME-N008": "nothing runs in safe mode; stop or retire what fails, then reset the board",
    "TSME-N009": "the proof does not fit the key and the newest challenge; ask for another",
    "TSME-N010": "the file %s cannot be read as a value: %s",
    "TSME-N011": "the machine refused the signal: %s: %s",
    "TSME-N012": "nobody follows a machine as %d here, or another execution of it is under way",
    "TSME-P007": "block %d holds a journal or a file system: a store of programs needs a region "
    "of its own",
    "TSME-P008": "the store of programs has format version %d, this software knows %d",
    "TSME-T001": "the effect '%s' of the task '%s' is none of pure, idempotent, once",
    "TSME-T005": "write @tasks.task('%s'), with the name of the task, above its function",
    "TSME-T003": "no task waits for the token %s",
    "TSME-T006": "the clock gave %r: it has to give whole milliseconds since 1970, from 0 to the "
    "year 9999; write clock=lambda: int(...), in milliseconds",
    "TSME-T004": "the task '%s' has two handlers: %s and %s",
    "TSME-V001": "%s is no JSON value",
    "TSME-V002": "the integer %s has more than 64 bits",
    "TSME-V003": "NaN and the infinities are no values",
    "TSME-V004": "the text is not valid Unicode",
    "TSME-V005": "the key of an object is no text but %s",
    "TSME-V010": "the data ends at %d, inside an item",
    "TSME-V011": "the item before %d is not in its shortest form",
    "TSME-V012": "the byte %02x at %d begins no value",
    "TSME-V013": "the object before %d has a name twice",
    "TSME-V014": "the text at %d is not valid UTF-8",
    "TSME-V015": "%s, at %d, is no JSON value",
    "TSME-V016": "something follows the value at %d",
    "TSME-V022": "the number is too large for binary64",
    "TSME-V023": "this interpreter has no floats",
}

# What has a limit, and how to raise it.
LIMITED = {
    "TSME-J007": ("bytes of a record", "give the journal more blocks"),
    "TSME-J008": ("bytes of a record before the next checkpoint", "write a checkpoint first"),
    "TSME-P009": ("bytes of a program in this store", "give it more blocks, or drop() a program"),
    "TSME-N013": ("machines that are followed over a link", "follow fewer"),
    "TSME-V006": ("nesting of a value", "this one is fixed"),
}
WHAT = {
    "program_bytes": "bytes of a program",
    "slots": "variables of a frame",
    "stack": "operands of an expression",
    "budget": "transitions in a step",
    "work": "times 256 bytes that functions of a state go through",
    "value_bytes": "bytes of a value",
    "step_bytes": "bytes of what a state makes",
    "items": "items of a Map",
    "state_bytes": "bytes of the state",
}


def fault(code, args):
    shown = [_hex(a) if isinstance(a, bytes) else a for a in args]
    return TEXTS[code] % tuple(shown)


def _hex(digest):
    return "".join(["%02x" % byte for byte in digest])


# What to write around a value that is none, by a part of its type's name.
INSTEAD = (
    ("int", "int(...)"),
    ("float", "float(...)"),
    ("bool", "bool(...)"),
    ("array", ".tolist() behind it"),
    ("bytes", ".decode() behind it"),
    ("date", ".isoformat() behind it"),
    ("set", "sorted(...)"),
    ("iter", "list(...)"),
    ("range", "list(...)"),
    ("map", "list(...)"),
    ("generator", "list(...)"),
)


def unfit(name, e, v=None):
    # why what the handler `name` returned is no result
    code = getattr(e, "code", "TSME-V005")
    how = ""
    if code == "TSME-V001":
        what = "an " if e.message[0] in "aeiou" else "a "
        what += e.message.replace(" is", ", which is", 1)
        kind = e.message.split(" ")[0].lower()
        for part, text in INSTEAD:
            if part in kind:
                how = "; write " + text
                break
    elif code == "TSME-V006" and endless(v, ()):
        what = "a value that contains itself; write a copy of what is to be in it"
    else:
        what = getattr(e, "message", "the keys of an object are not all texts")
        what = "what is no JSON value: " + what
    return 'handler "%s" returned %s (%s)%s' % (name, what, code, how)


def endless(v, above):
    # recursion: at most 35, which it counts
    # Does it contain itself?  Nobody looks deeper than a value may be.
    if not isinstance(v, (dict, list, tuple)) or len(above) > 33:
        return False
    for x in above:
        if x is v:
            return True
    for x in v.values() if isinstance(v, dict) else v:
        if endless(x, above + (v,)):
            return True
    return False


def belated(name, context, now):
    ms = now - context._begun
    return (
        'handler "%s" came back after %d s, when its time was up, and nothing else could run '
        "meanwhile; write async def, and await asyncio.sleep()" % (name, (ms + 500) // 1000)
    )


def over(code, name):
    # what the limit is of, and how to mend it
    return (WHAT[name], 'raise tsme.LIMITS["%s"]' % name) if name else LIMITED[code]
