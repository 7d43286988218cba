"""Self-signed certificates by OpenSSL, for the names under which the tests reach the server."""

import subprocess


class Certificate:
    def __init__(self, folder, common_name="localhost"):
        folder.mkdir(parents=True, exist_ok=True)
        self.certificate = folder / "certificate.pem"
        self.key = folder / "private-key.pem"
        self.renew(common_name)

    def renew(self, common_name, days=30):
        """Replaces the files, as an administrator does before a reload."""
        subprocess.run(
            [
                "openssl",
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:prime256v1",
                "-nodes",
                "-days",
                str(days),
                "-subj",
                f"/CN={common_name}",
                "-addext",
                "subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1",
                "-keyout",
                self.key,
                "-out",
                self.certificate,
            ],
            check=True,
            capture_output=True,
        )

    def der(self):
        return subprocess.run(
            ["openssl", "x509", "-in", self.certificate, "-outform", "DER"], check=True, capture_output=True
        ).stdout
