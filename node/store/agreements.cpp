#include "node/store/agreements.h"

#include "node/store/row.h"

namespace hedgerow::store {

namespace {

constexpr std::size_t kMaxVersions = 1000;
constexpr std::size_t kMaxCertificates = 1000;

Result<AgreementRecord> read_agreement(const Statement& s) {
  AgreementRecord a;
  a.version = s.unsigned_integer(0);
  HR_ASSIGN(a.hash, read_id<AgreementHash>(s, 1));
  a.bytes = s.blob(2);
  a.signatures = s.blob(3);
  a.installed_at = s.time(4);
  HR_ASSIGN(a.state, read_code(s, 5, AgreementState::installed, AgreementState::withdrawn));
  return a;
}

Result<std::optional<AgreementRecord>> read_one(Statement& s) {
  HR_ASSIGN(const bool found, s.step());
  if (!found) return std::optional<AgreementRecord>();
  HR_ASSIGN(AgreementRecord a, read_agreement(s));
  return std::optional<AgreementRecord>(std::move(a));
}

}  // namespace

Result<void> Agreements::add(const AgreementRecord& a) {
  HR_TRY(check_size(a.bytes.size(), kMaxAgreement, "an agreement"));
  HR_TRY(check_size(a.signatures.size(), kMaxAgreementSignatures, "an agreement's signatures"));
  HR_TRY(check_size(a.version, kMaxVersions, "an agreement's version"));
  {
    Statement there = db_->prepare("SELECT 1 FROM agreement WHERE version = ?1 OR hash = ?2");
    HR_ASSIGN(const bool found, there.bind(1, a.version).bind(2, a.hash.view()).step());
    if (found) return bad_input("this version of the agreement is installed already");
  }
  Statement s = db_->prepare(
      "INSERT INTO agreement (version, hash, bytes, signatures, installed_at, state)"
      " VALUES (?1, ?2, ?3, ?4, ?5, ?6)");
  return s.bind(1, a.version)
      .bind(2, a.hash.view())
      .bind(3, ByteView(a.bytes))
      .bind(4, ByteView(a.signatures))
      .bind(5, a.installed_at)
      .bind(6, code_of(a.state))
      .run();
}

Result<void> Agreements::set_state(const AgreementHash& hash, AgreementState state) {
  Statement s = db_->prepare("UPDATE agreement SET state = ?1 WHERE hash = ?2");
  HR_TRY(s.bind(1, code_of(state)).bind(2, hash.view()).run());
  if (db_->changed_rows() != 1) return bad_input("no such agreement is installed");
  return {};
}

Result<std::optional<AgreementRecord>> Agreements::find(const AgreementHash& hash) {
  Statement s = db_->prepare(
      "SELECT version, hash, bytes, signatures, installed_at, state FROM agreement"
      " WHERE hash = ?1");
  s.bind(1, hash.view());
  return read_one(s);
}

Result<std::optional<AgreementRecord>> Agreements::latest() {
  Statement s = db_->prepare(
      "SELECT version, hash, bytes, signatures, installed_at, state FROM agreement"
      " ORDER BY version DESC LIMIT 1");
  return read_one(s);
}

Result<std::vector<AgreementRecord>> Agreements::list() {
  Statement s = db_->prepare(
      "SELECT version, hash, bytes, signatures, installed_at, state FROM agreement"
      " ORDER BY version");
  std::vector<AgreementRecord> all;
  while (true) {
    HR_ASSIGN(const bool more, s.step());
    if (!more) return all;
    HR_ASSIGN(AgreementRecord a, read_agreement(s));
    all.push_back(std::move(a));
  }
}

Result<void> Agreements::put_certificate(const CertificateRecord& c) {
  HR_TRY(check_size(c.pem.size(), kMaxCertificate, "a certificate"));
  {
    Statement count = db_->prepare("SELECT count(*) FROM certificate");
    HR_ASSIGN(const bool found, count.step());
    if (found && count.unsigned_integer(0) >= kMaxCertificates)
      return bad_input("too many certificates");
  }
  Statement s = db_->prepare(
      "INSERT INTO certificate (party, role, pem, valid) VALUES (?1, ?2, ?3, ?4)"
      " ON CONFLICT (party, role, pem) DO UPDATE SET valid = ?4");
  return s.bind(1, c.party.str())
      .bind(2, code_of(c.role))
      .bind(3, c.pem)
      .bind(4, c.valid ? 1 : 0)
      .run();
}

Result<void> Agreements::invalidate_certificates(const PartyId& party, CertificateRole role) {
  Statement s = db_->prepare("UPDATE certificate SET valid = 0 WHERE party = ?1 AND role = ?2");
  return s.bind(1, party.str()).bind(2, code_of(role)).run();
}

Result<void> Agreements::replace_certificate(const CertificateRecord& c) {
  Statement s =
      db_->prepare("DELETE FROM certificate WHERE party = ?1 AND role = ?2 AND valid = 0");
  HR_TRY(s.bind(1, c.party.str()).bind(2, code_of(c.role)).run());
  HR_TRY(invalidate_certificates(c.party, c.role));
  return put_certificate(c);
}

Result<std::vector<CertificateRecord>> Agreements::certificates() {
  Statement s = db_->prepare(
      "SELECT party, role, pem FROM certificate WHERE valid = 1 ORDER BY party, role, number");
  std::vector<CertificateRecord> all;
  while (true) {
    HR_ASSIGN(const bool more, s.step());
    if (!more) return all;
    CertificateRecord c;
    HR_ASSIGN(c.party, read_name<PartyId>(s, 0));
    HR_ASSIGN(c.role, read_code(s, 1, CertificateRole::root, CertificateRole::node));
    c.pem = s.text(2);
    all.push_back(std::move(c));
  }
}

}  // namespace hedgerow::store
