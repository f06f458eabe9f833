"""A real SFTP server over one folder: it checks names, passwords and keys as servers do."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import paramiko
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


def private_key(passphrase: str = "") -> str:
    lock = serialization.BestAvailableEncryption(passphrase.encode()) if passphrase else serialization.NoEncryption()
    form = serialization.PrivateFormat.OpenSSH
    return Ed25519PrivateKey.generate().private_bytes(serialization.Encoding.PEM, form, lock).decode()


@dataclass
class Sftp:
    """What the server lets in, shows, and was asked."""

    root: Path
    port: int = 0
    password: str = "right"
    public: paramiko.PKey | None = None
    host: paramiko.PKey = field(default_factory=lambda: paramiko.ECDSAKey.generate())
    signed_in: list[str] = field(default_factory=list)
    read_only: bool = False
    cut_after: int = 0  # bytes of a file, after which the connection breaks
    served: int = 0

    @property
    def origin(self) -> str:
        return f"sftp://127.0.0.1:{self.port}"


class _Door(paramiko.ServerInterface):
    def __init__(self, about: Sftp) -> None:
        self.about = about

    def check_auth_password(self, username: str, password: str) -> int:
        self.about.signed_in.append(f"{username}:{password}")
        return paramiko.AUTH_SUCCESSFUL if password == self.about.password else paramiko.AUTH_FAILED

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        self.about.signed_in.append(f"{username}:{key.get_name()}")
        known = self.about.public is not None and key.asbytes() == self.about.public.asbytes()
        return paramiko.AUTH_SUCCESSFUL if known else paramiko.AUTH_FAILED

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return paramiko.OPEN_SUCCEEDED

    def get_allowed_auths(self, username: str) -> str:
        return "password,publickey"


class _File(paramiko.SFTPHandle):
    about: Sftp

    def read(self, offset: int, length: int) -> Any:
        if self.about.cut_after and self.about.served + length > self.about.cut_after:
            os.close(os.open("/dev/null", os.O_RDONLY))
            raise EOFError
        self.about.served += length
        return super().read(offset, length)


class _Files(paramiko.SFTPServerInterface):
    def __init__(self, server: _Door, *args: Any, **kwargs: Any) -> None:
        self.about = server.about

    def _real(self, path: str) -> Path:
        return self.about.root / self.canonicalize(path).lstrip("/")

    def list_folder(self, path: str) -> Any:
        try:
            found = sorted(self._real(path).iterdir())
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno or 0)
        return [paramiko.SFTPAttributes.from_stat(p.lstat(), p.name) for p in found]

    def stat(self, path: str) -> Any:
        try:
            return paramiko.SFTPAttributes.from_stat(self._real(path).stat())
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno or 0)

    def open(self, path: str, flags: int, attr: Any) -> Any:
        handle = _File(flags)
        handle.about = self.about
        try:
            handle.readfile = self._real(path).open("rb")  # type: ignore[attr-defined]
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno or 0)
        return handle

    def _change(self, deed: Any) -> int:
        if self.about.read_only:
            return paramiko.SFTP_PERMISSION_DENIED
        try:
            deed()
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno or 0)
        return paramiko.SFTP_OK

    def rename(self, old: str, new: str) -> int:
        return self._change(lambda: self._real(old).rename(self._real(new)))

    def remove(self, path: str) -> int:
        return self._change(self._real(path).unlink)

    def mkdir(self, path: str, attr: Any) -> int:
        return self._change(self._real(path).mkdir)


@contextmanager
def sftp_server(root: Path) -> Iterator[Sftp]:
    """A server that listens until the block ends."""
    about = Sftp(root)
    door = socket.create_server(("127.0.0.1", 0))
    about.port = door.getsockname()[1]
    transports: list[paramiko.Transport] = []

    def serve() -> None:
        while True:
            try:
                plug, _ = door.accept()
            except OSError:
                return
            transport = paramiko.Transport(plug)
            transports.append(transport)
            transport.add_server_key(about.host)
            transport.set_subsystem_handler("sftp", paramiko.SFTPServer, _Files)
            try:
                transport.start_server(server=_Door(about))
            except (paramiko.SSHException, EOFError, OSError):  # the client went away amid the handshake
                continue

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield about
    finally:
        door.close()
        for transport in transports:
            transport.close()
