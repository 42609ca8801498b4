"""The journal in C, broken on purpose: places of its source that are changed."""

from dataclasses import dataclass
from pathlib import Path

from tests.crash import core


@dataclass(frozen=True)
class Break:
    """What is wrong then; a file, a text that is in it once, and what stands there instead."""

    what: str
    file: str
    old: str
    new: str

    def build(self, name: str) -> Path:
        """The program around the broken journal."""
        text = (core.SOURCES / self.file).read_text(encoding="utf-8")
        assert text.count(self.old) == 1, f"{self.file} has no such place, or several: {self.old}"
        folder = core.BUILD / "broken" / name
        folder.mkdir(parents=True, exist_ok=True)
        source = folder / self.file
        source.write_text(text.replace(self.old, self.new), encoding="utf-8")
        objects = core.objects()
        objects[self.file] = core.compiled(source, folder / "broken.o")
        return core.link(list(objects.values()), folder / "crash")


WRITER, BLOCKS, WALK = "tsme_journal.c", "tsme_journal_blocks.c", "tsme_journal_walk.c"
RECOVERY, CLAIM = "tsme_journal_recover.c", "tsme_journal_claim.c"

BREAKS = {
    "checksum": Break(
        "the checksum of a record is ignored",
        WALK,
        "w->has_computed && w->computed == w->crc ?",
        "w->has_computed ?",
    ),
    "readback": Break(
        "what is programmed is not read again",
        BLOCKS,
        "return tsme_flash_holds(j, block, off + lead, lead, size - lead);",
        "return 1 + 0 * (int)lead;",
    ),
    "generation": Break(
        "the newest block is taken by its place, not its generation",
        RECOVERY,
        "found == TSME_BLOCK_USED && h.generation > s->newest",
        "found == TSME_BLOCK_USED",
    ),
    "blank": Break(
        "a block that looks blank is not erased again",
        BLOCKS,
        "    return tsme_flash_erase(j, block);",
        "    done = tsme_flash_blank(j, block, 0, j->device.size);\n"
        "    return done > 0 ? 1 : tsme_flash_erase(j, block);",
    ),
    "spoil": Break(
        "a mark of an earlier try is not spoilt before the erase",
        BLOCKS,
        "if (!j->device.once && tsme_get32(part + 8) >= least",
        "if (!least && !j->device.once",
    ),
    "tail": Break(
        "the slots behind a torn record are used again",
        RECOVERY,
        "if (!w->torn) {",
        "if (w->off <= j->end) {",
    ),
    "reserve": Break(
        "steps open blocks that recovery needs",
        WRITER,
        "blocks_free(j, j->generation, j->since) - (int32_t)j->kept;",
        "blocks_free(j, j->generation, j->since);",
    ),
    "claim": Break(
        "a new region is not claimed before its first erase",
        WRITER,
        "error = tsme_journal_own(j);",
        "error = 0;",
    ),
    "early": Break(
        "a block is sealed before there is a record in the next",
        WRITER,
        "    if (block == j->claimed) {\n        j->claimed = TSME_NO_BLOCK;",
        "    tsme_journal_seal(j, before ? tsme_block_of(j, before) : j->claimed);\n"
        "    if (block == j->claimed) {\n        j->claimed = TSME_NO_BLOCK;",
    ),
    "left": Break(
        "blocks that a torn commit left are not erased before the next record",
        WRITER,
        "error = tsme_journal_drop(j);",
        "j->newest = j->generation;",
    ),
    "ready": Break(
        "a block with a mark is taken for erased, whatever else is in it",
        RECOVERY,
        "found = tsme_flash_blank(j, block, j->slot, j->device.size);",
        "found = 1;",
    ),
    "chain": Break(
        "a record's checksum does not go on from the one before",
        WRITER,
        "    j->chain = r->crc;\n",
        "",
    ),
}

# Of no consequence for a cut, but for what is damaged later: found by what the flash is asked.
UNSEEN = {
    "seal": Break(
        "no block is sealed",
        WRITER,
        "if (block == TSME_NO_BLOCK || tsme_bit(j->worn, block)) {",
        "if (block != UINT32_MAX - 1) {",
    ),
}
