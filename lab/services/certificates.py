"""A certificate authority and one certificate for 127.0.0.1, made with openssl and good for two days."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from lab.services.server_process import ServiceMissing, run_command, write_private


@dataclass(frozen=True, slots=True)
class Certificate:
    """PEM files: the authority's certificate, and a chain and key that serve as a server's and as a client's."""

    authority: Path
    chain: Path
    key: Path
    key_and_chain: Path


def make_certificate(folder: Path) -> Certificate:
    """Make both in `folder`. Raises `ServiceMissing` without openssl."""
    if shutil.which("openssl") is None:
        raise ServiceMissing("openssl is not installed: apt-get install openssl")
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    own = ["openssl", "req", "-x509", *key, "-subj", "/CN=Sightline tests", "-keyout", "ca-key.pem", "-out", "ca.pem"]
    run_command(own, folder)
    (folder / "names.cnf").write_text("subjectAltName=IP:127.0.0.1\n")
    run_command(
        ["openssl", "req", *key[:-2], "-subj", "/CN=127.0.0.1", "-keyout", "key.pem", "-out", "request.pem"], folder
    )
    signed = ["openssl", "x509", "-req", "-in", "request.pem", "-CA", "ca.pem", "-CAkey", "ca-key.pem", "-days", "2"]
    run_command([*signed, "-CAcreateserial", "-extfile", "names.cnf", "-out", "chain.pem"], folder)
    write_private(folder / "both.pem", (folder / "key.pem").read_text() + (folder / "chain.pem").read_text())
    return Certificate(folder / "ca.pem", folder / "chain.pem", folder / "key.pem", folder / "both.pem")
