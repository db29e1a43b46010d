#include "node/import/ssda903.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "crypto/base/check.h"
#include "node/import/return_rows.h"
#include "node/import/row_rules.h"

namespace hedgerow::import {

namespace {

using policies::Day;
using policies::Vocabulary;
using Key = ByteArray<32>;

template <class T>
using ByChild = std::map<Key, T, std::less<>, WipingAllocator<std::pair<const Key, T>>>;

constexpr std::array kCrosswalk{Column::return_child, Column::crosswalk_number};
constexpr std::array kHeader{Column::return_child, Column::return_sex, Column::return_birth};
constexpr std::array kHeaderRequired{Column::return_child, Column::return_birth};
constexpr std::array<std::string_view, 7> kHeaderUnread{"ETHNIC", "UPN",    "MOTHER",     "MC_DOB",
                                                        "UASC",   "GENDER", "UPN_UNKNOWN"};
constexpr std::array kEpisodes{Column::return_child, Column::decom,     Column::rne,
                               Column::legal_status, Column::placement, Column::dec,
                               Column::home_post,    Column::pl_post};
constexpr std::array<std::string_view, 9> kEpisodesUnread{
    "CIN",         "PLACE_PROVIDER", "REC",     "REASON_PLACE_CHANGE", "URN", "PL_LA",
    "PL_DISTANCE", "PL_LOCATION",    "PLACE_LA"};
constexpr std::array kMissing{Column::return_child, Column::return_birth, Column::missing,
                              Column::mis_start, Column::mis_end};
constexpr std::array kMissingRequired{Column::return_child, Column::missing, Column::mis_start,
                                      Column::mis_end};

TableForm form_of(const ReturnFile& file, std::size_t max_rows) {
  switch (file.part) {
    case ReturnPart::crosswalk:
      return {file.source, kCrosswalk, kCrosswalk, {}, {}, max_rows, TableKind::crosswalk};
    case ReturnPart::header:
      return {file.source, kHeader,  kHeaderRequired,  kHeaderUnread,
              {},          max_rows, TableKind::header};
    case ReturnPart::episodes:
      return {file.source, kEpisodes, kEpisodes,          kEpisodesUnread,
              {},          max_rows,  TableKind::episodes};
    case ReturnPart::missing:
      return {file.source, kMissing, kMissingRequired, {}, {}, max_rows, TableKind::missing};
  }
  HR_CHECK(false);
}

struct Child {
  std::optional<std::uint8_t> sex;
  std::optional<Day> born;
  std::optional<NhsNumber> number;
  bool refused = false;
};

std::uint8_t code(const policies::CodeList& codes, Vocabulary vocabulary, std::string_view word) {
  const auto list = codes.codes(vocabulary);
  const auto at = std::find(list.begin(), list.end(), word);
  return static_cast<std::uint8_t>(at - list.begin());
}

}  // namespace

std::string_view name(ReturnPart part) {
  switch (part) {
    case ReturnPart::crosswalk:
      return "crosswalk";
    case ReturnPart::header:
      return "header";
    case ReturnPart::episodes:
      return "episodes";
    case ReturnPart::missing:
      return "missing";
  }
  HR_CHECK(false);
}

std::optional<ReturnPart> parse_return_part(std::string_view text) {
  for (std::size_t i = 0; i < kReturnParts; ++i)
    if (name(static_cast<ReturnPart>(i)) == text) return static_cast<ReturnPart>(i);
  return std::nullopt;
}

class ReturnParser::State {
 public:
  State(ParseContext context, std::vector<ReturnFile> files)
      : context_(std::move(context)),
        files_(std::move(files)),
        places_(context_.codes, context_.postcodes) {
    file_.report.yearly.emplace();
    open();
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  Result<void> feed(ByteView chunk);
  Result<void> end_of_file();
  bool complete() const { return at_ == files_.size(); }
  Result<ParsedFile> finish();

 private:
  void open();
  void row(const ColumnPositions& positions, const CsvLine& cells, std::size_t line);
  void crosswalk(ReturnRow& row);
  void header(ReturnRow& row);
  void episode(ReturnRow& row);
  void absence(ReturnRow& row, std::size_t line);

  void place_episodes();
  void place(const ReturnEpisode& episode, const ReturnEpisode* before);
  const ReturnEpisode* covering(const Key& child, Day day) const;
  // The child, if it is in the header and was not refused there; else a problem of the row.
  const Child* known(const Key& child, std::size_t line);
  bool keep(ParsedMovement movement, const Key& child, Day started, std::optional<Day> ended,
            Column start, std::size_t line);
  void refuse(const std::vector<Problem>& problems);
  void refuse(std::size_t line, Column column, Rule rule) { refuse({{line, column, rule, at_}}); }

  ParseContext context_;
  std::vector<ReturnFile> files_;
  std::size_t at_ = 0;
  std::size_t rows_left_ = kMaxRows;
  std::unique_ptr<CsvTable> table_;
  Places places_;
  ByChild<NhsNumber> numbers_;
  ByChild<Child> children_;
  std::vector<ReturnEpisode> episodes_;  // by child and start, once the file has ended
  std::set<Key> absences_;               // source keys
  NhsNumberIndex index_;
  ParsedFile file_;
  std::optional<Error> error_;
};

void ReturnParser::State::open() {
  table_ = std::make_unique<CsvTable>(
      form_of(files_[at_], rows_left_),
      [this](const ColumnPositions& positions, const CsvLine& cells, std::size_t line) {
        row(positions, cells, line);
      },
      [this](const Problem& problem) {
        refuse({{problem.line, problem.column, problem.rule, at_}});
      });
}

Result<void> ReturnParser::State::feed(ByteView chunk) {
  HR_CHECK(!complete());
  if (!error_)
    if (auto fed = table_->feed(chunk); !fed.ok()) error_ = fed.error();
  if (error_) return *error_;
  return {};
}

Result<void> ReturnParser::State::end_of_file() {
  HR_CHECK(!complete());
  if (!error_)
    if (auto ended = table_->finish(); !ended.ok()) error_ = ended.error();
  if (error_) return *error_;
  const std::size_t rows = table_->rows();
  ReturnCounts& yearly = *file_.report.yearly;
  switch (files_[at_].part) {
    case ReturnPart::crosswalk:
      yearly.crosswalk = rows;
      break;
    case ReturnPart::header:
      yearly.children = rows;
      // An empty file of missing episodes is a good year; one of children is the wrong file.
      if (rows == 0) {
        error_ = bad_input(files_[at_].source + ": no rows behind the header row");
        return *error_;
      }
      break;
    case ReturnPart::episodes:
      yearly.episodes = rows;
      place_episodes();
      break;
    case ReturnPart::missing:
      yearly.missing = rows;
      break;
  }
  rows_left_ -= rows;
  file_.report.read += rows;
  table_.reset();
  if (++at_ < files_.size()) open();
  return {};
}

void ReturnParser::State::refuse(const std::vector<Problem>& problems) {
  ++file_.report.refused;
  for (const Problem& problem : problems) file_.report.add(problem);
}

void ReturnParser::State::row(const ColumnPositions& positions, const CsvLine& cells,
                              std::size_t line) {
  ReturnRow row(context_, positions, cells, line, at_);
  switch (files_[at_].part) {
    case ReturnPart::crosswalk:
      return crosswalk(row);
    case ReturnPart::header:
      return header(row);
    case ReturnPart::episodes:
      return episode(row);
    case ReturnPart::missing:
      return absence(row, line);
  }
}

void ReturnParser::State::crosswalk(ReturnRow& row) {
  const auto child = row.child();
  const auto number = row.number();
  if (child && numbers_.contains(*child)) row.problem(Column::return_child, Rule::duplicate_child);
  if (!row.problems.empty()) return refuse(row.problems);
  if (number)
    numbers_.emplace(*child, *number);
  else
    ++file_.report.yearly->crosswalk_unused;
}

void ReturnParser::State::header(ReturnRow& row) {
  const auto key = row.child();
  Child child;
  child.sex = row.sex();
  child.born = row.date(Column::return_birth, true);
  if (key && children_.contains(*key)) row.problem(Column::return_child, Rule::duplicate_child);
  child.refused = !row.problems.empty();
  if (child.refused) refuse(row.problems);
  if (!key) return;
  if (const auto number = numbers_.find(*key); number != numbers_.end())
    child.number = number->second;
  children_.emplace(*key, std::move(child));
}

void ReturnParser::State::episode(ReturnRow& row) {
  if (row.is_short_break()) {
    ++file_.report.yearly->short_breaks;
    return;
  }
  auto found = row.episode(places_, file_.report.unknown_postcodes);
  if (found)
    episodes_.push_back(std::move(*found));
  else if (row.is_old())
    ++file_.report.old;
  else
    refuse(row.problems);
}

void ReturnParser::State::place_episodes() {
  std::sort(episodes_.begin(), episodes_.end(), [](const auto& a, const auto& b) {
    return std::tie(a.child, a.started, a.line) < std::tie(b.child, b.started, b.line);
  });
  const ReturnEpisode* before = nullptr;
  for (const ReturnEpisode& episode : episodes_) {
    if (before != nullptr && before->child != episode.child) before = nullptr;
    place(episode, before);
    if (before == nullptr || before->started != episode.started) before = &episode;
  }
}

void ReturnParser::State::place(const ReturnEpisode& episode, const ReturnEpisode* before) {
  Report& report = file_.report;
  if (episode.old) {
    ++report.old;
    return;
  }
  if (before != nullptr && before->started == episode.started)
    return refuse(episode.line, Column::decom, Rule::duplicate_episode);
  if (known(episode.child, episode.line) == nullptr) return;
  ParsedMovement movement;
  movement.source_key = episode.source_key;
  movement.destination = episode.placement;
  switch (episode.reason) {
    case NewEpisode::legal:
      ++report.yearly->no_move;
      return;
    case NewEpisode::started:
      movement.event = code(context_.codes, Vocabulary::event, "placement");
      movement.origin = episode.home;
      break;
    case NewEpisode::moved:
      movement.event = code(context_.codes, Vocabulary::event, "placement-move");
      if (before == nullptr || before->placement.empty() || episode.placement.empty()) {
        ++report.yearly->unplaced;
        return;
      }
      if (before->placement == episode.placement) {
        ++report.yearly->no_move;
        return;
      }
      movement.origin = before->placement;
      break;
  }
  if (keep(std::move(movement), episode.child, episode.started, episode.ended, Column::decom,
           episode.line) &&
      episode.temporary)
    ++report.yearly->temporary;
}

// Of two that meet on that day, the later one.
const ReturnEpisode* ReturnParser::State::covering(const Key& child, Day day) const {
  const auto after = std::upper_bound(
      episodes_.begin(), episodes_.end(), std::tie(child, day),
      [](const auto& at, const auto& e) { return at < std::tie(e.child, e.started); });
  if (after == episodes_.begin()) return nullptr;
  const ReturnEpisode& last = *std::prev(after);
  if (last.child != child || (last.ended && *last.ended < day)) return nullptr;
  return &last;
}

void ReturnParser::State::absence(ReturnRow& row, std::size_t line) {
  const auto found = row.absence();
  if (row.is_old()) {
    ++file_.report.old;
    return;
  }
  if (!found) return refuse(row.problems);
  const Child* child = known(found->child, line);
  if (child == nullptr) return;
  if (found->born && child->born != found->born)
    return refuse(line, Column::return_birth, Rule::birth_differs);
  if (!absences_.insert(found->source_key).second)
    return refuse(line, Column::mis_start, Rule::duplicate_episode);
  ParsedMovement movement;
  movement.source_key = found->source_key;
  movement.event = code(context_.codes, Vocabulary::event,
                        found->away ? "away-without-authorisation" : "missing");
  const ReturnEpisode* placement = covering(found->child, found->started);
  if (placement != nullptr) movement.origin = placement->placement;
  if (keep(std::move(movement), found->child, found->started, found->ended, Column::mis_start,
           line) &&
      placement == nullptr)
    ++file_.report.yearly->uncovered;
}

const Child* ReturnParser::State::known(const Key& child, std::size_t line) {
  const auto found = children_.find(child);
  if (found == children_.end())
    refuse(line, Column::return_child, Rule::child_not_in_header);
  else if (found->second.refused)
    refuse(line, Column::return_child, Rule::child_refused);
  else
    return &found->second;
  return nullptr;
}

bool ReturnParser::State::keep(ParsedMovement movement, const Key& key, Day started,
                               std::optional<Day> ended, Column start, std::size_t line) {
  const Child& child = children_.at(key);
  if (const auto rule = set_birth(movement, *child.born, started)) {
    refuse(line, start, *rule);
    return false;
  }
  Report& report = file_.report;
  movement.child_key = key;
  movement.started.day = started;
  if (ended) movement.ended = Moment{*ended, std::nullopt};
  movement.sex = child.sex;
  movement.care_status = code(context_.codes, Vocabulary::care_status, "this-authority");
  if (child.number)
    movement.identifier = index_.position_of(*child.number);
  else
    ++report.without_identifier;
  if (movement.origin.empty() || movement.destination.empty()) ++report.unknown_area;
  ++report.good;
  file_.movements.push_back(std::move(movement));
  return true;
}

Result<ParsedFile> ReturnParser::State::finish() {
  if (error_) return *error_;
  HR_CHECK(complete());
  for (const auto& [child, number] : numbers_)
    if (!children_.contains(child)) ++file_.report.yearly->crosswalk_unused;
  file_.identifiers = index_.take();
  return std::move(file_);
}

ReturnParser::ReturnParser(std::unique_ptr<State> state) : state_(std::move(state)) {}
ReturnParser::ReturnParser(ReturnParser&&) noexcept = default;
ReturnParser& ReturnParser::operator=(ReturnParser&&) noexcept = default;
ReturnParser::~ReturnParser() = default;

Result<ReturnParser> ReturnParser::create(ParseContext context, std::vector<ReturnFile> files) {
  std::size_t expected =
      files.size() == kReturnParts ? 0 : static_cast<std::size_t>(ReturnPart::header);
  for (const ReturnFile& file : files)
    if (static_cast<std::size_t>(file.part) != expected++)
      return bad_input("a return is header, episodes and missing, in this order");
  if (expected != kReturnParts)
    return bad_input("a return is header, episodes and missing, in this order");
  return ReturnParser(std::make_unique<State>(std::move(context), std::move(files)));
}

Result<void> ReturnParser::feed(ByteView chunk) { return state_->feed(chunk); }
Result<void> ReturnParser::end_of_file() { return state_->end_of_file(); }
bool ReturnParser::complete() const { return state_->complete(); }

Result<ParsedFile> ReturnParser::finish() && {
  const std::unique_ptr<State> last = std::move(state_);
  return last->finish();
}

}  // namespace hedgerow::import
