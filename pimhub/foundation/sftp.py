"""Folders of SFTP servers: only a server whose key a person confirmed is told a password."""

from __future__ import annotations

import base64
import hashlib
import io
import socket
import stat
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

import paramiko

from pimhub.foundation.guard import Refused, UnknownHost, open_socket

PIECE = 32 * 1024
AT_ONCE = 64  # pieces asked for ahead: two megabytes of memory
MOST_FILES = 10_000
WAIT = 20.0  # seconds for any single answer
KINDS: tuple[Callable[..., paramiko.PKey], ...] = (
    paramiko.Ed25519Key.from_private_key,
    paramiko.ECDSAKey.from_private_key,
    paramiko.RSAKey.from_private_key,
)


class Trouble(Exception):
    """The server cannot be used; the text says why and what to do."""


class OtherKey(Trouble):
    """The server shows a key that nobody confirmed; `key` is that."""

    def __init__(self, key: str, message: str) -> None:
        super().__init__(message)
        self.key = key


class OutOfTime(Exception):
    """The time for one look is over; what was fetched stays, and the next look goes on there."""


@dataclass(frozen=True, slots=True)
class Remote:
    """A file there, as far as its name, bytes and the server's moment of its last change tell."""

    name: str
    size: int
    changed: int


def fingerprint(key: str) -> str:
    """As operators of servers know it: SHA256:…"""
    digest = hashlib.sha256(base64.b64decode(key.split()[1])).digest()
    return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")


def read_private_key(text: str, passphrase: str = "") -> paramiko.PKey:
    """A private key as text. Raises Trouble."""
    for read in KINDS:
        try:
            return read(io.StringIO(text), password=passphrase or None)
        except paramiko.PasswordRequiredException:
            raise Trouble("The private key has a passphrase. Enter it, too.") from None
        except (paramiko.SSHException, ValueError, IndexError, UnicodeError):
            continue
    raise Trouble("The private key cannot be read. Paste it whole, as OpenSSH or PEM text, with its right passphrase.")


class Folder:
    """One folder of a server; every wait ends at `deadline` (time.monotonic)."""

    def __init__(self, client: paramiko.SFTPClient, path: str, deadline: float) -> None:
        self._client, self._path, self._deadline = client, path, deadline

    def files(self) -> list[Remote]:
        """What lies there and is no folder, link or hidden file. Raises Trouble for more than can be looked at."""
        found = []
        for number, each in enumerate(self._client.listdir_iter(self._path or ".")):
            if number >= MOST_FILES:
                raise Trouble(f"The folder holds more than {MOST_FILES:,} files. Archive or delete those of old.")
            plain = "/" not in each.filename and not each.filename.startswith(".")
            if plain and each.st_mode is not None and stat.S_ISREG(each.st_mode):
                found.append(_remote(each.filename, each))
        return found

    def look(self, name: str) -> Remote:
        return _remote(name, self._client.stat(self._at(name)))

    def get(self, remote: Remote, target: Path) -> None:
        """Fetch a file; what `target` holds of it already is not fetched again. Raises OutOfTime."""
        # Unbuffered, as what was fetched is to stay there if this worker is killed.
        with target.open("ab", buffering=0) as kept, self._client.open(self._at(remote.name), "rb") as file:
            begin = kept.tell()
            if begin > remote.size:
                kept.truncate(begin := 0)
            for first in range(begin, remote.size, AT_ONCE * PIECE):
                last = min(first + AT_ONCE * PIECE, remote.size)
                for answer in file.readv([(at, min(PIECE, last - at)) for at in range(first, last, PIECE)]):
                    kept.write(answer)
                if time.monotonic() > self._deadline:
                    raise OutOfTime
            if kept.tell() != remote.size:
                raise Trouble(f"“{remote.name}” ended early. It is tried again.")

    def archive(self, name: str, stamp: str) -> None:
        """Move it into the folder “archive”, below a name that nothing there has."""
        into = self._at("archive")
        try:
            self._client.stat(into)
        except FileNotFoundError:
            self._client.mkdir(into)
        self._client.rename(self._at(name), f"{into}/{stamp}-{name}")

    def delete(self, name: str) -> None:
        self._client.remove(self._at(name))

    def _at(self, name: str) -> str:
        return f"{self._path.rstrip('/')}/{name}" if self._path else name


