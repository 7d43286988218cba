#pragma once
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/kdf.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

// Macros and typed stacks, which Swift cannot use.
static inline int ccs_chain(SSL_CTX *context, struct stack_st_X509 **chain) {
  return (int)SSL_CTX_get0_chain_certs(context, chain);
}
static inline int ccs_chain_count(struct stack_st_X509 *chain) { return sk_X509_num(chain); }
static inline X509 *ccs_chain_certificate(struct stack_st_X509 *chain, int index) {
  return sk_X509_value(chain, index);
}
