"""A server whose answers are the fuzzed input: one answer a request, then it hangs up."""

import contextlib
import socket
import threading
from collections.abc import Iterator

SEPARATOR = b"\n--next answer--\n"
LONGEST_REQUEST = 64 << 10
PATIENCE_S = 0.2
"""A client that waits for the rest of a damaged answer asks nothing more; it need not wait for its deadline."""


class ScriptedServer:
    """Listens on loopback. One script at a time; a client that connects again goes on where it was."""

    def __init__(self) -> None:
        self._answers: Iterator[bytes] = iter(())
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, name="scripted server", daemon=True).start()

    def play(self, script: bytes) -> None:
        """Answer from now on with the parts of `script`."""
        self._answers = iter(script.split(SEPARATOR))

    def close(self) -> None:
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            # A client may open a second connection while the first lives.
            threading.Thread(target=self._answer, args=(client, self._answers), daemon=True).start()

    @staticmethod
    def _answer(client: socket.socket, answers: Iterator[bytes]) -> None:
        with client, contextlib.suppress(OSError):
            client.settimeout(PATIENCE_S)
            while True:
                request = b""
                while b"\r\n\r\n" not in request and len(request) < LONGEST_REQUEST:
                    more = client.recv(4096)
                    if not more:
                        return
                    request += more
                answer = next(answers, None)
                if answer is None:
                    return
                client.sendall(answer)
