# What users import from tsme, and the modules where it is; read for each name, and then forgotten.

HOMES = (
    "Engine:engine.engine Outcome:engine.outcome Board:engine.board "
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
    "LIMITS:kernel.limits"
)


def home(name):
    # the module that has this name, or None
    for pair in HOMES.split():
        public, part = pair.split(":")
        if public == name:
            return part
    return None
