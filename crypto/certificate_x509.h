// What the sources of certificate and cms share; for crypto's own sources only.
#pragma once

#include <mutex>
#include <optional>

#include "crypto/certificate.h"
#include "crypto/openssl_types.h"

namespace hedgerow {

// The arc 2.25.<UUID as an integer> (ITU-T X.667) under which anyone may name things. UUID
// abc61906-bd61-4ab5-8d69-4494abc960dc; its meaning is fixed for good: a node's four other keys.
inline constexpr const char* kNodeKeysOid = "2.25.228326569651429861979253667575005536476";
inline constexpr std::size_t kNodeKeysSize = 128;  // curve || dkg || seal || log

using CrlPtr = OpensslPtr<X509_CRL, X509_CRL_free>;

// A certificate as OpenSSL holds it, and what was verified of it once: decoding and verifying take
// long, bytes do not change, and a question's certificates are asked for at every step of it. Dates
// and revocation are not kept: they are checked each time.
struct DecodedX509 {
  explicit DecodedX509(X509Ptr decoded) : x509(std::move(decoded)) {}
  static DecodedX509& of(const Certificate& certificate) { return *certificate.x509_; }

  const X509Ptr x509;
  // The root under which it holds; a root's own fingerprint: it signed itself.
  bool holds_under(const Sha256& root) {
    const std::scoped_lock lock(mutex_);
    return root_ == root;
  }
  void set_holds_under(const Sha256& root) {
    const std::scoped_lock lock(mutex_);
    root_ = root;
  }

 private:
  std::mutex mutex_;
  std::optional<Sha256> root_;
};

// Certificates decoded last, found by their bytes. Bounded; whoever decodes many others only makes
// it useless.
class DecodedBefore {
 public:
  static constexpr std::size_t kMost = 256;

  static DecodedBefore& all();
  std::optional<Certificate> find(const Sha256& fingerprint, ByteView der);
  void keep(const Certificate& certificate);

 private:
  std::mutex mutex_;
  std::vector<Certificate> kept_;  // a ring
  std::size_t next_ = 0;
};

// In the default context the one that is kept, else decoded anew.
X509Ptr to_x509(const Certificate& certificate, OSSL_LIB_CTX* context = nullptr);

// A time for people: "2026-10-01 09:30:00 UTC".
std::string to_display(UtcTime t);

}  // namespace hedgerow
