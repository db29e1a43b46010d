// What the sources of certificate and cms share; for crypto's own sources only.
#pragma once

#include <atomic>

#include "crypto/certificate.h"
#include "crypto/openssl_types.h"

namespace hedgerow {

// The arc 2.25.<UUID as an integer> (ITU-T X.667) under which anyone may name things. UUID
// abc61906-bd61-4ab5-8d69-4494abc960dc; its meaning is fixed for good: a node's four other keys.
inline constexpr const char* kNodeKeysOid = "2.25.228326569651429861979253667575005536476";
inline constexpr std::size_t kNodeKeysSize = 128;  // curve || dkg || seal || log

using CrlPtr = OpensslPtr<X509_CRL, X509_CRL_free>;

// A certificate as OpenSSL holds it. Decoding one costs as much as verifying it, and a question's
// certificates are verified at every step; so it is kept, and so is what never changes.
struct DecodedX509 {
  explicit DecodedX509(X509Ptr decoded) : x509(std::move(decoded)) {}
  static DecodedX509& of(const Certificate& certificate) { return *certificate.x509_; }
  X509Ptr x509;
  std::atomic<bool> is_self_signed{false};  // true: its own signature was verified
};

// In the default context the one that is kept, else decoded anew.
X509Ptr to_x509(const Certificate& certificate, OSSL_LIB_CTX* context = nullptr);

// A time for people: "2026-10-01 09:30:00 UTC".
std::string to_display(UtcTime t);

}  // namespace hedgerow
