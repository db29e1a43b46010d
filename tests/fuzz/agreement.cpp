// An agreement's text: TOML, the typed form, lint, and what is made of an agreement that passes.
#include "policies/agreement.h"

#include "crypto/hash.h"
#include "policies/cells.h"
#include "policies/explain.h"
#include "policies/template.h"
#include "tests/fuzz/lines.h"
#include "tests/fuzz/target.h"

namespace hedgerow::fuzz {
namespace {

using namespace policies;

void run(ByteView input) {
  const AgreementReading reading = read_agreement(input);
  HR_CHECK(reading.diagnostics.size() <= kMaxDiagnostics);
  bool error = false;
  for (const Diagnostic& d : reading.diagnostics) {
    error = error || d.severity == Severity::error;
    HR_CHECK(!to_text(d, "agreement.toml").empty());
  }
  HR_CHECK(reading.agreement.has_value() != error);
  const auto parsed = parse_agreement(input, "agreement.toml");
  check_error(parsed);
  HR_CHECK(parsed.ok() == !error);
  if (error) return;
  const Agreement& agreement = *reading.agreement;
  HR_CHECK(agreement.hash == agreement_hash(input));
  HR_CHECK(std::is_sorted(agreement.parties.begin(), agreement.parties.end(),
                          [](const Party& a, const Party& b) { return a.id < b.id; }));
  HR_CHECK(agreement.party(agreement.hub) != nullptr);
  HR_CHECK(agreement.contributors().size() >= kMinContributors);
  HR_CHECK(agreement.pseudonyms.threshold < agreement.keyholders().size());
  for (const ExplainedPart& part : explain(agreement, CodeList::shipped()))
    for (const ExplainedFact& fact : part.facts) HR_CHECK(!fact.text.empty());
  for (const Grant& grant : agreement.grants)
    for (const Table& table : grant.tables) {
      const auto space = CellSpace::make(agreement, table, CodeList::shipped());
      check_error(space);
      if (space.ok()) HR_CHECK(space->size() > 0 && space->size() <= kMaxCellsPerGrant);
    }
}

std::vector<Bytes> seeds() {
  std::vector<Bytes> all;
  for (const auto& [name, text] : shipped_templates()) {
    std::map<std::string, std::string> words;
    for (const std::string& place : places_of(text)) {
      if (place == "valid_from") words[place] = "2026-10-01";
      if (place == "valid_until") words[place] = "2027-11-30";
      if (place == "review_by") words[place] = "2027-06-01";
      if (place == "codes") words[place] = to_sha256_name(CodeList::shipped().hash().view());
      if (place.starts_with("root.")) words[place] = to_sha256_name(sha256(as_bytes(place)));
    }
    std::string draft = fill_template(text, words).value();
    all.push_back(to_bytes(draft));  // a draft: still to be filled in
    for (auto at = draft.find("\"CHANGE\""); at != std::string::npos; at = draft.find("\"CHANGE\""))
      draft.replace(at, 8, "\"Z0000000\"");
    HR_CHECK(read_agreement(as_bytes(draft)).agreement.has_value());
    all.push_back(to_bytes(draft));
    // What the templates do not use.
    std::string other = draft;
    if (const auto at = other.find("noise = \"none\""); at != std::string::npos)
      other.replace(at, 14, "noise = { rho = \"1/100\" }");
    if (const auto at = other.find("role:analyst"); at != std::string::npos)
      other.replace(at, 12, "urn:hedgerow:vale-police:analyst:jo");
    if (const auto at = other.find("supersedes = \"\""); at != std::string::npos)
      other.replace(at, 15, "supersedes = \"" + to_sha256_name(ByteArray<32>{1}) + "\"");
    all.push_back(to_bytes(other));
  }
  return all;
}

const Registration registered({"agreement", run, seeds, mutate_lines<0>});

}  // namespace
}  // namespace hedgerow::fuzz
