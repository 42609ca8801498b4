# What users import from tsme, and the modules where it is; read for each name, and then forgotten.

# One text, since every short one would take memory for good; to take it apart takes time as well.
HOMES = (
    " Engine:engine.engine Outcome:engine.outcome Board:engine.board "
    "Pipe:engine.pipes "
    "Link:link Stdio:link.streams Uart:link.streams Tcp:link.streams "
    "Program:program "
    "ProgramFiles:program.store ProgramRegion:program.store "
    "Journal:journal "
    "FileFlash:journal.flash RamFlash:journal.ram_flash Region:journal.region "
    "partition:journal.region SpiFlash:journal.spiflash Regions:journal.regions "
    "Tasks:engine.tasks TaskError:engine.tasks Done:engine.tasks "
    "TsmeError:errors LimitError:errors Rejected:kernel.rejected "
    "F64:values.numbers "
    "Obj:values "
    "LIMITS:kernel.limits "
)


def home(name):
    # the module that has this name, or None
    if name == "Journal":
        try:  # in C, where that is
            import tsme_core  # noqa: F401

            return "core.journal"
        except ImportError:
            pass
    at = HOMES.find(" " + name + ":")
    if at < 0:
        return None
    at += len(name) + 2
    return HOMES[at : HOMES.find(" ", at)]
