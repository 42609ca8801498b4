# Written by setup/layouts.py from board.toml.  The first blocks of the flash hold files.
FILES = 128
# On a new flash.
NEW = [
    ('main.py', 'from tsme import boot\n\nboot.run()\n'),
    ('board.json', '{"board":"qemu_mps2","journal":{"kind":"region","blocks":128,"device":"qemu.Flash","start":128},"programs":{"kind":"files"},"link":[{"kind":"uart"}],"pins":{},"deep":false,"window":5000}\n'),
]
