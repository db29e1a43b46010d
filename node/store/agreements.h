// The agreement's versions as installed, and the certificates of its parties.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "crypto/base/bytes.h"
#include "crypto/base/ids.h"
#include "crypto/base/result.h"
#include "crypto/base/seams.h"
#include "node/store/database.h"

namespace hedgerow::store {

inline constexpr std::size_t kMaxAgreement = 64 * 1024;
inline constexpr std::size_t kMaxAgreementSignatures = 1024 * 1024;
inline constexpr std::size_t kMaxCertificate = 16 * 1024;

enum class AgreementState : std::uint8_t {
  installed = 1,
  in_force = 2,
  superseded = 3,
  withdrawn = 4
};

struct AgreementRecord {
  std::uint64_t version = 0;
  AgreementHash hash;
  Bytes bytes;       // exactly as signed
  Bytes signatures;  // the .p7s, PEM
  UtcTime installed_at{};
  AgreementState state = AgreementState::installed;
};

enum class CertificateRole : std::uint8_t { root = 1, node = 2 };

struct CertificateRecord {
  PartyId party;
  CertificateRole role = CertificateRole::root;
  std::string pem;
  bool valid = true;  // false: replaced or revoked
};

class Agreements {
 public:
  explicit Agreements(Database& db) : db_(&db) {}

  // Writes. bad_input: bounds; this version or hash is there already.
  Result<void> add(const AgreementRecord& agreement);
  Result<void> set_state(const AgreementHash& hash, AgreementState state);
  Result<std::optional<AgreementRecord>> find(const AgreementHash& hash);
  Result<std::optional<AgreementRecord>> latest();  // highest version
  Result<std::vector<AgreementRecord>> list();      // by version

  // Writes. Adds the certificate; one of the same bytes is made valid again.
  Result<void> put_certificate(const CertificateRecord& certificate);
  Result<void> invalidate_certificates(const PartyId& party, CertificateRole role);
  // Writes. Takes the place of the party's valid certificate of that role, which stays as the one
  // before; what came before that is removed.
  Result<void> replace_certificate(const CertificateRecord& certificate);
  Result<std::vector<CertificateRecord>> certificates();  // valid ones, by party, role, age

 private:
  Database* db_;
};

}  // namespace hedgerow::store
