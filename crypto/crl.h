// A list of revoked certificates, signed by an agency's root: X.509 v2 CRL (RFC 5280 section 5;
// docs/design/identities.md, Revocation). `openssl crl` reads it, `openssl verify -crl_check`
// goes by it.
//
// Decoding is strict to the profile below, so a RevocationList in hand is well-formed; whose it is
// only verify_list says.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "crypto/certificate.h"

namespace hedgerow {

inline constexpr std::size_t kMaxListSize = 256 * 1024;  // DER
inline constexpr std::size_t kMaxListPemSize = 384 * 1024;
inline constexpr std::size_t kMaxRevoked = 4096;  // entries

// RFC 5280 section 5.3.1, as far as it is used here.
enum class RevocationReason : std::uint8_t {
  unspecified = 0,
  key_compromise = 1,
  left = 3,  // affiliationChanged
  superseded = 4,
  ceased = 5,  // cessationOfOperation
};
std::string_view to_string(RevocationReason reason);  // "key-compromise"
std::optional<RevocationReason> parse_revocation_reason(std::string_view text);

struct Revoked {
  Bytes serial;  // big-endian, no leading zero, at most 20 bytes
  UtcTime at;    // whole seconds
  RevocationReason reason = RevocationReason::unspecified;
  friend bool operator==(const Revoked&, const Revoked&) = default;
};

class RevocationList {
 public:
  // Errors bad_input: too large, too many entries, not a CRL, not DER, or outside the profile:
  // version 2; ECDSA with SHA-256; exactly a list number (at most 2^63 - 1) and an authority key
  // identifier, neither critical; entries in ascending order of serial, none twice, with at most a
  // reason of those above.
  static Result<RevocationList> decode_der(ByteView der);
  static Result<RevocationList> decode_pem(ByteView pem);  // exactly one; text before it is allowed

  const Bytes& der() const { return der_; }
  std::string pem() const;
  std::uint64_t number() const { return number_; }
  UtcTime this_update() const { return this_update_; }
  UtcTime next_update() const { return next_update_; }
  const std::vector<Revoked>& entries() const { return entries_; }
  const Revoked* find(ByteView serial) const;
  // The certificate's entry. That the list is of the certificate's root is for the caller to know.
  const Revoked* find(const Certificate& certificate) const { return find(certificate.serial()); }

  friend bool operator==(const RevocationList& a, const RevocationList& b) {
    return a.der_ == b.der_;
  }

 private:
  RevocationList() = default;
  friend struct RevocationListParser;
  Bytes der_;
  std::uint64_t number_ = 0;
  UtcTime this_update_;
  UtcTime next_update_;
  std::vector<Revoked> entries_;
};

// The list says that it is this root's. Its signature is not looked at.
bool claims_root(const RevocationList& list, const Certificate& root);

// The root signed it, and it does not begin after `at`. That it should have been followed by
// another by now is no error: what is revoked stays revoked.
// Errors bad_input: not a root, another root's, a bad signature; denied: not valid yet.
Result<void> verify_list(const RevocationList& list, const Certificate& root, UtcTime at);

// `later` may follow `earlier` of the same root: a higher number, and everything still revoked.
// Errors denied.
Result<void> check_follows(const RevocationList& later, const RevocationList& earlier);

// Entries in any order. The signature's nonce is drawn through Random.
// Errors usage: a number or entries outside the profile, dates the wrong way round, or a root key
// that is not that root's.
Result<RevocationList> issue_list(const std::vector<Revoked>& entries, std::uint64_t number,
                                  const Validity& updates, const Certificate& root,
                                  const OfficerKey& root_key, Random& rng);

// The certificates and the lists of one PEM file, in its order; text between them is allowed.
// Errors bad_input: anything else in it, or too many of either.
struct PemBundle {
  std::vector<Certificate> certificates;
  std::vector<RevocationList> lists;
};
Result<PemBundle> decode_bundle(ByteView pem, std::size_t max_certificates, std::size_t max_lists);

}  // namespace hedgerow
