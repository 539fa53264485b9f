"""Errors by who must act. Adapters translate foreign exceptions into these: `raise … from error`."""


class SightlineError(Exception):
    """Root of every error Sightline raises on purpose; its text is safe to show and says what to do."""


class ConfigError(SightlineError):
    """The operator must act: the text names the setting's path and the next step. The process stops."""


class SourceUnavailable(SightlineError):
    """The stream cannot be read now; the reader backs off and tries again."""


class NoVideo(SourceUnavailable):
    """The source is connected, but no picture arrives."""


class LoginRefused(SourceUnavailable):
    """The camera refused the credentials; retried slowly so that no account is locked."""


class CodecUnsupported(SourceUnavailable):
    """The stream arrives, but this build of FFmpeg decodes no such codec."""


class OverLimit(SourceUnavailable):
    """The stream asks for more pixels, bytes or memory than one camera may have; retried slowly."""


class FrameRejected(SightlineError):
    """One frame cannot be scored; it becomes a dead letter with this reason."""


class StoreUnavailable(SightlineError):
    """The store is unavailable, locked or full; the batch is kept, tried again, and committed after it was stored.

    `needs_operator`: waiting alone does not help, such as with a damaged file or a refused password.
    """

    def __init__(self, message: str = "", *, needs_operator: bool = False) -> None:
        super().__init__(message)
        self.needs_operator = needs_operator


class NotifierUnavailable(SightlineError):
    """The receiver did not accept the notification; the outbox keeps it and tries again."""


class SignOnUnavailable(SightlineError):
    """The service does not answer; signing in by other ways goes on."""


class SignOnRefused(SightlineError):
    """What the service answered lets nobody in."""
