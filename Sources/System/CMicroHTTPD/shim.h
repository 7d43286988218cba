#pragma once
#include <microhttpd.h>
#include <stdint.h>

// Variadic functions of libmicrohttpd, which Swift cannot call.

// The options of a daemon over TLS; the texts are needed only until it has started.
struct https_daemon_options {
  unsigned int threads;
  unsigned int connection_limit;
  // Memory for a request's head and what is parsed from it, in bytes. All of it is cleared between two requests.
  size_t connection_memory;
  const char *tls_priorities;
  const char *certificate_chain;
  const char *private_key;
  // Passed to every callback.
  void *context;
  MHD_AccessHandlerCallback access;
  // Called with the request target as it was sent; its result becomes the request's own pointer.
  void *(*target)(void *context, const char *target, struct MHD_Connection *connection);
  MHD_RequestCompletedCallback completed;
  MHD_NotifyConnectionCallback connection;
};

// Leaves the percent-encoding of the target alone: our own parser decodes it, once.
static inline size_t leave_encoded(void *context, struct MHD_Connection *connection, char *text) {
  (void)context;
  (void)connection;
  return __builtin_strlen(text);
}

// Ends libmicrohttpd's own copy of a target behind its "?", so that it does not parse the query, which takes memory for
// each parameter. Must be called in the `target` callback, with its argument. The text is const in the callback's type
// only: it is in the connection's buffer, and libmicrohttpd itself writes to it next.
static inline void leave_query_unparsed(const char *target) {
  char *mark = target ? (char *)__builtin_strchr(target, '?') : NULL;
  if (mark) mark[1] = '\0';
}

// NULL if the daemon did not start.
static inline struct MHD_Daemon *start_https_daemon(const struct https_daemon_options *options) {
  return MHD_start_daemon(
      MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_TLS | MHD_USE_ITC | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_NO_LISTEN_SOCKET,
      0, NULL, NULL, options->access, options->context, MHD_OPTION_THREAD_POOL_SIZE, options->threads,
      MHD_OPTION_CONNECTION_LIMIT, options->connection_limit,
      MHD_OPTION_CONNECTION_MEMORY_LIMIT, options->connection_memory,
      // ConnectionDeadlines has the deadlines; libmicrohttpd's timeout counts from the last byte.
      MHD_OPTION_CONNECTION_TIMEOUT, 0u, MHD_OPTION_URI_LOG_CALLBACK, options->target, options->context,
      MHD_OPTION_UNESCAPE_CALLBACK, &leave_encoded, NULL, MHD_OPTION_NOTIFY_COMPLETED, options->completed,
      options->context, MHD_OPTION_NOTIFY_CONNECTION, options->connection, options->context,
      MHD_OPTION_HTTPS_PRIORITIES, options->tls_priorities, MHD_OPTION_HTTPS_MEM_CERT,
      options->certificate_chain, MHD_OPTION_HTTPS_MEM_KEY, options->private_key, MHD_OPTION_END);
}

// The connection's socket; -1 if unknown.
static inline int connection_descriptor(struct MHD_Connection *connection) {
  const union MHD_ConnectionInfo *info =
      MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
  return info ? info->connect_fd : -1;
}

// The connection's session of GnuTLS; NULL if it has none.
static inline void *connection_session(struct MHD_Connection *connection) {
  const union MHD_ConnectionInfo *info =
      MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
  return info ? info->tls_session : NULL;
}

// The client's address; NULL if unknown.
static inline const struct sockaddr *connection_address(struct MHD_Connection *connection) {
  const union MHD_ConnectionInfo *info =
      MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
  return info ? info->client_addr : NULL;
}

// Whether a request ended with its whole answer sent.
static inline _Bool was_answered(enum MHD_RequestTerminationCode code) {
  return code == MHD_REQUEST_TERMINATED_COMPLETED_OK;
}

// Whether a connection has begun; otherwise it has ended.
static inline _Bool has_begun(enum MHD_ConnectionNotificationCode code) {
  return code == MHD_CONNECTION_NOTIFY_STARTED;
}

// Has an answer of unknown length end with its connection instead of a last chunk; the answer is to be queued next.
static inline void set_response_unchunked(struct MHD_Response *response) {
  MHD_set_response_options(response, MHD_RF_HTTP_1_0_COMPATIBLE_STRICT, MHD_RO_END);
}
