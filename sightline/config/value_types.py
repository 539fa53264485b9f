"""Values of settings that have a rule of their own: names, and addresses of services. A wrong one is never shown."""

from collections.abc import Callable
from typing import Annotated

from pydantic import AfterValidator, Field

from domain.errors import ConfigError
from domain.text.addresses import is_host, parse_address
from domain.text.camera_urls import clean_service_url
from domain.text.names import clean_label, clean_name

_POSTGRES_SCHEMES = ("postgresql", "postgresql+psycopg2")
_POSTGRES_OPTION_NAMES = """
application_name channel_binding client_encoding connect_timeout dbname gssencmode host options passfile password port
service sslcert sslkey sslmode sslrootcert target_session_attrs tcp_user_timeout user
"""
_POSTGRES_OPTIONS = frozenset(_POSTGRES_OPTION_NAMES.split())
_REDIS_OPTIONS = frozenset({"client_name", "db", "password", "protocol", "ssl_cert_reqs", "username"})


def _as_value_error(rule: Callable[[str], str]) -> Callable[[str], str]:
    """Let pydantic collect what a rule refuses, so that every wrong value is reported at once, each with its path."""

    def check(text: str) -> str:
        try:
            return rule(text)
        except ConfigError as error:
            raise ValueError(str(error).removeprefix(": ")) from None

    return check


def _check_web_address(text: str) -> str:
    return clean_service_url(text, schemes=("https", "http"), where="")


def _check_web_address_or_none(text: str) -> str:
    return _check_web_address(text) if text else text


def _check_redis_address(text: str) -> str:
    if not text:
        return text
    address = clean_service_url(text, schemes=("redis", "rediss", "unix"), where="")
    _check_options(address, _REDIS_OPTIONS)
    return address


def _check_database_address(text: str) -> str:
    address = parse_address(text)
    if address is not None and address.scheme.partition("+")[0] == "sqlite":
        return text
    if address is None or address.scheme.lower() not in _POSTGRES_SCHEMES:
        raise ConfigError("not a database address; use sqlite:///PATH or postgresql://user:password@host/name")
    checked = clean_service_url(text, schemes=_POSTGRES_SCHEMES, where="")
    _check_options(checked, _POSTGRES_OPTIONS)
    return checked


def _check_options(address: str, known: frozenset[str]) -> None:
    query = address.rpartition("?")[2] if "?" in address else ""
    for option in filter(None, query.split("&")):
        key, equals, _ = option.partition("=")
        if not equals or key not in known:
            raise ConfigError(f"an option after the ? is unknown; known are {', '.join(sorted(known))}")


def _check_broker(text: str) -> str:
    if not is_host(text) or "://" in text:
        raise ConfigError("must be HOST:PORT; user and password have settings of their own")
    return text


CameraName = Annotated[
    str, Field(min_length=1), AfterValidator(_as_value_error(lambda text: clean_name(text, where="")))
]
Label = Annotated[str, AfterValidator(_as_value_error(lambda text: clean_label(text, where="")))]
WebAddress = Annotated[str, AfterValidator(_as_value_error(_check_web_address))]
WebAddressOrNone = Annotated[str, AfterValidator(_as_value_error(_check_web_address_or_none))]
RedisAddress = Annotated[str, AfterValidator(_as_value_error(_check_redis_address))]
DatabaseAddress = Annotated[str, AfterValidator(_as_value_error(_check_database_address))]
Broker = Annotated[str, AfterValidator(_as_value_error(_check_broker))]
