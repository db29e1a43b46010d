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

std::string from_template(const std::map<std::string, std::string>& roots, const Quotas& quotas) {
  std::map<std::string, std::string> values = {
      {"valid_from", "2026-10-01"},
      {"valid_until", "2027-11-30"},
      {"review_by", "2027-06-01"},
      {"codes", to_sha256_name(policies::CodeList::shipped().hash().view())}};
  for (const auto& [party, root] : roots) values["root." + party] = root;
  std::string text =
      policies::fill_template(policies::shipped_templates().at("regional-flows"), values).value();
  replace_all(text, "\"CHANGE\"", "\"of this simulation\"");
  replace_all(text, "daily_quota = 500", "daily_quota = " + std::to_string(quotas.daily));
  replace_all(text, "import_quota = 20000", "import_quota = " + std::to_string(quotas.imports));
  return text;
}

std::string party_text(const PartyShape& p, const std::string& root) {
  std::string roles;
  const auto add = [&](bool has, const char* role) {
    if (has) roles += std::string(roles.empty() ? "" : ", ") + "\"" + role + "\"";
  };
  add(p.name == kHub, "hub");
  add(p.contributor, "contributor");
  add(p.keyholder, "keyholder");
  add(p.mixer, "mixer");
  add(p.scrutineer, "scrutineer");
  return "[[party]]\nid = \"" + p.name + "\"\nname = \"" + p.name + "\"\norganisation = \"" +
         p.name + "\"\nkind = \"other\"\nroles = [" + roles + "]\nroot = \"" + root +
         "\"\nareas = [" + (p.area.empty() ? "" : "\"" + p.area + "\"") +
         "]\nlawful_basis = [\"uk-gdpr:6(1)(e)\"]\n"
         "signatories = [{ name = \"of this simulation\", post = \"Caldicott Guardian\" }]\n"
         "contacts = { dpo = \"-\", rights = \"-\", breach = \"-\", duty = \"MASH of " +
         p.name +
         "\" }\n"
         "references = { ico = \"-\", dpia = \"-\", appropriate_policy_document = \"-\" }\n\n";
}

std::string grant_head(const std::string& id, const std::string& purpose, const std::string& asker,
                       const std::string& table) {
  return "[[grant]]\nid = \"" + id + "\"\npurpose = \"" + purpose + "\"\naskers = [\"" + asker +
         "\"]\nreason = \"required\"\nperiod = \"quarter\"\nsettle = \"P14D\"\nhistory = "
         "\"P24M\"\n\n[[grant.table]]\nname = \"" +
         table + "\"\n";
}

// Of a GrantShape or a LinkedShape.
template <class S>
std::string disclosure_text(const S& g) {
  return "\n[grant.disclosure]\nmin_children = " + std::to_string(g.min_children) +
         "\nmin_agencies = " + std::to_string(g.min_agencies) +
         "\nround_to = " + std::to_string(g.round_to) +
         "\ntrue_zero = " + (g.true_zero ? "true" : "false") + "\nnoise = \"none\"\n\n";
}

std::string grant_text(const GrantShape& g, const std::string& first_home) {
  const std::string asker =
      g.only_first_home ? "urn:hedgerow:" + first_home + ":analyst:analyst" : "role:analyst";
  return "[purpose." + g.purpose + "]\ndescription = \"Of this simulation\"\n\n" +
         grant_head(g.id, g.purpose, asker, g.table) +
         "question = \"flows\"\nby = [\"origin\", \"destination\"]\n"
         "place_level = \"district\"\nwhere = { event = [\"" +
         g.event + "\"] }\nmeasure = \"" + (g.children ? "children" : "reports") + "\"\n" +
         disclosure_text(g);
}

std::string linked_text(const LinkedShape& l, const std::string& purpose) {
  std::string text = grant_head(l.id, purpose, "role:analyst", l.id) + "question = \"" +
                     l.question + "\"\nwhere = { event = [\"" + l.event +
                     "\"] }\nentries = " + std::to_string(l.entries) + "\n";
  if (l.question == "places")
    text += "by = [\"destination\"]\nplace_level = \"district\"\ncells_per_child = " +
            std::to_string(kCellsPerChild) + "\n";
  else
    text += l.by_agency ? "by = [\"agency\"]\n" : "by = []\n";
  if (l.question == "repeat-missing")
    text += "times = " + std::to_string(kTimes) + "\nwithin = \"P" + std::to_string(kWithinDays) +
            "D\"\nepisodes_per_child = " + std::to_string(kEpisodesPerChild) + "\n";
  return text + disclosure_text(l);
}

