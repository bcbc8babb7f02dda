"""The real binary under test: started, stopped, killed, and its other commands run."""

import atexit
import os
import queue
import re
import signal
import subprocess
import threading
from collections.abc import Sequence
from pathlib import Path

from api import Api

REPOSITORY = Path(__file__).resolve().parents[2]
BINARY = str(REPOSITORY / os.environ.get("TOLLGATE_BINARY", ".build/debug/tollgate"))
SECRET_KEY = "sch_dev_acceptance0123456789"
LISTENING = re.compile(r"^tollgate: listening on (http://\S+)$")
SECONDS_TO_START = 60
SECONDS_TO_STOP = 60


class Server:
    """`tollgate serve` on one data directory. Each start takes a free port, so `url` and `api` change with it."""

    def __init__(self, data: Path, key: str = SECRET_KEY, options: Sequence[str] = (), preload: dict | None = None):
        """`options` are more of `serve`, `preload` more of its environment."""
        self.data = Path(data)
        self.key = key
        self.options = options
        self.preload = preload or {}
        self.log = self.data.with_name(self.data.name + ".log")
        self.process = None
        self.api = None
        self.url = None

    def start(self, waiting: bool = True) -> "Server":
        """Without waiting it may not be listening yet, and has no `url`."""
        assert not self.running, "the server is already running"
        self._log_file = open(self.log, "a", buffering=1)
        self.process = subprocess.Popen(
            [BINARY, "serve", "--data", str(self.data), "--host", "127.0.0.1", "--port", "0", *self.options],
            stdout=subprocess.PIPE, stderr=self._log_file, text=True, env=environment(self.key) | self.preload)
        # A test that failed leaves no server behind.
        atexit.register(self.process.kill)
        found = queue.Queue()
        self._reader = threading.Thread(
            target=self._read_output, args=(self.process.stdout, self._log_file, found), daemon=True)
        self._reader.start()
        if not waiting:
            return self
        try:
            self.url = found.get(timeout=SECONDS_TO_START)
        except queue.Empty:
            self.url = None
        if self.url is None:
            self.process.kill()
            raise AssertionError(f"the server did not say that it listens:\n{self.log_tail()}")
        self.api = Api(self.url, self.key)
        return self

    def stop(self):
        """SIGTERM: the server drains and exits 0."""
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(SECONDS_TO_STOP)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"the server did not stop within {SECONDS_TO_STOP} s of SIGTERM:\n{self.log_tail()}")
        self._forget()
        assert code == 0, f"the server exited {code} after SIGTERM:\n{self.log_tail()}"

    def kill(self):
        """kill -9: nothing of the process gets to run any more."""
        self.process.kill()
        self.process.wait()
        self._forget()

    def restart(self):
        self.stop()
        self.start()

    def verify(self):
        """Replays the journal of the stopped server's directory and compares; fails the test when they differ."""
        assert not self.running, "verify reads the directory of a stopped server"
        tollgate("verify", "--data", str(self.data))

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def log_tail(self, lines: int = 60) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def _forget(self):
        self.process = None
        self._reader.join()
        if self.api is not None:
            self.api.close()
        self._log_file.close()

    @staticmethod
    def _read_output(output, log, found):
        with output:
            for line in output:
                log.write(line)
                if match := LISTENING.match(line.rstrip("\n")):
                    found.put(match[1])
        found.put(None)


def tollgate(*arguments: str, expected: int = 0) -> subprocess.CompletedProcess:
    """Runs one command of the command line to its end."""
    done = subprocess.run(
        [BINARY, *arguments], capture_output=True, text=True, stdin=subprocess.DEVNULL, env=environment(SECRET_KEY))
    assert done.returncode == expected, (
        f"tollgate {' '.join(arguments)} exited {done.returncode}, not {expected}\n{done.stdout}{done.stderr}")
    return done


def environment(key: str) -> dict:
    return {**os.environ, "TOLLGATE_API_KEY": key}
