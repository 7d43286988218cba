/* The limit that libmicrohttpd sets: a daemon as the service has one, and a handler that does nothing but answer.
 *
 * bare PORT CERTIFICATE PRIVATE-KEY
 *
 * Every request is answered 200 with a body of the length of a job's. Ends with SIGTERM or SIGINT.
 */
#include <microhttpd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define THREADS 2
#define BODY_BYTES 512

static char body[BODY_BYTES];

static enum MHD_Result answer(void *context, struct MHD_Connection *connection, const char *target, const char *method,
                              const char *version, const char *upload, size_t *upload_size, void **exchange)
{
  (void)context, (void)target, (void)method, (void)version, (void)upload;
  static char begun;
  if (*exchange == NULL) {
    *exchange = &begun;
    return MHD_YES;
  }
  if (*upload_size > 0) {
    *upload_size = 0;
    return MHD_YES;
  }
  struct MHD_Response *response = MHD_create_response_from_buffer(BODY_BYTES, body, MHD_RESPMEM_PERSISTENT);
  MHD_add_response_header(response, "Content-Type", "application/json");
  enum MHD_Result queued = MHD_queue_response(connection, MHD_HTTP_OK, response);
  MHD_destroy_response(response);
  return queued;
}

static char *contents(const char *path)
{
  FILE *file = fopen(path, "r");
  if (file == NULL) {
    perror(path);
    exit(1);
  }
  char *text = calloc(1, 65536);
  if (text == NULL || fread(text, 1, 65535, file) == 0) exit(1);
  fclose(file);
  return text;
}

int main(int count, char **arguments)
{
  if (count != 4) {
    fprintf(stderr, "usage: bare PORT CERTIFICATE PRIVATE-KEY\n");
    return 2;
  }
  memset(body, ' ', BODY_BYTES);
  body[0] = '{';
  body[BODY_BYTES - 1] = '}';
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGTERM);
  sigaddset(&ends, SIGINT);
  sigprocmask(SIG_BLOCK, &ends, NULL);
  struct MHD_Daemon *daemon = MHD_start_daemon(
    MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_TLS, (unsigned short)atoi(arguments[1]), NULL, NULL, answer, NULL,
    MHD_OPTION_THREAD_POOL_SIZE, THREADS, MHD_OPTION_HTTPS_MEM_CERT, contents(arguments[2]),
    MHD_OPTION_HTTPS_MEM_KEY, contents(arguments[3]), MHD_OPTION_HTTPS_PRIORITIES,
    "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2", MHD_OPTION_END);
  if (daemon == NULL) {
    fprintf(stderr, "libmicrohttpd did not start\n");
    return 1;
  }
  int signal;
  sigwait(&ends, &signal);
  MHD_stop_daemon(daemon);
  return 0;
}
