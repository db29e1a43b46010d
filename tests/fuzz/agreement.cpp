// An agreement's text: TOML, the typed form, lint, and what is made of an agreement that passes.
#include "policies/agreement.h"

#include "crypto/hash.h"
#include "policies/cells.h"
#include "policies/explain.h"
#include "policies/template.h"
#include "policies/trace.h"
#include "tests/fuzz/lines.h"
#include "tests/fuzz/target.h"

namespace hedgerow::fuzz::agreement {
namespace {

using namespace policies;

// Whoever answers a trace has something to show, and none is made on a legal basis that is not
// stated.
void check_trace(const Agreement& agreement, const PartyId& home) {
  const Party& party = *agreement.party(home);
  const std::string& duty = party.contacts.at("duty");
  HR_CHECK(!duty.empty() && duty.size() <= kMaxDutyContactBytes);
  HR_CHECK(trace_responders(agreement, home).size() + 1 == agreement.contributors().size());
  TraceContext c;
  c.local = agreement.hub;
  c.home = home;
  const std::string urn = "urn:hedgerow:" + home.str();
  c.practitioner = {home, "practitioner", urn + ":practitioner:one"};
  c.approver = {home, "approver", urn + ":approver:two"};
  c.state = LineageState::in_force;
  c.now = london_midnight(agreement.valid_from);
  for (const std::string& basis : agreement.trace->legal_bases) {
    c.asked = {agreement.id, agreement.trace->purpose, basis, "reason"};
    const bool permitted = std::holds_alternative<TracePermit>(evaluate_trace(agreement, c));
    const auto& stated = party.lawful_basis;
    HR_CHECK(!permitted || std::find(stated.begin(), stated.end(), basis) != stated.end());
    c.approver->urn = urn + ":approver:one";
    HR_CHECK(std::holds_alternative<Deny>(evaluate_trace(agreement, c)));
    c.approver->urn = urn + ":approver:two";
  }
}

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
  if (const auto& trace = agreement.trace) {
    HR_CHECK(trace->practitioner_quota >= 1 && trace->practitioner_quota <= trace->daily_quota);
    HR_CHECK(trace->daily_quota <= kMaxTraceQuota && agreement.grant(trace->id) == nullptr);
    HR_CHECK(agreement.purpose(trace->purpose) != nullptr);
    for (const PartyId& id : agreement.contributors()) check_trace(agreement, id);
  }
  for (const Grant& grant : agreement.grants)
    for (const Table& table : grant.tables) {
      const auto space = CellSpace::make(agreement, table, CodeList::shipped());
      check_error(space);
      if (space.ok()) HR_CHECK(space->size() > 0 && space->size() <= kMaxCellsPerGrant);
      HR_CHECK(table.link.has_value() == is_linked(table.question));
      if (!table.link) continue;
      const auto link = CellSpace::make_link_cells(agreement, table, CodeList::shipped());
      check_error(link);
      HR_CHECK(link.ok() == space.ok() && agreement.mixers().size() >= kMinMixers);
      if (table.question == QuestionKind::repeat_missing)
        for (const char* period : {"2026-02", "2026-Q1", "2026", "2026/27"}) {
          const Period p = Period::parse(period).value();
          HR_CHECK(p.kind != grant.period || p.contains(window_begins(*table.link, p)));
        }
    }
}

struct Edit {
  std::string_view from, to;
};

// One rule of lint or of the form broken in each; the templates break none.
constexpr Edit kEdits[] = {
    {"valid_until = 2027-11-30", "valid_until = 2026-01-01"},
    {"review_by = 2027-06-01", "review_by = 2028-06-01"},
    {"version = 1", "version = 2"},
    {"version = 1", "version = 0"},
    {"version = 1", "version = \"one\""},
    {"valid_until = 2027-11-30", "valid_until = \"2027-11-30\""},
    {"valid_until = 2027-11-30", "valid_until = 2027-11-30T00:00:00Z"},
    {"hub = \"vale-partnership\"", "hub = \"vale-council\""},
    {"hub = \"vale-partnership\"", "hub = \"nobody\""},
    {"roles = [\"hub\"]", "roles = [\"hub\", \"contributor\"]"},
    {"roles = [\"hub\"]", "roles = [\"hub\", \"king\"]"},
    {"roles = [\"hub\"]", "roles = [\"scrutineer\"]"},
    {"organisation = \"vale-council\"", "organisation = \"vale-partnership\""},
    {"id = \"vale-police\"", "id = \"vale-council\""},
    {"id = \"vale-police\"", "id = \"Vale Police\""},
    {"kind = \"police\"", "kind = \"voluntary\""},
    {"kind = \"police\"", "kind = \"army\""},
    {"lawful_basis = [\"dpa-2018:part3\", \"cda-1998:115\"]", "lawful_basis = []"},
    {"lawful_basis = [\"dpa-2018:part3\", \"cda-1998:115\"]",
     "lawful_basis = [\"\", \"x\", \"x\"]"},
    {"lawful_basis = [\"dpa-2018:part3\", \"cda-1998:115\"]", "lawful_basis = \"consent\""},
    {", \"dpa-2018:sch1:18\"", ""},
    {", appropriate_policy_document = \"Z0000000\"", ""},
    {"contacts = { dpo = \"Z0000000\", rights = \"Z0000000\", breach = \"Z0000000\", duty = "
     "\"Z0000000\" }",
     "contacts = {}"},
    {"contacts = { dpo = \"Z0000000\", rights = \"Z0000000\", breach = \"Z0000000\", duty = "
     "\"Z0000000\" }",
     "contacts = { mother = \"x\", dpo = 3 }"},
    {"signatories = [{ name = \"Z0000000\", post = \"Head of the business unit\" }]",
     "signatories = []"},
    {"signatories = [{ name = \"Z0000000\", post = \"Head of the business unit\" }]",
     "signatories = [1]"},
    {"areas = [\"E10000025\"]", "areas = [\"E99000001\"]"},
    {"areas = [\"E10000025\"]", "areas = [\"E07000004\"]"},
    {"[\"contributor\", \"keyholder\"]", "[\"keyholder\"]"},
    {"[\"contributor\", \"keyholder\"]", "[\"contributor\"]"},
    {"[\"contributor\", \"keyholder\"]", "[\"contributor\", \"keyholder\", \"mixer\"]"},
    {"threshold = 3", "threshold = 1"},
    {"threshold = 3", "threshold = 4"},
    {"threshold = 3", "threshold = -3"},
    {"daily_quota = 500", "daily_quota = 500.5"},
    {"purpose = \"pattern-detection\"", "purpose = \"curiosity\""},
    {"askers = [\"role:analyst\"]", "askers = []"},
    {"askers = [\"role:analyst\"]",
     "askers = [\"role:officer\", \"urn:hedgerow:nobody:analyst:jo\", \"me\"]"},
    {"askers = [\"role:analyst\"]",
     "askers = [\"urn:hedgerow:vale-police:analyst:jo\", \"urn:hedgerow:x\", \"urn:x\"]"},
    {"reason = \"required\"", "reason = \"why not\""},
    {"period = \"quarter\"", "period = \"week\""},
    {"settle = \"P14D\"", "settle = \"two weeks\""},
    {"history = \"P24M\"", "history = \"P9Y\""},
    {"by = [\"origin\", \"destination\"]", "by = [\"origin\"]"},
    {"question = \"flows\"\nby = [\"origin\", \"destination\"]",
     "question = \"counts\"\nby = [\"factors\"]"},
    {"question = \"flows\"\nby = [\"origin\", \"destination\"]",
     "question = \"counts\"\nby = [\"shoe_size\"]"},
    {"question = \"flows\"\nby = [\"origin\", \"destination\"]",
     "question = \"counts\"\nby = [\"age_band\", \"sex\", \"event\", \"care_status\"]"},
    {"question = \"flows\"", "question = \"places\""},
    {"place_level = \"district\"", "place_level = \"street\""},
    {"place_level = \"district\"", "place_level = \"police-area\""},
    {"place_level = \"district\"\n", ""},
    {"where = { event = [\"missing\"] }",
     "where = { event = [\"gone\"], height = [\"tall\"], sex = 3 }"},
    {"where = { event = [\"missing\"] }", "where = { factors = [\"cse\"] }"},
    {"measure = \"reports\"", "measure = \"tears\""},
    {"min_agencies = 1", "min_agencies = 9"},
    {"round_to = 5", "round_to = 50"},
    {"min_children = 8", "min_children = 3"},
    {"min_children = 8", "min_children = 0"},
    {"true_zero = false", "true_zero = \"no\""},
    {"noise = \"none\"", "noise = \"loud\""},
    {"records = \"P24M\"", "records = \"P1D\""},
    {"[retention]", "[retention]\nforever = true"},
    {"[purpose.pattern-detection]",
     "[purpose.idle]\ndescription = \"Nothing\"\n[purpose.pattern-detection]"},
    {"[purpose.pattern-detection]", "[purpose]\npattern-detection = 3\n[purpose.x]"},
    {"[pseudonyms]", "pseudonyms = 3\n[other]"},
    {"[agreement]", "[agreement]\ntitle = \"\"\"two\nlines\"\"\""},
    {"[agreement]\n", "\"\\u0001\" = 1\n[agreement]\n"},
    {"[agreement]\n", "x = 'it''s'\n[agreement]\n"},
    {"[agreement]\n", "a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q.r.s.t.u.v.w.x.y.z = 1\n"},
    {"[agreement]\n", "t = [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1\n"},
    {"[agreement]\n", "t = \"never closed\n[agreement]\n"},
    {"[agreement]\n", "t = \"\"\"ends in two\"\"\"\"\"\n[agreement]\n"},
    {"[agreement]\n", "t = \"a \\\" b\"\n[agreement]\n"},
    {"[agreement]\n", "t = \"a \x01 b\"\n[agreement]\n"},
    {"[agreement]\n", "# a remark \xe2\x80\xa8 of two lines\n[agreement]\n"},
    {"[agreement]\n", "t = \xc3\xa9\n[agreement]\n"},
    {"[agreement]\n", "\r[agreement]\n"},
};

// A second table, in the grant or in a grant of its own, that one row can count in too.
constexpr std::string_view kSecondTable =
    "[[grant.table]]\nname = \"again\"\nquestion = \"counts\"\nby = [\"age_band\"]\n"
    "where = { event = [\"missing\"] }\nmeasure = \"children\"\n";
constexpr std::string_view kSecondGrant =
    "[[grant]]\nid = \"movements\"\npurpose = \"pattern-detection\"\naskers = [\"role:analyst\"]\n"
    "reason = \"required\"\nperiod = \"year\"\nsettle = \"P14D\"\nhistory = \"P24M\"\n"
    "[[grant.table]]\nname = \"flows-too\"\nquestion = \"flows\"\nby = [\"origin\", "
    "\"destination\"]\n"
    "place_level = \"social-care-authority\"\nmeasure = \"reports\"\n"
    "[grant.disclosure]\nmin_children = 5\nmin_agencies = 1\nround_to = 5\ntrue_zero = false\n"
    "noise = \"none\"\n\n";

// The same for linked tables.
constexpr Edit kLinkedEdits[] = {
    {", \"mixer\"]", "]"},
    {"entries = 2048", "entries = 8193"},
    {"entries = 2048", "times = 3"},
    {"cells_per_child = 16", "cells_per_child = 0"},
    {"cells_per_child = 16", "within = \"P9D\"\nepisodes_per_child = 3"},
    {"by = [\"destination\", \"place_type\"]", "by = [\"origin\"]"},
    {"by = [\"destination\", \"place_type\"]", "by = [\"place_type\"]"},
    {"by = []", "by = [\"agency\"]"},
    {"by = []", "by = [\"sex\"]"},
    {"by = []", "measure = \"reports\""},
    {"times = 3", "times = 17"},
    {"times = 3", "by = [\"agency\"]"},
    {"within = \"P90D\"", "within = \"P91D\""},
    {"within = \"P90D\"", "within = \"P3M\""},
    {"event = [\"missing\"]", "event = [\"absent\"]"},
    {"event = [\"missing\"]", "sex = [\"male\"]"},
    {"round_to = 5", "round_to = 1"},
};

// The same for the grant of traces.
constexpr Edit kTraceEdits[] = {
    {"question = \"trace\"", "question = \"tracing\""},
    {"question = \"trace\"", "question = \"trace\"\nby = [\"sex\"]"},
    {"name = \"trace\"", "name = \"-\""},
    {"daily_quota = 20", "daily_quota = 51"},
    {"daily_quota = 20", "daily_quota = 0"},
    {"practitioner_quota = 5", "practitioner_quota = 21"},
    {"practitioner_quota = 5", "practitioner_quota = \"five\""},
    {"practitioner_quota = 5", "practitioner_quota = 5\n[[grant.table]]\nquestion = \"trace\""},
    {"id = \"duty-contacts\"", "id = \"movements\""},
    {"id = \"duty-contacts\"", "id = \"duty-contacts\"\nperiod = \"month\"\nsettle = \"P1D\""},
    {"purpose = \"safeguard-a-child\"", "purpose = \"curiosity\""},
    {"askers = [\"role:practitioner\"]", "askers = [\"role:analyst\", \"me\"]"},
    {"askers = [\"role:practitioner\"]",
     "askers = [\"urn:hedgerow:vale-partnership:practitioner:jo\"]"},
    {"askers = [\"role:practitioner\"]\napprovers = [\"role:approver\"]",
     "askers = [\"urn:hedgerow:vale-police:practitioner:jo\"]\n"
     "approvers = [\"urn:hedgerow:vale-police:approver:jo\"]"},
    {"approvers = [\"role:approver\"]", "approvers = []"},
    {"approvers = [\"role:approver\"]\n", ""},
    {"legal_bases = [", "legal_bases = [\"ca-2004:16LA\", "},
    {"legal_bases = [", "legal_bases = [\"no basis\", "},
    {"legal_bases = [\"uk-gdpr:6(1)(e)\", \"ca-2004:11\", ", "legal_bases = ["},
    {"\n[pseudonyms]",
     "\n[[party]]\nid = \"no-duty\"\nname = \"x\"\norganisation = \"no-duty\"\nkind = \"other\"\n"
     "roles = [\"contributor\"]\nroot = "
     "\"sha256:00000000000000000000000000000000000000000000000000000000000000aa\"\n"
     "lawful_basis = [\"ca-2004:11\"]\n\n[pseudonyms]"},
    {"records = \"P24M\"", "records = \"P23M\""},
};

std::string edited(const std::string& draft, const Edit& edit) {
  std::string text = draft;
  const auto at = text.find(edit.from);
  HR_CHECK(at != std::string::npos);
  return text.replace(at, edit.from.size(), edit.to);
}

void add_broken(std::vector<Bytes>& all, const std::string& draft) {
  const auto replaced = [&](std::string_view from, std::string_view to) {
    return edited(draft, {from, to});
  };
  for (const Edit& edit : kEdits) all.push_back(to_bytes(edited(draft, edit)));
  for (const std::string_view before : {"[grant.disclosure]", "[retention]"}) {
    const std::string_view more = before == "[retention]" ? kSecondGrant : kSecondTable;
    all.push_back(to_bytes(replaced(before, std::string(more) + std::string(before))));
  }
  // Roots: none, the same twice, the next one the present one.
  const std::string root = to_sha256_name(sha256(as_bytes("root.vale-council")));
  const std::string other = to_sha256_name(sha256(as_bytes("root.vale-police")));
  all.push_back(to_bytes(replaced(root, to_sha256_name(ByteArray<32>{}))));
  all.push_back(to_bytes(replaced(root, other)));
  all.push_back(to_bytes(replaced(root, root + "\"\nnext_root = \"" + root)));
  all.push_back(to_bytes(replaced(root, "sha256:00")));
  all.push_back(to_bytes("\xef\xbb\xbf" + draft));
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
    if (name == "regional-flows") add_broken(all, draft);
    if (name == "linked-patterns")
      for (const Edit& edit : kLinkedEdits) all.push_back(to_bytes(edited(draft, edit)));
    if (name == "regional-patterns")
      for (const Edit& edit : kTraceEdits) all.push_back(to_bytes(edited(draft, edit)));
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
}  // namespace hedgerow::fuzz::agreement
