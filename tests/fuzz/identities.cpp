#include "tests/fuzz/identities.h"

namespace hedgerow::fuzz {
namespace {

Identities make_identities() {
  SeededRandom rng(ByteArray<32>{23});
  const PartyId agency = party("vale-council");
  const Validity validity{kBefore, kAfter};
  OfficerKey root_key = OfficerKey::random(rng);
  Certificate root = issue_root(agency, root_key, validity, rng).value();
  const auto issued = [&](CertificateKind kind, const char* name, const SubjectKey& key) {
    return issue({agency, kind, name}, key, validity, root, root_key, rng).value();
  };
  OfficerKey officer_key = OfficerKey::random(rng);
  Certificate officer =
      issued(CertificateKind::officer, "officer", SubjectKey(officer_key.public_key()));
  SigningKey message_key = SigningKey::random(rng);
  SealKeyPair seal = random_seal_key_pair(rng);
  SigningKey log_key = SigningKey::random(rng);
  SecretScalar dkg_key = random_scalar(rng);
  NodePublicKeys keys;
  keys.message = message_key.verify_key();
  keys.curve = random_seal_key_pair(rng).public_key.bytes;
  const Element dkg = multiply_base(dkg_key).value();
  keys.dkg = dkg.bytes();
  keys.seal = seal.public_key;
  keys.log = log_key.verify_key();
  Certificate node = issued(CertificateKind::node, "node", SubjectKey(keys));
  SigningKey analyst_key = SigningKey::random(rng);
  Certificate analyst =
      issued(CertificateKind::analyst, "analyst", SubjectKey(analyst_key.verify_key()));
  return {agency,
          std::move(root_key),
          std::move(root),
          std::move(officer_key),
          std::move(officer),
          std::move(message_key),
          std::move(seal),
          std::move(log_key),
          std::move(dkg_key),
          std::move(node),
          std::move(analyst_key),
          std::move(analyst)};
}

}  // namespace

const Identities& identities() {
  static const Identities made = make_identities();
  return made;
}

PartyId party(std::string_view name) { return PartyId::parse(name).value(); }
Lineage vale_cse() { return Lineage::parse("vale-cse").value(); }

protocol::StatementHeader statement_header() {
  return {party("vale-council"),     vale_cse(), counting<AgreementHash>(0x20),
          counting<SessionId>(0x10), 7,          kAfter};
}

}  // namespace hedgerow::fuzz
