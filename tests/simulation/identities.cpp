#include "tests/simulation/identities.h"

#include "crypto/cms.h"
#include "crypto/hash.h"
#include "policies/code_list.h"
#include "policies/template.h"

namespace hedgerow::simulation {

namespace {

void replace_all(std::string& text, const std::string& what, const std::string& with) {
  for (std::size_t at = text.find(what); at != std::string::npos;
       at = text.find(what, at + with.size()))
    text.replace(at, what.size(), with);
}

std::string draft(const std::map<std::string, Certificate>& roots, const Quotas& quotas) {
  std::map<std::string, std::string> values = {
      {"valid_from", "2026-10-01"},
      {"valid_until", "2027-11-30"},
      {"review_by", "2027-06-01"},
      {"codes", to_sha256_name(policies::CodeList::shipped().hash().view())}};
  for (const auto& [party, root] : roots)
    values["root." + party] = to_sha256_name(root.fingerprint().view());
  std::string text =
      policies::fill_template(policies::shipped_templates().at("regional-flows"), values).value();
  replace_all(text, "\"CHANGE\"", "\"of this simulation\"");
  replace_all(text, "daily_quota = 500", "daily_quota = " + std::to_string(quotas.daily));
  replace_all(text, "import_quota = 20000", "import_quota = " + std::to_string(quotas.imports));
  return text;
}

}  // namespace

const std::vector<std::string>& party_names() {
  static const std::vector<std::string> names = {std::string(kHub), "vale-council", "vale-health",
                                                 "vale-police", "vale-voice"};
  return names;
}

std::vector<std::string> contributor_names() {
  return {party_names().begin() + 1, party_names().end()};
}

ByteArray<32> seed_of(std::string_view purpose, std::uint64_t seed) {
  Writer w;
  w.text("simulation").text(purpose).u64(seed);
  return sha256(w.data());
}

Identities make_identities(const std::filesystem::path& folder, const Quotas& quotas,
                           const AgreementEdit& edit, UtcTime now, Random& rng,
                           std::chrono::hours node_life) {
  Identities out;
  auto& root_keys = out.root_keys;
  const Validity validity{now - std::chrono::hours(24 * 60), now + std::chrono::hours(24 * 300)};
  for (const std::string& name : party_names()) {
    const PartyId party = PartyId::parse(name).value();
    OfficerKey key = OfficerKey::random(rng);
    Certificate root = issue_root(party, key, validity, rng).value();
    auto keyring = keys::Keyring::create(folder / name, party, rng).value();
    Certificate node =
        issue({party, CertificateKind::node, "node"}, SubjectKey(keyring.public_keys()),
              {validity.not_before, now + node_life}, root, key, rng)
            .value();
    keyring.install_certificate(node).value();
    out.bundle += root.pem() + node.pem();
    out.roots.emplace(name, std::move(root));
    out.nodes.emplace(name, std::move(node));
    root_keys.emplace(name, std::move(key));
  }
  const std::string home = "vale-council";
  out.analyst_key.emplace(SigningKey::random(rng));
  out.analyst = issue({PartyId::parse(home).value(), CertificateKind::analyst, "analyst"},
                      SubjectKey(out.analyst_key->verify_key()), validity, out.roots.at(home),
                      root_keys.at(home), rng)
                    .value();
  out.agreement = draft(out.roots, quotas);
  if (edit) out.agreement = edit(out.agreement);
  std::vector<std::string> signatures;
  for (const std::string& name : party_names()) {
    const OfficerKey officer_key = OfficerKey::random(rng);
    const Certificate officer =
        issue({PartyId::parse(name).value(), CertificateKind::officer, "officer"},
              SubjectKey(officer_key.public_key()), validity, out.roots.at(name),
              root_keys.at(name), rng)
            .value();
    out.officers.push_back(officer);
    signatures.push_back(cms_sign(as_bytes(out.agreement), officer, officer_key, now, rng).value());
  }
  out.signatures = cms_merge(signatures).value();
  return out;
}

}  // namespace hedgerow::simulation
