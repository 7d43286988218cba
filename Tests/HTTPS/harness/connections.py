"""Connections by `http.client`."""

import http.client
import socket
import ssl


class KeptConnection:
    """One kept-alive connection that never reconnects."""

    def __init__(self, server):
        self.connection = http.client.HTTPSConnection(
            "127.0.0.1", server.port, timeout=10, context=server.tls_context()
        )
        self.connection.connect()
        self.socket = self.connection.sock
        self.connection.auto_open = 0

    def get(self, path, headers={}):
        self.connection.request("GET", path, headers=headers)
        response = self.connection.getresponse()
        return response.status, response.read().decode()

    def certificate(self):
        return self.socket.getpeercert(binary_form=True)

    def close(self):
        self.connection.close()


def presented_certificate(server):
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as plain:
        with ssl._create_unverified_context().wrap_socket(plain) as secure:
            return secure.getpeercert(binary_form=True)