std::string trace_text() {
  return "[purpose.safeguard-a-child]\ndescription = \"Of this simulation\"\n\n"
         "[[grant]]\nid = \"duty-contacts\"\npurpose = \"safeguard-a-child\"\n"
         "askers = [\"role:practitioner\"]\napprovers = [\"role:approver\"]\n"
         "reason = \"required\"\nhistory = \"" +
         std::string(kTraceHistory) +
         "\"\nlegal_bases = [\"uk-gdpr:6(1)(e)\"]\n\n"
         "[[grant.table]]\nname = \"trace\"\nquestion = \"trace\"\ndaily_quota = " +
         std::to_string(kTracesADay) + "\npractitioner_quota = " + std::to_string(kTracesADay) +
         "\n\n";
}

std::string from_shape(const std::map<std::string, std::string>& roots, const Shape& shape) {
  std::string text =
      "[agreement]\nid = \"vale-cse\"\nversion = 1\nsupersedes = \"\"\ntitle = \"A simulated "
      "region: " +
      shape.name +
      "\"\nvalid_from = 2026-10-01\nvalid_until = 2027-11-30\nreview_by = 2027-06-01\nhub = \"" +
      std::string(kHub) + "\"\ncodes = \"" +
      to_sha256_name(policies::CodeList::shipped().hash().view()) + "\"\n\n";
  for (const auto& p : shape.parties) text += party_text(p, roots.at(p.name));
  text +=
      "[pseudonyms]\nidentifier = \"nhs-number\"\nthreshold = " + std::to_string(shape.threshold) +
      "\ndaily_quota = " + std::to_string(shape.quotas.daily) +
      "\nimport_quota = " + std::to_string(shape.quotas.imports) + "\n\n";
  for (const auto& g : shape.grants) text += grant_text(g, shape.homes.front());
  for (const auto& l : shape.linked) text += linked_text(l, shape.grants.front().purpose);
  if (shape.traces) text += trace_text();
  return text + "[retention]\nrecords = \"P24M\"\nlog = \"P7Y\"\n";
}

std::string draft(const std::map<std::string, Certificate>& roots, const Shape& shape) {
  std::map<std::string, std::string> fingerprints;
  for (const auto& [party, root] : roots)
    fingerprints[party] = to_sha256_name(root.fingerprint().view());
  return shape.from_template ? from_template(fingerprints, shape.quotas)
                             : from_shape(fingerprints, shape);
}

}  // namespace

const std::vector<std::string>& party_names() {
  static const std::vector<std::string> names = standard_shape({}).names();
  return names;
}

std::vector<std::string> contributor_names() { return standard_shape({}).contributors(); }

ByteArray<32> seed_of(std::string_view purpose, std::uint64_t seed) {
  Writer w;
  w.text("simulation").text(purpose).u64(seed);
  return sha256(w.data());
}

Identities make_identities(const std::filesystem::path& folder, const Shape& shape,
                           const AgreementEdit& edit, UtcTime now, Random& rng,
                           std::chrono::hours node_life) {
  Identities out;
  auto& root_keys = out.root_keys;
  const Validity validity{now - std::chrono::hours(24 * 60), now + std::chrono::hours(24 * 300)};
  for (const std::string& name : shape.names()) {
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
  const auto person = [&](const std::string& home, CertificateKind kind, const char* name) {
    SigningKey key = SigningKey::random(rng);
    Certificate certificate =
        issue({PartyId::parse(home).value(), kind, name}, SubjectKey(key.verify_key()), validity,
              out.roots.at(home), root_keys.at(home), rng)
            .value();
    return Person{std::move(certificate), std::move(key)};
  };
  for (const std::string& home : shape.homes)
    out.analysts.emplace(home, person(home, CertificateKind::analyst, "analyst"));
  out.practitioner = person(shape.homes.front(), CertificateKind::practitioner, "practitioner");
  out.agreement = draft(out.roots, shape);
  if (edit) out.agreement = edit(out.agreement);
  std::vector<std::string> signatures;
  for (const std::string& name : shape.names()) {
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
  // Last, so that whatever was drawn before is what it is without traces.
  if (!shape.traces) return out;
  for (const std::string& home : shape.homes) {
    out.practitioners.emplace(home, person(home, CertificateKind::practitioner, "social-worker"));
    out.approvers.emplace(home, person(home, CertificateKind::approver, "team-manager"));
  }
  out.trace_officers.emplace(random_seal_key_pair(rng), random_seal_key_pair(rng));
  return out;
}

}  // namespace hedgerow::simulation
