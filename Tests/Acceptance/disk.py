"""A disk that fails on command: a library that is preloaded into the server, and its commands."""

import contextlib
import errno
import mmap
import os
import shutil
import struct
import subprocess
from pathlib import Path

SOURCE = Path(__file__).with_name("faults") / "faults.c"

PAGES, ROOT, SYNC = 1, 2, 4
"""Which calls fail: writing pages, writing the root page of the tree, syncing."""

HANG = 8
"""A sync does not come back."""

SHORT = 0
"""In place of an errno: half of it is written."""


class Disk:
    """What the server's disk does. `preload` is for the server's environment."""

    def __init__(self, directory: Path):
        library, commands = directory / "faults.so", directory / "faults"
        # The toolchain that built the server has one, if nothing else has.
        compiler = os.environ.get("CC") or shutil.which("cc") or "clang"
        subprocess.run([compiler, "-O1", "-shared", "-fPIC", "-o", str(library), str(SOURCE), "-ldl"], check=True)
        commands.write_bytes(bytes(20))
        with open(commands, "r+b") as file:
            self._commands = mmap.mmap(file.fileno(), 20)
        self.preload = {"LD_PRELOAD": str(library), "FAULTS": str(commands)}

    def fail(self, calls: int, error: int, loses: bool = False):
        self.loses(loses)
        self._commands[4:8] = struct.pack("=I", error)
        self._commands[0:4] = struct.pack("=I", calls)

    def loses(self, loses: bool):
        """Whether a sync that fails loses what was written since the last one."""
        self._commands[8:12] = struct.pack("=I", loses)

    def work(self):
        self._commands[0:4] = bytes(4)
        self._commands[16:20] = bytes(4)

    def cut_power(self, calls: int):
        """With so many more calls the server is gone, and some of what it had not synced."""
        self.loses(True)
        self._commands[16:20] = struct.pack("=I", calls)

    @property
    def failed(self) -> int:
        """Calls that have failed so far."""
        return struct.unpack("=I", self._commands[12:16])[0]

    @contextlib.contextmanager
    def failing(self, calls: int, error: int, loses: bool = False):
        self.fail(calls, error, loses)
        try:
            yield
        finally:
            self.work()


FAULTS = {
    "no space for pages": (PAGES, errno.ENOSPC),
    "pages cannot be written": (PAGES, errno.EIO),
    "pages are written in part": (PAGES, SHORT),
    "no space when syncing": (SYNC, errno.ENOSPC),
    "what was written is lost in the sync": (SYNC, errno.EIO, True),
    "the root page cannot be written": (ROOT, errno.EIO),
    "no space for the root page": (ROOT, errno.ENOSPC),
    "the root page is written in part": (ROOT, SHORT),
    "nothing works": (PAGES | ROOT | SYNC, errno.EIO),
}
