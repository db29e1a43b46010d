#include "node/core/answer.h"

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>

#include "policies/match_rate.h"
#include "protocol/sum/messages.h"

namespace hedgerow::core {

namespace {

constexpr std::string_view kAnswerTag = "hedgerow/v1/answer";
constexpr std::size_t kMaxPeriods = policies::kMaxPeriodsInRange;
constexpr std::size_t kMaxNotes = 16;
constexpr std::size_t kMaxText = 1024;
constexpr std::size_t kMaxCountersigned = std::size_t{128} << 10U;
constexpr std::size_t kMaxEdition = std::size_t{512} << 10U;

void write_answer_period(Writer& w, const AnswerPeriod& p) {
  policies::write_period(w, p.period);
  w.u64(p.edition_number).bytes(policies::encode(p.edition));
  w.u32(static_cast<std::uint32_t>(p.parties.size()));
  for (const auto& s : p.parties) w.text(s.party.str()).text(s.status).bytes(s.match_rate);
}

Result<AnswerPeriod> read_answer_period(Reader& r) {
  AnswerPeriod p;
  p.period = policies::read_period(r);
  p.edition_number = r.u64();
  const ByteView edition = r.bytes(kMaxEdition);
  const std::size_t parties = r.count(policies::kMaxParties, 12);
  for (std::size_t i = 0; i < parties; ++i) {
    HR_ASSIGN(PartyId party, PartyId::parse(r.text(64)));
    std::string status = r.text(kMaxText);
    p.parties.push_back({std::move(party), std::move(status),
                         to_bytes(r.bytes(protocol::sum::kMaxMatchStatement))});
  }
  if (r.failed()) return bad_input("answer: truncated or out of bounds");
  HR_ASSIGN(p.edition, policies::decode_edition(edition));
  return p;
}

}  // namespace

Result<Bytes> Answer::encode() const {
  Writer w;
  w.text(kAnswerTag).raw(question.view()).bytes(countersigned);
  w.text(grant).u32(grant_line).text(table).u32(table_line).text(rule_in_words);
  w.u32(static_cast<std::uint32_t>(periods.size()));
  for (const auto& p : periods) write_answer_period(w, p);
  w.u32(static_cast<std::uint32_t>(notes.size()));
  for (const auto& n : notes) w.text(n);
  const std::size_t unpadded = w.data().size() + 4;
  const std::size_t padded = (unpadded + kAnswerBucket - 1) / kAnswerBucket * kAnswerBucket;
  if (padded > kMaxAnswer)
    return bad_input("the answer would be too large", "ask for fewer periods at once");
  w.bytes(Bytes(padded - unpadded));
  return std::move(w).take();
}

Result<Answer> Answer::decode(ByteView bytes) {
  Reader r(bytes);
  if (r.text(64) != kAnswerTag) return bad_input("not an answer of this version");
  Answer a;
  a.question.bytes = r.array<16>();
  a.countersigned = to_bytes(r.bytes(kMaxCountersigned));
  a.grant = r.text(kMaxText);
  a.grant_line = r.u32();
  a.table = r.text(kMaxText);
  a.table_line = r.u32();
  a.rule_in_words = r.text(kMaxText);
  const std::size_t periods = r.count(kMaxPeriods, 16);
  for (std::size_t i = 0; i < periods; ++i) {
    HR_ASSIGN(AnswerPeriod p, read_answer_period(r));
    a.periods.push_back(std::move(p));
  }
  const std::size_t notes = r.count(kMaxNotes, 4);
  for (std::size_t i = 0; i < notes; ++i) a.notes.push_back(r.text(kMaxText));
  const ByteView padding = r.bytes(kAnswerBucket);
  HR_TRY(r.finish("answer"));
  if (a.periods.empty()) return bad_input("an answer without a period");
  for (const std::uint8_t b : padding)
    if (b != 0) return bad_input("an answer whose padding is not zeros");
  return a;
}

namespace {

// Of the rule that each release was made under, as those who tallied for it had it.
std::string match_floor(const Answer& answer) {
  std::uint64_t least = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t most = 0;
  for (const AnswerPeriod& p : answer.periods) {
    const std::uint64_t floor = policies::match_floor(p.edition.rule);
    least = std::min(least, floor);
    most = std::max(most, floor);
  }
  if (least >= most) return std::to_string(most) + " children";
  return std::to_string(least) + " to " + std::to_string(most) +
         " children, by the period's thresholds";
}

// Thresholds that a contributor raised, and that nothing is left.
void add_common_notes(std::vector<std::string>& notes, const Answer& answer,
                      const policies::DisclosureRule& rule) {
  const auto stricter =
      std::count_if(answer.periods.begin(), answer.periods.end(),
                    [&](const AnswerPeriod& p) { return p.edition.rule != rule; });
  if (stricter > 0)
    notes.push_back(
        "thresholds stricter than the agreement's, by a contributor's standing restriction, in " +
        std::to_string(stricter) + " of " + std::to_string(answer.periods.size()) +
        " periods: the rule stands with each");
  const auto is_suppressed = [](const policies::ReleasedCell& c) {
    return c.status == policies::CellStatus::suppressed;
  };
  const bool nothing_left =
      std::all_of(answer.periods.begin(), answer.periods.end(), [&](const AnswerPeriod& p) {
        return std::all_of(p.edition.cells.begin(), p.edition.cells.end(), is_suppressed);
      });
  if (nothing_left)
    notes.emplace_back("everything is suppressed: no cell reaches the thresholds of the rule");
}

// Of a table of places, overlap or repeat-missing.
std::vector<std::string> linked_notes(const Answer& answer, const policies::Table& table,
                                      const policies::DisclosureRule& rule) {
  std::vector<std::string> notes = {
      "children: counted once across agencies, however many know them",
      "left out: rows of children whose NHS number an agency does not know, and what is beyond the "
      "number of entries that the agreement fixes for every agency; the match rate says of how "
      "many children, in bands"};
  if (table.question == policies::QuestionKind::repeat_missing)
    notes.push_back("repeat missing: " + std::to_string(table.link->times) +
                    " or more episodes in the last " + std::to_string(table.link->within_days) +
                    " days of the period, whichever agencies reported them; an episode that two "
                    "agencies date differently, if only by a day, counts twice");
  if (table.question == policies::QuestionKind::overlap && !table.by_agency())
    notes.emplace_back(
        "a figure for two agencies or more is part of that for one: none of them is to be added "
        "to another, and one that is suppressed may only lie too near to the one before");
  notes.push_back(
      "match rate: the share of an agency's children here that it could bring in; not "
      "stated by an agency that counted fewer than " +
      match_floor(answer));
  add_common_notes(notes, answer, rule);
  return notes;
}

}  // namespace

std::vector<std::string> notes_of(const Answer& answer, const policies::Table& table,
                                  const policies::DisclosureRule& rule) {
  if (table.link) return linked_notes(answer, table, rule);
  std::vector<std::string> notes;
  std::string counted;
  switch (table.measure) {
    case policies::Measure::reports:
      notes.emplace_back("reports: one episode reported by two agencies counts twice");
      counted = "reports";
      break;
    case policies::Measure::children:
      notes.emplace_back("children: a child known to two agencies counts twice");
      counted = "children";
      break;
  }
  notes.push_back("match rate: the share of an agency's " + counted +
                  " here for which it knows the child's NHS number; not stated by an agency that "
                  "counted fewer than " +
                  match_floor(answer));
  add_common_notes(notes, answer, rule);
  return notes;
}

nlohmann::json to_json(const policies::Question& q) {
  nlohmann::json where = nlohmann::json::object();
  for (const auto& [dimension, codes] : q.where) where[dimension] = codes;
  return {{"agreement", q.agreement.str()},
          {"purpose", q.purpose},
          {"kind", std::string(policies::to_text(q.kind))},
          {"from", q.from.label()},
          {"to", q.to.label()},
          {"by", q.by},
          {"where", where},
          {"reason", q.reason}};
}

namespace {

nlohmann::json dimensions_json(const policies::CellSpace& space, const policies::CodeList& codes) {
  nlohmann::json out = nlohmann::json::array();
  for (const auto& dimension : space.dimensions()) {
    nlohmann::json names = nlohmann::json::array();
    for (const auto& code : dimension.codes)
      names.push_back(policies::code_in_words(codes, dimension.name, code));
    out.push_back({{"name", dimension.name}, {"codes", dimension.codes}, {"names", names}});
  }
  return out;
}

// `words`: the rule as it holds for the answer's table.
nlohmann::json rule_json(const policies::DisclosureRule& rule, std::string words) {
  return {{"words", std::move(words)},
          {"min_children", rule.min_children},
          {"min_agencies", rule.min_agencies},
          {"round_to", rule.round_to},
          {"true_zero", rule.true_zero}};
}

nlohmann::json period_json(const AnswerPeriod& p, const policies::CellSpace& space,
                           std::string rule_in_words) {
  nlohmann::json cells = nlohmann::json::array();
  std::size_t released = 0;
  std::size_t suppressed = 0;
  for (std::size_t i = 0; i < p.edition.cells.size(); ++i) {
    const auto& cell = p.edition.cells[i];
    const std::vector<std::string> codes = space.codes_at(i);
    nlohmann::json entry = nlohmann::json::object();
    for (std::size_t d = 0; d < codes.size(); ++d) entry[space.dimensions()[d].name] = codes[d];
    entry["status"] = std::string(policies::to_text(cell.status));
    switch (cell.status) {
      case policies::CellStatus::released:
        entry["value"] = cell.value;
        ++released;
        break;
      case policies::CellStatus::suppressed:
        entry["value"] = nullptr;
        ++suppressed;
        break;
      case policies::CellStatus::zero:
        entry["value"] = 0;
        break;
    }
    cells.push_back(std::move(entry));
  }
  nlohmann::json parties = nlohmann::json::array();
  for (const auto& s : p.parties)
    parties.push_back({{"party", s.party.str()}, {"status", s.status}});
  return {{"period", p.period.label()},
          {"edition", p.edition_number},
          {"edition_hash", to_sha256_name(policies::edition_hash(p.edition).view())},
          {"parties", parties},
          {"rule", rule_json(p.edition.rule, std::move(rule_in_words))},
          {"released", released},
          {"suppressed", suppressed},
          {"cells", cells}};
}

}  // namespace

std::size_t shown_bytes(const policies::CellSpace& space, std::size_t periods) {
  // {"origin":"E06000036","status":"suppressed","value":1099511627776}, and 9 bytes as base64.
  constexpr std::size_t kEachCell =
      sizeof(R"({"status":"suppressed","value":1099511627776},)") + 12;
  std::size_t bytes = space.size() * kEachCell;
  for (const auto& dimension : space.dimensions()) {
    std::size_t codes = 0;
    for (const auto& code : dimension.codes) codes += code.size();
    bytes += space.size() * (dimension.name.size() + sizeof(R"("":"",)"));
    bytes += space.size() / dimension.codes.size() * codes;
  }
  return periods * bytes;
}

nlohmann::json to_json(const Answer& answer, const policies::Question& question,
                       std::string_view asker_urn, const policies::Agreement& agreement,
                       const policies::CellSpace& space, const policies::CodeList& codes) {
  const policies::Grant* grant = agreement.grant(answer.grant);
  const policies::Table* table = grant == nullptr ? nullptr : grant->table(answer.table);
  nlohmann::json periods = nlohmann::json::array();
  for (const auto& p : answer.periods)
    periods.push_back(period_json(
        p, space,
        table == nullptr ? policies::in_words(p.edition.rule)
                         : policies::rule_in_words(*table, p.edition.rule, grant->disclosure)));
  nlohmann::json out = {
      {"schema", "hedgerow/answer/1"},
      {"id", answer.question.hex()},
      {"question", to_json(question)},
      {"asker", std::string(asker_urn)},
      {"agreement",
       {{"id", agreement.id.str()},
        {"version", agreement.version},
        {"title", agreement.title},
        {"hash", to_sha256_name(agreement.hash.view())}}},
      {"clause",
       {{"grant", answer.grant},
        {"grant_line", answer.grant_line},
        {"table", answer.table},
        {"table_line", answer.table_line}}},
      {"rule", {{"words", answer.rule_in_words}}},
      {"place_level", std::string(policies::to_text(space.place_level()))},
      {"dimensions", dimensions_json(space, codes)},
      {"periods", periods},
      {"notes", answer.notes},
      {"codes", {{"version", codes.version()}, {"attribution", codes.attribution()}}}};
  if (grant != nullptr) {
    out["rule"]["min_children"] = grant->disclosure.min_children;
    out["rule"]["min_agencies"] = grant->disclosure.min_agencies;
    out["rule"]["round_to"] = grant->disclosure.round_to;
    out["rule"]["true_zero"] = grant->disclosure.true_zero;
  }
  if (table != nullptr) out["measure"] = std::string(policies::to_text(table->measure));
  if (table != nullptr && table->link) {
    out["link"]["entries"] = table->link->entries;
    if (table->question == policies::QuestionKind::places)
      out["link"]["cells_per_child"] = table->link->cells_per_child;
    if (table->question == policies::QuestionKind::repeat_missing) {
      out["link"]["times"] = table->link->times;
      out["link"]["within_days"] = table->link->within_days;
      out["link"]["episodes_per_child"] = table->link->episodes_per_child;
    }
  }
  return out;
}

}  // namespace hedgerow::core