def _remote(name: str, about: paramiko.SFTPAttributes) -> Remote:
    return Remote(name, about.st_size or 0, about.st_mtime or 0)


@contextmanager
def folder(
    address: str,
    *,
    username: str,
    credentials: Mapping[str, str],
    host_key: str,
    seconds: float,
    allowed_origins: Collection[str] = (),
) -> Iterator[Folder]:
    """The folder at `sftp://host[:port]/path`, in the house only if its origin is allowed. Raises Trouble."""
    parts = urlsplit(address)
    host, port = parts.hostname or "", parts.port or 22
    origins = {f"sftp://{host}:{port}", *([f"sftp://{host}"] if port == 22 else [])}
    private = not origins.isdisjoint(allowed_origins)
    if not private and port != 22:
        raise Trouble(
            f"Port {port} is not 22. An administrator can list sftp://{host}:{port} in PIMHUB_ALLOWED_ORIGINS."
        )
    deadline = time.monotonic() + seconds
    try:
        with (
            open_socket(host, port, private=private, timeout=WAIT) as plug,
            _signed_in(plug, username, credentials, host_key) as client,
        ):
            # "/" is where one arrives; the server's own root is written "//".
            path = unquote(parts.path).rstrip("/")
            yield Folder(client, path[1:] if path.startswith("/") and not path.startswith("//") else path, deadline)
    except (Refused, UnknownHost) as error:
        raise Trouble(f"Not called: {error}.") from error
    except FileNotFoundError as error:
        raise Trouble(f"The server has no folder “{parts.path or '/'}”, or a file in it vanished.") from error
    except PermissionError as error:
        raise Trouble("The server does not permit that. Ask for the right to read, rename and delete there.") from error
    except (paramiko.SSHException, EOFError, TimeoutError) as error:
        raise Trouble(f"The connection to {host} broke: {error or 'no answer'}.") from error
    except OSError as error:
        raise Trouble(f"No connection to {host}: {error.strerror or error}.") from error


@contextmanager
def _signed_in(
    plug: socket.socket, username: str, credentials: Mapping[str, str], host_key: str
) -> Iterator[paramiko.SFTPClient]:
    transport = paramiko.Transport(plug)
    transport.banner_timeout = transport.handshake_timeout = transport.auth_timeout = WAIT
    try:
        if host_key:  # a server may have several keys: the confirmed one is asked for first
            options = transport.get_security_options()
            first = host_key.split()[0]
            family = {"ssh-rsa": ("rsa-sha2-512", "rsa-sha2-256", "ssh-rsa")}.get(first, (first,))
            options.key_types = sorted(options.key_types, key=lambda kind: kind not in family)
        transport.start_client(timeout=WAIT)
        _check(transport.get_remote_server_key(), host_key)
        try:
            if text := credentials.get("private_key"):
                transport.auth_publickey(username, read_private_key(text, credentials.get("passphrase", "")))
            else:
                transport.auth_password(username, credentials.get("password", ""))
        except paramiko.AuthenticationException as error:
            text = "The server does not accept the name with this password or key. Enter them again."
            raise Trouble(text) from error
        client = paramiko.SFTPClient.from_transport(transport)
        assert client is not None
        channel = client.get_channel()
        assert channel is not None
        channel.settimeout(WAIT)
        yield client
    finally:
        transport.close()


def _check(key: paramiko.PKey, host_key: str) -> None:
    shown = f"{key.get_name()} {key.get_base64()}"
    if not host_key:
        text = "The server's key is not confirmed yet. Compare it with what the server's operator told you."
        raise OtherKey(shown, text)
    if host_key.split()[:2] != shown.split():
        text = (
            f"The server shows another key than the confirmed one ({fingerprint(shown)}). Somebody may be in between: "
            "confirm it only when the server's operator tells you of the change."
        )
        raise OtherKey(shown, text)
