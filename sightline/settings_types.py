"""Values of settings that have a rule of their own: names, and addresses of services. A wrong one is never shown."""

from collections.abc import Callable
from typing import Annotated

from pydantic import AfterValidator, Field

from domain.addresses import is_host, parse_address
from domain.errors import ConfigError
from domain.names import LONGEST_NAME, label_of, name_of
from domain.urls import checked_service

_POSTGRES = ("postgresql", "postgresql+psycopg2")
_OPTIONS = """
application_name channel_binding client_encoding connect_timeout dbname gssencmode host options passfile password port
service sslcert sslkey sslmode sslrootcert target_session_attrs tcp_user_timeout user
"""
_POSTGRES_OPTIONS = frozenset(_OPTIONS.split())
_REDIS_OPTIONS = frozenset({"client_name", "db", "password", "protocol", "ssl_cert_reqs", "username"})


def _as_value(rule: Callable[[str], str]) -> Callable[[str], str]:
    """Let pydantic collect what a rule refuses, so that every wrong value is said at once, each with its path."""

    def check(text: str) -> str:
        try:
            return rule(text)
        except ConfigError as error:
            raise ValueError(str(error).removeprefix(": ")) from None

    return check


def _web_address(text: str) -> str:
    return checked_service(text, schemes=("https", "http"), where="")


def _web_address_or_none(text: str) -> str:
    return _web_address(text) if text else text


def _redis_address(text: str) -> str:
    if not text:
        return text
    address = checked_service(text, schemes=("redis", "rediss", "unix"), where="")
    _check_options(address, _REDIS_OPTIONS)
    return address


def _database_address(text: str) -> str:
    address = parse_address(text)
    if address is not None and address.scheme.partition("+")[0] == "sqlite":
        return text
    if address is None or address.scheme.lower() not in _POSTGRES:
        raise ConfigError("not a database address; use sqlite:///PATH or postgresql://user:password@host/name")
    checked = checked_service(text, schemes=_POSTGRES, where="")
    _check_options(checked, _POSTGRES_OPTIONS)
    return checked


def _check_options(address: str, known: frozenset[str]) -> None:
    query = address.rpartition("?")[2] if "?" in address else ""
    for option in filter(None, query.split("&")):
        key, equals, _ = option.partition("=")
        if not equals or key not in known:
            raise ConfigError(f"an option after the ? is unknown; known are {', '.join(sorted(known))}")


def _broker(text: str) -> str:
    if not is_host(text) or "://" in text:
        raise ConfigError("must be HOST:PORT; user and password have settings of their own")
    return text


CameraName = Annotated[
    str,
    Field(min_length=1, max_length=LONGEST_NAME),
    AfterValidator(_as_value(lambda text: name_of(text, where=""))),
]
Label = Annotated[str, Field(max_length=LONGEST_NAME), AfterValidator(_as_value(lambda text: label_of(text, where="")))]
WebAddress = Annotated[str, AfterValidator(_as_value(_web_address))]
WebAddressOrNone = Annotated[str, AfterValidator(_as_value(_web_address_or_none))]
RedisAddress = Annotated[str, AfterValidator(_as_value(_redis_address))]
DatabaseAddress = Annotated[str, AfterValidator(_as_value(_database_address))]
Broker = Annotated[str, AfterValidator(_as_value(_broker))]
