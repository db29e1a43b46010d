// Certificates: who somebody is (formats.md, Identities; docs/design/identities.md).
//
// X.509 v3. Each agency has a root (P-256, self-signed); the root issues everything else. A
// certificate has exactly one subject alternative name, a URI urn:hedgerow:<agency>:<kind>:<name>,
// and the identity is read from there alone; the distinguished name is decoration.
//
// Decoding is strict to that profile, so a Certificate in hand is well-formed; whether it is
// *valid* (signature, dates) only verify_chain says, and whether its root counts only the
// agreement.
#pragma once

#include <compare>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "crypto/base/bytes.h"
#include "crypto/base/ids.h"
#include "crypto/base/seams.h"
#include "crypto/officer_key.h"
#include "crypto/seal.h"
#include "crypto/sign.h"

namespace hedgerow {

inline constexpr std::size_t kMaxCertificateSize = 16 * 1024;  // DER
inline constexpr std::size_t kMaxCertificatePemSize = 24 * 1024;

enum class CertificateKind { root, officer, node, analyst, practitioner, approver, scrutineer };
std::string_view to_string(CertificateKind kind);
std::optional<CertificateKind> parse_certificate_kind(std::string_view text);

// urn:hedgerow:<agency>:<kind>:<name>; the name follows the same rules as an agency's id.
struct Subject {
  PartyId agency;
  CertificateKind kind = CertificateKind::root;
  std::string name;
  std::string urn() const;
  static Result<Subject> parse_urn(std::string_view urn);
  friend auto operator<=>(const Subject&, const Subject&) = default;
};

// A node's public keys: `message` is the certificate's own key, the others its extension.
struct NodePublicKeys {
  VerifyKey message;      // Ed25519: statements and envelopes
  ByteArray<32> curve{};  // X25519: ZeroMQ CURVE
  ByteArray<32> dkg{};    // ristretto255 element: COCKTAIL-DKG static key; group.h decodes it
  SealPublicKey seal;     // X25519: sealed boxes
  VerifyKey log;          // Ed25519: checkpoints
  friend auto operator<=>(const NodePublicKeys&, const NodePublicKeys&) = default;
};

// root and officer: P-256; node: five keys; everyone else: Ed25519.
using SubjectKey = std::variant<OfficerPublicKey, VerifyKey, NodePublicKeys>;

// Whole seconds; what is finer is cut off.
struct Validity {
  UtcTime not_before;
  UtcTime not_after;
};

struct DecodedX509;

class Certificate {
 public:
  // Errors bad_input: too large, not X.509, or outside the profile; the text says where.
  static Result<Certificate> decode_der(ByteView der);
  static Result<Certificate> decode_pem(ByteView pem);  // exactly one; text before it is allowed
  // One after another, at least one, at most `max_count`; text between them is allowed.
  static Result<std::vector<Certificate>> decode_pem_bundle(ByteView pem, std::size_t max_count);

  const Bytes& der() const { return der_; }
  std::string pem() const;
  const Subject& subject() const { return subject_; }
  const PartyId& agency() const { return subject_.agency; }
  CertificateKind kind() const { return subject_.kind; }
  const Sha256& fingerprint() const { return fingerprint_; }  // SHA-256 of the DER
  UtcTime not_before() const { return validity_.not_before; }
  UtcTime not_after() const { return validity_.not_after; }
  ByteView serial() const { return serial_; }  // big-endian, no leading zero
  std::string serial_hex() const { return to_hex(serial_); }

  const SubjectKey& key() const { return key_; }
  // Ed25519 kinds (for a node: its message key). HR_CHECK: the kind has one.
  const VerifyKey& verify_key() const;
  const NodePublicKeys& node_keys() const;      // HR_CHECK: kind node
  const OfficerPublicKey& officer_key() const;  // HR_CHECK: kind root or officer

  friend bool operator==(const Certificate& a, const Certificate& b) { return a.der_ == b.der_; }

 private:
  Certificate() = default;
  friend struct CertificateParser;
  friend struct DecodedX509;
  Bytes der_;
  std::shared_ptr<DecodedX509> x509_;  // der_ in OpenSSL's hands; copies share it
  Subject subject_;
  Validity validity_{};
  SubjectKey key_;
  Bytes serial_;
  Sha256 fingerprint_;
};

// The root signed itself, and `at` lies in its dates.
// Errors: bad_input: not a root, or a bad signature; denied: expired or not yet valid.
Result<void> verify_root(const Certificate& root, UtcTime at);

// `leaf` was issued by `root`, both are of one agency, and `at` lies in the dates of both. Whether
// `root` counts (its fingerprint in an agreement) is for the caller to know.
// Errors as for verify_root.
Result<void> verify_chain(const Certificate& leaf, const Certificate& root, UtcTime at);

// Issuing. The serial number and the signature's nonce are drawn through Random, so the same seed
// gives the same certificate.
// Errors usage: dates the wrong way round, a key that does not suit the kind, a root of another
// agency, or a root key that is not that root's.
Result<Certificate> issue_root(const PartyId& agency, const OfficerKey& key,
                               const Validity& validity, Random& rng);
Result<Certificate> issue(const Subject& subject, const SubjectKey& key, const Validity& validity,
                          const Certificate& root, const OfficerKey& root_key, Random& rng);

}  // namespace hedgerow
