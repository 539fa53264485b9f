"""A server whose answers are the fuzzed input: one answer a request, then it hangs up."""

import contextlib
import socket
import threading

SEPARATOR = b"\n--next answer--\n"
LONGEST_REQUEST = 64 << 10
PATIENCE_S = 2.0


class ScriptedServer:
    """Listens on loopback. `answers` may be replaced between two clients; each client gets them from the first on."""

    def __init__(self) -> None:
        self.answers: tuple[bytes, ...] = ()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, name="scripted server", daemon=True).start()

    def play(self, script: bytes) -> None:
        """Answer from now on with the parts of `script`."""
        self.answers = tuple(script.split(SEPARATOR))

    def close(self) -> None:
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            # A client may open a second connection while the first lives.
            threading.Thread(target=self._answer, args=(client, self.answers), daemon=True).start()

    @staticmethod
    def _answer(client: socket.socket, answers: tuple[bytes, ...]) -> None:
        with client, contextlib.suppress(OSError):
            client.settimeout(PATIENCE_S)
            for answer in answers:
                request = b""
                while b"\r\n\r\n" not in request and len(request) < LONGEST_REQUEST:
                    more = client.recv(4096)
                    if not more:
                        return
                    request += more
                client.sendall(answer)
