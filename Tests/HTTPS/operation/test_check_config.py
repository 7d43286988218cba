"""`check-config` sees what a start sees, and says what it does not see."""

import json
import os
import subprocess

import pytest

from harness.server import run_command, write_configuration


@pytest.fixture
def check(tmp_path, database, own_certificate):
    """Checks a configuration with these settings: exit status, problems and what was not checked."""

    def run(**settings):
        path = tmp_path / "checked.json5"
        write_configuration(path, database, own_certificate, {"listen.port": 12431, **settings})
        result = run_command(path, "check-config", "--json")
        report = json.loads(result.stdout)
        assert report["Valid"] == (report["Problems"] == [])
        return result.returncode, report["Problems"], report.get("NotChecked")

    return run


def key(path, *options):
    subprocess.run(["openssl", "genpkey", *options, "-out", path], check=True, capture_output=True)


def certify(certificate):
    """Signs a certificate with the key that is there."""
    command = ["openssl", "req", "-x509", "-key", certificate.key, "-subj", "/CN=odd", "-days", "2"]
    subprocess.run([*command, "-out", certificate.certificate], check=True, capture_output=True)


def test_a_configuration_that_is_good_is_said_to_be_so(server):
    result = run_command(server.configuration, "check-config")
    assert result.returncode == 0, result.stdout + result.stderr
    assert result.stdout.startswith("The configuration is valid.\n")


def test_a_certificate_that_is_none_is_a_problem(check, own_certificate):
    own_certificate.certificate.write_text("nonsense")
    status, (problem,), _ = check()
    assert status == 78
    assert problem.startswith(f"{own_certificate.certificate}: no chain of PEM certificates")


def test_a_key_of_another_certificate_is_a_problem(check, own_certificate):
    key(own_certificate.key, "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:prime256v1")
    status, (problem,), _ = check()
    assert status == 78
    assert problem.startswith(f"{own_certificate.key}: not the private key of")


@pytest.mark.parametrize("curve", ["secp256k1", "brainpoolP256r1"])
def test_a_curve_that_cannot_be_served_is_a_problem(check, own_certificate, curve):
    key(own_certificate.key, "-algorithm", "EC", "-pkeyopt", f"ec_paramgen_curve:{curve}")
    certify(own_certificate)
    status, (problem,), _ = check()
    assert status == 78
    assert curve in problem


def test_a_curve_without_its_name_which_the_tls_library_cannot_read_is_a_problem(check, own_certificate):
    command = ["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-param_enc", "explicit", "-noout"]
    subprocess.run([*command, "-out", own_certificate.key], check=True, capture_output=True)
    certify(own_certificate)
    status, (problem,), _ = check()
    assert status == 78
    assert problem.startswith(f"{own_certificate.certificate}: cannot be served with its key")


def test_a_key_that_cannot_be_read_is_a_problem(check, own_certificate):
    # Root can read any file, but no folder.
    own_certificate.key.unlink()
    own_certificate.key.mkdir()
    status, (problem,), _ = check()
    assert status == 78
    assert problem.startswith(f"tls.privateKeyFile names {own_certificate.key}, which cannot be read")


def test_an_address_of_another_machine_is_a_problem(check):
    status, (problem,), _ = check(**{"listen.address": "192.0.2.1"})
    assert status == 78
    assert problem.startswith("listen.address: cannot listen on 192.0.2.1")


def test_a_credential_that_is_not_mounted_is_not_checked(check):
    path = "/run/credentials/ccs-jobstore-test.service/secrets_database-password"
    status, problems, unchecked = check(**{"database.passwordFile": path})
    assert (status, problems) == (0, [])
    assert f"database.passwordFile names {path}, which only the running service sees" in unchecked


def test_a_certificate_whose_key_is_a_credential_is_not_checked(check, own_certificate):
    own_certificate.certificate.write_text("nonsense")
    status, problems, unchecked = check(**{"tls.privateKeyFile": "/run/credentials/ccs-jobstore-test.service/key"})
    assert (status, problems) == (0, [])
    assert "whether the certificate can be served with its key" in unchecked


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can read what the service's user cannot")
def test_root_is_told_that_its_eyes_are_not_those_of_the_service(check):
    _, problems, unchecked = check()
    assert problems == []
    assert any("sudo -u ccs_jobstore ccs-jobstore check-config" in line for line in unchecked)
