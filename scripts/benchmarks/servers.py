"""The services that are measured, as processes over TLS on loopback."""

import collections
import json
import os
import signal
import socket
import ssl
import subprocess
import time

from database import Failed


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Server:
    """A process that serves HTTPS; `with` starts and stops it."""

    name = command = None
    environment = {}

    def __init__(self, state):
        self.state = state
        self.port = free_port()
        self.process = None

    @property
    def log(self):
        return os.path.join(self.state, f"{self.name}.log")

    def start(self):
        """Returns the seconds from exec to the first 200 of /readyz."""
        with open(self.log, "w"):
            pass
        output = os.open(self.log, os.O_WRONLY | os.O_APPEND)
        began = time.perf_counter()
        # A separate session: an interrupt from the terminal reaches only this process, which stops the server.
        self.process = subprocess.Popen(
            self.command, env={**os.environ, **self.environment}, stdin=subprocess.DEVNULL, stdout=output,
            stderr=output, start_new_session=True,
        )
        os.close(output)
        try:
            while not self.answers_ready():
                if self.process.poll() is not None or time.perf_counter() > began + 30:
                    raise Failed(f"{self.name} did not become ready; {self.log} may say why")
                time.sleep(0.002)
            return time.perf_counter() - began
        except BaseException:
            self.stop()
            raise

    def answers_ready(self):
        try:
            with Client(self.port, timeout=5) as client:
                return client.request("GET", "/readyz")[0] == 200
        except OSError:
            return False

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()


class JobStore(Server):
    """The service, with the default settings except its addresses and those named by dotted keys."""

    def __init__(self, state, binary, sockets, pool=None, **settings):
        super().__init__(state)
        self.name = f"ccs-jobstore-{pool}" if pool else "ccs-jobstore"
        configuration = os.path.join(state, f"{self.name}.json5")
        values = {
            "listen.address": "127.0.0.1",
            "listen.port": self.port,
            "tls.certificateFile": os.path.join(state, "tls/certificate.pem"),
            "tls.privateKeyFile": os.path.join(state, "tls/private-key.pem"),
            "database.connection": f"host={sockets} dbname=ccs_jobstore user=ccs_jobstore",
            **({"database.connections": pool} if pool else {}),
            **settings,
        }
        sections = {}
        for key, value in values.items():
            section, name = key.split(".")
            sections.setdefault(section, {})[name] = value
        with open(configuration, "w") as file:
            json.dump(sections, file, indent=2)
        self.command = [binary, "serve", "--config", configuration]

    def forget_log(self):
        os.truncate(self.log, 0)

    def statuses(self, operation):
        """The number of log lines of each status of an operation, since the last reset."""
        counts = collections.Counter()
        with open(self.log) as lines:
            for line in lines:
                entry = json.loads(line)
                if entry.get("event") == "request" and entry["operation"] == operation:
                    counts[entry["status"]] += 1
        return counts


class FastAPI(Server):
    name = "fastapi"
    WORKERS = 2

    # Connections to the database, over all workers.
    POOL = 32

    def __init__(self, state, sockets):
        super().__init__(state)
        folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), "fastapi")
        self.command = [
            os.path.join(state, "venv/bin/python"), "-B", "-m", "uvicorn", "--app-dir", folder, "service:app",
            "--host", "127.0.0.1", "--port", str(self.port), "--workers", str(self.WORKERS),
            "--loop", "uvloop", "--http", "httptools", "--no-access-log", "--log-level", "warning",
            "--ssl-certfile", os.path.join(state, "tls/certificate.pem"),
            "--ssl-keyfile", os.path.join(state, "tls/private-key.pem"),
        ]
        self.environment = {
            "BENCH_DSN": f"postgresql://ccs_jobstore@/ccs_jobstore?host={sockets}",
            "BENCH_POOL": str(self.POOL // self.WORKERS),
        }


class NGINX(Server):
    """nginx, which answers /readyz from its configuration, with as many workers as the service has threads."""

    name = "nginx"
    WORKERS = 2

    def __init__(self, state, program):
        super().__init__(state)
        folder = os.path.join(state, "nginx")
        os.makedirs(folder, exist_ok=True)
        paths = "\n".join(
            f"    {kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        configuration = os.path.join(folder, "nginx.conf")
        with open(configuration, "w") as file:
            file.write(f"""daemon off;
worker_processes {self.WORKERS};
pid {folder}/pid;
error_log {self.log};
events {{ worker_connections 4096; }}
http {{
    access_log {folder}/access.log;
{paths}
    server {{
        listen 127.0.0.1:{self.port} ssl backlog=1024;
        ssl_certificate {state}/tls/certificate.pem;
        ssl_certificate_key {state}/tls/private-key.pem;
        ssl_protocols TLSv1.2 TLSv1.3;
        ssl_session_cache off;
        ssl_session_tickets off;
        location / {{ default_type application/json; return 200 '{{"status":"ready"}}'; }}
    }}
}}
""")
        self.command = [program, "-p", folder, "-c", configuration]


class Bare(Server):
    """libmicrohttpd with a handler that does nothing but answer (bare/bare.c): the limit of the service."""

    name = "bare libmicrohttpd"

    def __init__(self, state):
        super().__init__(state)
        self.command = [
            os.path.join(state, "bare"), str(self.port),
            os.path.join(state, "tls/certificate.pem"), os.path.join(state, "tls/private-key.pem"),
        ]


class Client:
    """One kept-alive TLS connection, with as little overhead as possible."""

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE

    def __init__(self, port, token=None, timeout=30):
        self.token = token
        plain = socket.create_connection(("127.0.0.1", port), timeout)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            self.socket = self.context.wrap_socket(plain)
        except OSError:
            plain.close()
            raise

    def request(self, method, target, body=b""):
        """The response's status and body."""
        head = f"{method} {target} HTTP/1.1\r\nHost: localhost\r\n"
        if self.token:
            head += f"Authorization: Bearer {self.token}\r\n"
        if body:
            head += f"Content-Length: {len(body)}\r\n"
        self.socket.sendall(head.encode() + b"\r\n" + body)
        received = b""
        while b"\r\n\r\n" not in received:
            received += self._receive()
        head, _, content = received.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
        length = int(fields.get("content-length", 0))
        while len(content) < length:
            content += self._receive()
        return int(lines[0].split()[1]), content

    def _receive(self):
        piece = self.socket.recv(65536)
        if not piece:
            raise ConnectionError("the server closed the connection")
        return piece

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()
