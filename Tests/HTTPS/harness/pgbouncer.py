"""PgBouncer between the server and a cluster, by a Unix socket in a folder of its own."""

import os
import shutil
import subprocess

from harness.cluster import Cluster, as_postgres
from harness.waiting import eventually

SETTINGS = """
[databases]
* = host={cluster.socket_folder}
[pgbouncer]
listen_port = 5432
unix_socket_dir = {folder}
auth_type = trust
auth_file = {folder}/users
pool_mode = {mode}
default_pool_size = {size}
{further}
"""


class PgBouncer:
    def __init__(self, cluster, mode, size=20, further=""):
        self.socket_folder = folder = Cluster.new_home()
        configuration = f"{folder}/pgbouncer.ini"
        with open(configuration, "w") as file:
            file.write(SETTINGS.format(cluster=cluster, folder=folder, mode=mode, size=size, further=further))
        with open(f"{folder}/users", "w") as file:
            file.write('"ccs_jobstore" ""\n"ccs_jobstore_admin" ""\n')
        os.chmod(configuration, 0o644)
        self._process = subprocess.Popen(
            as_postgres("pgbouncer", "--quiet", configuration), cwd="/", stderr=subprocess.DEVNULL
        )
        eventually(lambda: os.path.exists(f"{folder}/.s.PGSQL.5432"), what="PgBouncer listens")

    def close(self):
        self._process.terminate()
        self._process.wait(30)
        shutil.rmtree(self.socket_folder)
