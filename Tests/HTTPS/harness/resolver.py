"""A resolver of host names that the test controls, in the place of the C library's."""

import subprocess

SOURCE = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The address of database.test is in a file; without the file it takes forever. */
int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **list) {
  int (*original)(const char *, const char *, const struct addrinfo *, struct addrinfo **) =
      dlsym(RTLD_NEXT, "getaddrinfo");
  char address[64] = "";
  if (!name || strcmp(name, "database.test")) return original(name, service, hints, list);
  if (hints && hints->ai_flags & AI_NUMERICHOST) return EAI_NONAME;
  while (!*address) {
    FILE *file = fopen(getenv("RESOLVER_FILE"), "r");
    if (file) {
      if (!fgets(address, sizeof address, file)) *address = 0;
      fclose(file);
    }
    if (!*address) usleep(10000);
  }
  return original(address, service, hints, list);
}
"""


class Resolver:
    """Answers for the name database.test; the server that uses it is started with `variables`."""

    def __init__(self, folder):
        self.file = folder / "address"
        source, library = folder / "resolver.c", folder / "resolver.so"
        source.write_text(SOURCE)
        subprocess.run(["cc", "-shared", "-fPIC", "-o", library, source], check=True)
        self.variables = {"LD_PRELOAD": str(library), "RESOLVER_FILE": str(self.file)}

    def answer(self, address):
        new = self.file.with_suffix(".new")
        new.write_text(address)
        new.rename(self.file)

    def stall(self):
        self.file.unlink()
