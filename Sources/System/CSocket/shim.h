#pragma once
#include <stdint.h>

// The C library's headers for these functions take names from Swift's Glibc module if another module includes them, too.
struct sockaddr;
int accept4(int socket, struct sockaddr *address, unsigned int *length, int flags);
int getsockopt(int descriptor, int level, int option, void *value, unsigned int *size);

// How many bytes a TCP connection has moved.
struct tcp_traffic {
  uint64_t received;
  // Sent, and acknowledged by the peer.
  uint64_t acknowledged;
};

// POLLRDHUP of poll(2): the peer will send nothing more.
static const short peer_has_gone = 0x2000;

// From TCP_INFO of tcp(7). The C library's struct tcp_info ends before these counts, and the kernel's own header, whose
// struct this is, cannot be included beside the C library's.
static inline struct tcp_traffic tcp_traffic(int descriptor) {
  struct {
    uint8_t state[8];
    uint32_t figures[24];
    uint64_t rates[2];
    uint64_t acknowledged;
    uint64_t received;
  } info = {{0}, {0}, {0}, 0, 0};
  unsigned int size = sizeof info;
  struct tcp_traffic traffic = {0, 0};
  if (getsockopt(descriptor, 6 /* IPPROTO_TCP */, 11 /* TCP_INFO */, &info, &size) == 0) {
    traffic.received = info.received;
    traffic.acknowledged = info.acknowledged;
  }
  return traffic;
}
