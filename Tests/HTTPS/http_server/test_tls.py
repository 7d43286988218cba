"""What the server agrees on with its clients over TLS: forward secrecy, authenticated encryption, cheap key exchange."""

import subprocess

import pytest

from harness.certificate import Certificate
from harness.client import API
from harness.server import Server


class RSACertificate(Certificate):
    """RSA, with which the key exchanges without forward secrecy would be possible as well."""

    def renew(self, common_name, days=30):
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", str(days)]
            + ["-subj", f"/CN={common_name}", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
            + ["-keyout", self.key, "-out", self.certificate],
            check=True,
            capture_output=True,
        )


@pytest.fixture(scope="module", params=[Certificate, RSACertificate], ids=["EC", "RSA"])
def tls_server(request, tmp_path_factory, database):
    server = Server(tmp_path_factory.mktemp("server"), database, request.param(tmp_path_factory.mktemp("tls")))
    server.start()
    yield server
    assert server.stop() == 0


def handshake(server, *arguments):
    """What openssl(1) says of a handshake; None if there was none."""
    result = subprocess.run(
        ["openssl", "s_client", "-connect", f"127.0.0.1:{server.port}", "-brief", *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=20,
    )
    return result.stderr if "CONNECTION ESTABLISHED" in result.stderr else None


@pytest.mark.parametrize("group", ["X25519", "P-256", "P-384"])
@pytest.mark.parametrize("version", ["-tls1_3", "-tls1_2"])
def test_the_groups_of_elliptic_curves_are_served(tls_server, group, version):
    # In TLS 1.2 the groups include the curve of the server's certificate.
    groups = f"{group}:P-256" if version == "-tls1_2" and group != "P-256" else group
    assert handshake(tls_server, version, "-groups", groups)


@pytest.mark.parametrize("group", ["ffdhe2048", "ffdhe3072", "ffdhe4096", "ffdhe6144", "ffdhe8192", "P-521", "X448"])
def test_no_group_is_served_that_costs_much(tls_server, group):
    # CVE-2002-20001, CVE-2022-40735.
    assert handshake(tls_server, "-tls1_3", "-groups", group) is None


@pytest.mark.parametrize(
    "cipher", ["kRSA", "kDHE", "CBC", "AESCCM", "AESCCM8", "ARIA", "CAMELLIA", "aNULL", "eNULL", "SHA1"]
)
def test_no_cipher_is_served_without_forward_secrecy_or_authenticated_encryption(tls_server, cipher):
    ciphers = f"{cipher}:!TLSv1.3" if cipher != "CBC" else "ALL:!AESGCM:!CHACHA20:!AESCCM:!ARIAGCM:!CAMELLIA"
    assert handshake(tls_server, "-tls1_2", "-cipher", f"{ciphers}:@SECLEVEL=0") is None


@pytest.mark.parametrize("cipher", ["TLS_AES_128_CCM_SHA256", "TLS_AES_128_CCM_8_SHA256"])
def test_no_CCM_is_served_by_TLS_1_3(tls_server, cipher):
    assert handshake(tls_server, "-tls1_3", "-ciphersuites", cipher) is None


@pytest.mark.parametrize("version", ["-tls1", "-tls1_1"])
def test_no_older_version_is_served(tls_server, version):
    assert handshake(tls_server, version, "-cipher", "ALL:@SECLEVEL=0") is None


@pytest.mark.parametrize("path", ["/livez", "/nowhere", f"{API}/jobs"])
def test_every_answer_asks_for_HTTPS_from_now_on(client, path):
    # RFC 6797.
    headers = client.get(path).headers
    assert headers["Strict-Transport-Security"] == "max-age=63072000"
    assert headers["X-Content-Type-Options"] == "nosniff"
