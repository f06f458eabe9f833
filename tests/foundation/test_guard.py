"""No spelling, wrapping or second answer of a name leads to an address inside the house."""

from __future__ import annotations

import datetime as dt
import socket
import ssl
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from pimhub.foundation import guard, http
from pimhub.foundation.guard import is_public
from pimhub.foundation.http import Request, send

# Loopback, private, link-local, shared, multicast and metadata addresses, as people have tried to hide them.
SPELLINGS = [
    "127.0.0.1", "127.1", "127.0.1", "2130706433", "0x7f000001", "0x7f.0.0.1", "0177.0.0.1", "017700000001",
    "127.0.0.1.", "127.255.255.254", "0.0.0.0", "0", "0x0", "localhost", "LOCALHOST", "localhost.",
    "１２７.０.０.１", "[::1]", "[0:0:0:0:0:0:0:1]", "[::]", "[::127.0.0.1]", "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]", "[::ffff:0:127.0.0.1]", "[64:ff9b::7f00:1]", "[64:ff9b::127.0.0.1]",
    "[64:ff9b:1::7f00:1]", "[2002:7f00:1::]", "[2001:0:7f00:1::]", "10.0.0.1", "0xa.0.0.1", "167772161",
    "172.16.0.1", "192.168.1.1", "192.168.257", "100.64.0.1", "198.18.0.1", "169.254.169.254", "2852039166",
    "0xa9fea9fe", "0251.0376.0251.0376", "[::ffff:169.254.169.254]", "[fd00:ec2::254]", "[fe80::1]", "[fc00::1]",
    "[fec0::1]", "[ff02::1]", "192.0.0.192", "100.100.100.200", "168.63.129.16", "224.0.0.1", "240.0.0.1",
    "255.255.255.255",
]  # fmt: skip


@pytest.fixture
def connections(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Addresses that a socket was opened to; each such attempt is turned away."""
    opened: list[str] = []

    def connect(address: tuple[str, int], *args: object, **kwargs: object) -> socket.socket:
        opened.append(address[0])
        raise ConnectionRefusedError(111, "Connection refused")

    monkeypatch.setattr(socket, "create_connection", connect)
    return opened


def answers(*addresses: str) -> Callable[..., list[tuple[object, ...]]]:
    """A resolver that gives one of `addresses` for each question, in turn."""
    left = list(addresses)

    def getaddrinfo(host: str, port: int, *args: object, **kwargs: object) -> list[tuple[object, ...]]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (left.pop(0), port))]

    return getaddrinfo


@pytest.mark.parametrize("host", SPELLINGS)
def test_no_spelling_of_an_inner_address_is_called(host: str, connections: list[str]) -> None:
    response = send(Request("GET", f"http://{host}/latest/meta-data/"), timeout=3)
    assert (response.status, response.sent, connections) == (0, False, [])
    assert response.error.startswith((http.REFUSED, http.UNKNOWN_HOST))


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "2606:4700:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808", "172.32.0.1"]
)
def test_public_addresses_are_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    ["2002:808:808::", "2001:db8::1", "3fff::1", "5f00::1", "192.88.99.1", "fe80::1%eth0", "::ffff:0:808:808"],
)
def test_what_lies_between_is_not(address: str) -> None:
    assert not is_public(address)


def test_the_address_that_was_checked_is_the_one_that_is_called(
    monkeypatch: pytest.MonkeyPatch, connections: list[str]
) -> None:
    """DNS rebinding: public when it is checked, private a moment later."""
    monkeypatch.setattr(socket, "getaddrinfo", answers("8.8.8.8", "127.0.0.1"))
    response = send(Request("GET", "http://rebind.example/"))
    assert connections == ["8.8.8.8"]
    assert (response.error.startswith("no connection"), response.sent) == (True, False)


def test_one_private_address_among_public_ones_spoils_the_name(
    monkeypatch: pytest.MonkeyPatch, connections: list[str]
) -> None:
    both = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, 80)) for each in ("8.8.8.8", "10.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: both)
    assert send(Request("GET", "http://mixed.example/")).error.startswith(http.REFUSED)
    assert connections == []


def test_each_address_of_a_name_is_tried(monkeypatch: pytest.MonkeyPatch, connections: list[str]) -> None:
    both = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, 80)) for each in ("8.8.8.8", "8.8.4.4")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: both)
    assert not send(Request("GET", "http://two.example/")).sent
    assert connections == ["8.8.8.8", "8.8.4.4"]


def test_a_name_without_address_is_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(*args: object, **kwargs: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", nobody)
    response = send(Request("GET", "http://nobody.example/"))
    assert (response.error.startswith(http.UNKNOWN_HOST), response.sent) == (True, False)


def test_a_silent_name_service_is_no_unknown_host(monkeypatch: pytest.MonkeyPatch) -> None:
    def silence(*args: object, **kwargs: object) -> None:
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", silence)
    response = send(Request("GET", "http://shop.example/"))
    assert (response.error[:15], response.sent) == ("no connection: ", False)


@pytest.mark.parametrize(
    "listed", ["https://127.0.0.1:8001", "http://127.0.0.1:8002", "http://127.0.0.1", "http://localhost:8001"]
)
def test_an_allowed_origin_is_exact(listed: str, connections: list[str]) -> None:
    assert send(Request("GET", "http://127.0.0.1:8001/"), allowed_origins=[listed]).error.startswith(http.REFUSED)
    assert connections == []


def test_allowing_one_origin_opens_no_other_scheme_at_its_port(connections: list[str]) -> None:
    allowed = ["https://127.0.0.1"]
    assert send(Request("GET", "http://127.0.0.1:443/"), allowed_origins=allowed).error.startswith(http.REFUSED)
    send(Request("GET", "https://127.0.0.1:443/"), allowed_origins=allowed)
    assert connections == ["127.0.0.1"]


def test_a_misspelt_allowed_origin_is_named() -> None:
    response = send(Request("GET", "http://8.8.8.8/"), allowed_origins=["10.0.0.5:8080"])
    assert "PIMHUB_ALLOWED_ORIGINS holds “10.0.0.5:8080”" in response.error


def test_a_deadline_that_has_passed_opens_nothing(connections: list[str]) -> None:
    with guard.until(0.0), pytest.raises(Exception, match="the time is over"):
        guard.GuardedBackend(private=True).connect_tcp("127.0.0.1", 80)
    assert connections == []


def test_tls_names_the_host_and_checks_its_certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The connection goes to a number, the handshake still asks for the name, and a stranger's proof is not taken."""
    asked: list[str | None] = []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(_certificate(tmp_path, "shop.example"))
    context.sni_callback = lambda connection, name, context: asked.append(name)
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=_shake_hands_once, args=(server, context), daemon=True)
        thread.start()
        port = server.getsockname()[1]
        monkeypatch.setattr(socket, "getaddrinfo", answers("127.0.0.1", "127.0.0.1"))
        origin = f"https://shop.example:{port}"
        response = send(Request("GET", f"{origin}/"), allowed_origins=[origin])
        thread.join(5)
    assert asked == ["shop.example"]
    assert (response.status, response.sent) == (0, False)
    assert "CERTIFICATE_VERIFY_FAILED" in response.error


def _shake_hands_once(server: socket.socket, context: ssl.SSLContext) -> None:
    connection, _ = server.accept()
    with connection, pytest.raises(OSError):
        context.wrap_socket(connection, server_side=True)


def _certificate(folder: Path, name: str) -> Path:
    """A self-signed certificate with its key, as one PEM file."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = folder / "server.pem"
    path.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    return path
