#include "policies/toml_document.h"

#include <algorithm>

namespace hedgerow::policies {
namespace {

// Walks over the text as TOML's lexer would, as far as nesting, keys and texts go. It need only
// agree with toml++ up to the first mistake, where toml++ stops: but toml++ reads a value to its
// end before it calls it a mistake, and its behaviour is undefined for some characters beyond ASCII
// there.
class ShapeCheck {
 public:
  explicit ShapeCheck(std::string_view text) : text_(text) {}

  // The first place that toml++ must not see.
  std::optional<Diagnostic> find_fault() {
    if (text_.starts_with("\xff\xfe") || text_.starts_with("\xfe\xff"))
      return fault("the file is UTF-16", "save it as UTF-8");
    if (text_.starts_with("\xef\xbb\xbf")) at_ = line_start_ = 3;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (is_odd_control()) return fault("a control character", "lines end with LF or CR LF");
      if (is_beyond_ascii())
        return fault("this belongs between quotation marks", "only ASCII stands outside of them");
      const bool opens = c == '"' || c == '\'' || c == '[' || c == '{';
      if (opens && in_word_)
        return fault(
            "unexpected '" + std::string(1, c) + "'",
            "a text stands whole between quotation marks, values have commas between them");
      if (c == '#') {
        if (!skip_to_line_end()) return fault("a control character in a remark");
      } else if (c == '"' || c == '\'') {
        if (auto found = skip_string(c)) return found;
        in_word_ = true;
      } else if (!take_plain(c)) {
        return fault("nested too deeply, or a key of too many parts",
                     "at most " + std::to_string(kMaxTomlNesting) + " brackets deep, and " +
                         std::to_string(kMaxTomlKeyParts) + " parts to a key");
      }
    }
    return std::nullopt;
  }

 private:
  // What other readers of TOML, toml++ among them, may take for a line end, and what TOML forbids.
  bool is_odd_control() const {
    const std::string_view rest = text_.substr(at_);
    const auto c = static_cast<unsigned char>(rest[0]);
    if (c == '\r') return !rest.starts_with("\r\n");
    if (c < 0x20 || c == 0x7f) return c != '\n' && c != '\t';
    return rest.starts_with("\xc2\x85") || rest.starts_with("\xe2\x80\xa8") ||
           rest.starts_with("\xe2\x80\xa9");
  }

  enum class Bracket { table, list, inline_table };

  bool take_plain(char c) {
    switch (c) {
      case '.':
        if (++dots_ >= kMaxTomlKeyParts) return false;
        in_word_ = in_value_;  // a key has parts, each with quotation marks or without
        break;
      case '[':
      case '{':
        if (open_.size() >= kMaxTomlNesting) return false;
        open_.push_back(c == '{'    ? Bracket::inline_table
                        : in_value_ ? Bracket::list
                                    : Bracket::table);
        begin(open_.back() == Bracket::list);
        break;
      case ']':
      case '}':
        in_value_ = open_.empty() || open_.back() != Bracket::table;
        if (!open_.empty()) open_.pop_back();
        in_word_ = true;
        dots_ = 0;
        break;
      case '=':
        if (in_value_)
          in_word_ = true;
        else
          begin(true);
        break;
      case ',':
        begin(open_.empty() || open_.back() == Bracket::list);
        break;
      case '\n':
        begin(!open_.empty() && open_.back() == Bracket::list);
        break;
      case ' ':
      case '\t':
      case '\r':
        break;
      default:
        in_word_ = true;
    }
    step();
    return true;
  }

  // What stands next begins a key, or a value.
  void begin(bool value) {
    in_value_ = value;
    in_word_ = false;
    dots_ = 0;
  }

  bool is_beyond_ascii() const {
    return at_ < text_.size() && static_cast<unsigned char>(text_[at_]) >= 0x80;
  }

  bool skip_to_line_end() {
    for (; at_ < text_.size() && text_[at_] != '\n'; step())
      if (is_odd_control()) return false;
    return true;
  }

  std::optional<Diagnostic> skip_string(char quote) {
    const std::string three(3, quote);
    const bool multi_line = text_.substr(at_).starts_with(three);
    const std::size_t width = multi_line ? 3 : 1;
    for (std::size_t i = 0; i < width; ++i) step();
    while (at_ < text_.size()) {
      if (is_odd_control()) break;
      if (!multi_line && text_[at_] == '\n') return std::nullopt;  // unfinished: toml++ says so
      const bool closes = multi_line ? text_.substr(at_).starts_with(three) : text_[at_] == quote;
      if (closes) {
        for (std::size_t i = 0; i < width; ++i) step();
        // Up to two more belong to the text: """a"""" is a and a quotation mark.
        for (int i = 0; multi_line && i < 2 && at_ < text_.size() && text_[at_] == quote; ++i)
          step();
        return std::nullopt;
      }
      if (quote == '"' && text_[at_] == '\\' && at_ + 1 < text_.size()) {
        step();
        const bool goes_on = multi_line && skip_blanks();  // on the next line
        if (is_beyond_ascii())
          return fault("this cannot follow a backslash", "write the text without it, on one line");
        if (goes_on) continue;
        if (is_odd_control()) break;
      }
      step();
    }
    if (at_ == text_.size()) return std::nullopt;
    return fault("a control character in a text");
  }

  // Whether there were any.
  bool skip_blanks() {
    const std::size_t from = at_;
    while (at_ < text_.size() &&
           std::string_view(" \t\r\n").find(text_[at_]) != std::string_view::npos &&
           !is_odd_control())
      step();
    return at_ != from;
  }

  void step() {
    if (text_[at_] == '\n') {
      ++line_;
      line_start_ = at_ + 1;
    }
    ++at_;
  }

  Diagnostic fault(std::string text, std::string hint = {}) const {
    return {Severity::error, line_, static_cast<std::uint32_t>(at_ - line_start_ + 1),
            std::move(text), std::move(hint)};
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t line_start_ = 0;
  std::uint32_t line_ = 1;
  std::size_t dots_ = 0;
  std::vector<Bracket> open_;
  bool in_value_ = false;
  bool in_word_ = false;  // after a key's part or a value, or in it: no other begins here
};

Mark mark_at(const toml::source_position& position) {
  return {static_cast<std::uint32_t>(position.line), static_cast<std::uint32_t>(position.column)};
}

// Parses with toml++, whose errors and failed assertions become a fault; the latter without place.
std::optional<toml::table> parse_guarded(std::string_view text, std::optional<Diagnostic>& fault) {
  try {
    return toml::parse(text);
  } catch (const toml::parse_error& error) {
    const Mark at = mark_at(error.source().begin);
    fault = {Severity::error, at.line, at.column, std::string(error.description()), {}};
  } catch (const TomlAssertionFailed&) {
    fault = {Severity::error, 0, 0, "this line is not TOML", {}};
  }
  return std::nullopt;
}

// The first line with which an assertion fails: whatever follows, it fails there.
std::uint32_t line_of_failed_assertion(std::string_view text) {
  std::vector<std::size_t> line_ends;
  for (std::size_t i = 0; i < text.size(); ++i)
    if (text[i] == '\n') line_ends.push_back(i + 1);
  line_ends.push_back(text.size());
  const auto fails = [&](std::size_t end) {
    std::optional<Diagnostic> fault;
    return !parse_guarded(text.substr(0, end), fault) && fault->line == 0;
  };
  const auto first = std::partition_point(line_ends.begin(), line_ends.end() - 1,
                                          [&](std::size_t end) { return !fails(end); });
  return static_cast<std::uint32_t>(first - line_ends.begin()) + 1;
}

bool has_control_character(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    const auto u = static_cast<unsigned char>(c);
    return u < 0x20 || u == 0x7f;
  });
}

}  // namespace

void toml_assertion_failed() { throw TomlAssertionFailed(); }

void Diagnostics::add(Severity severity, Mark at, std::string text, std::string hint) {
  if (severity == Severity::error) ++errors_;
  if (found_.size() < kMaxDiagnostics)
    found_.push_back({severity, at.line, at.column, std::move(text), std::move(hint)});
}

void Diagnostics::error(Mark at, std::string text, std::string hint) {
  add(Severity::error, at, std::move(text), std::move(hint));
}

void Diagnostics::warning(Mark at, std::string text, std::string hint) {
  add(Severity::warning, at, std::move(text), std::move(hint));
}

std::vector<Diagnostic> Diagnostics::take_by_line() && {
  std::stable_sort(found_.begin(), found_.end(), [](const Diagnostic& a, const Diagnostic& b) {
    return std::pair(a.line, a.column) < std::pair(b.line, b.column);
  });
  return std::move(found_);
}

std::optional<toml::table> parse_toml(std::string_view text, Diagnostics& diagnostics) {
  if (auto unseen = ShapeCheck(text).find_fault()) {
    diagnostics.error({unseen->line, unseen->column}, std::move(unseen->text),
                      std::move(unseen->hint));
    return std::nullopt;
  }
  std::optional<Diagnostic> fault;
  auto table = parse_guarded(text, fault);
  if (table) return table;
  if (fault->line == 0) {
    fault->line = line_of_failed_assertion(text);
    fault->column = 1;
  }
  diagnostics.error({fault->line, fault->column}, std::move(fault->text));
  return std::nullopt;
}

Mark mark_of(const toml::node& node) { return mark_at(node.source().begin); }

TableReader::TableReader(const toml::table& table, std::string name, Diagnostics& diagnostics)
    : table_(table), name_(std::move(name)), diagnostics_(diagnostics), mark_(mark_of(table)) {
  // The root table, and one that only dotted keys imply, have no place of their own.
  if (mark_.line == 0) mark_ = {1, 1};
}

std::string TableReader::in_name(std::string_view key) const {
  return std::string(key) + " in " + name_;
}

Mark TableReader::mark(std::string_view key) const {
  const toml::node* found = table_.get(key);
  return found == nullptr ? mark_ : mark_of(*found);
}

void TableReader::error(std::string_view key, std::string text, std::string hint) {
  diagnostics_.error(mark(key), in_name(key) + ": " + std::move(text), std::move(hint));
}

void TableReader::warning(std::string_view key, std::string text, std::string hint) {
  diagnostics_.warning(mark(key), in_name(key) + ": " + std::move(text), std::move(hint));
}

const toml::node* TableReader::find(std::string_view key, Need need) {
  asked_.emplace(key);
  const toml::node* found = table_.get(key);
  if (found == nullptr && need == Need::required) error(key, "missing");
  return found;
}

const toml::node* TableReader::node(std::string_view key) { return find(key, Need::optional); }

std::optional<std::string> TableReader::checked(const toml::node& node, std::string_view key,
                                                std::size_t max) {
  const auto* text = node.as_string();
  std::string problem;
  if (text == nullptr) {
    problem = "not a text";
  } else if (text->get().size() > max) {
    problem = "longer than " + std::to_string(max) + " bytes";
  } else if (has_control_character(text->get())) {
    problem = "holds a control character";
  } else if (text->get().find("CHANGE") != std::string::npos) {
    problem = kStillToBeFilledIn;
  }
  if (problem.empty()) return text->get();
  diagnostics_.error(mark_of(node), in_name(key) + ": " + problem);
  return std::nullopt;
}

std::string TableReader::text(std::string_view key, std::size_t max, Need need) {
  const toml::node* found = find(key, need);
  if (found == nullptr) return {};
  const auto value = checked(*found, key, max);
  if (!value) return {};
  if (value->empty() && need == Need::required) error(key, "empty");
  return *value;
}

std::vector<std::string> TableReader::texts(std::string_view key, std::size_t max_count,
                                            std::size_t max, Need need) {
  const toml::node* found = find(key, need);
  if (found == nullptr) return {};
  const toml::array* array = found->as_array();
  if (array == nullptr) {
    error(key, "not a list of texts");
    return {};
  }
  if (array->size() > max_count) {
    error(key, "more than " + std::to_string(max_count) + " entries");
    return {};
  }
  std::vector<std::string> values;
  for (const toml::node& element : *array) {
    auto value = checked(element, key, max);
    if (!value) continue;
    if (value->empty()) {
      diagnostics_.error(mark_of(element), in_name(key) + ": an empty entry");
    } else if (std::find(values.begin(), values.end(), *value) != values.end()) {
      diagnostics_.error(mark_of(element), in_name(key) + ": '" + *value + "' comes twice");
    } else {
      values.push_back(std::move(*value));
    }
  }
  return values;
}

std::uint32_t TableReader::integer(std::string_view key, std::uint32_t min, std::uint32_t max) {
  const toml::node* found = find(key, Need::required);
  if (found == nullptr) return min;
  const auto* value = found->as_integer();
  if (value == nullptr || value->get() < std::int64_t{min} || value->get() > std::int64_t{max}) {
    error(key, "not a whole number between " + std::to_string(min) + " and " + std::to_string(max));
    return min;
  }
  return static_cast<std::uint32_t>(value->get());
}

bool TableReader::boolean(std::string_view key, bool absent) {
  const toml::node* found = find(key, Need::optional);
  if (found == nullptr) return absent;
  const auto* value = found->as_boolean();
  if (value == nullptr) {
    error(key, "neither true nor false");
    return absent;
  }
  return value->get();
}

Day TableReader::day(std::string_view key) {
  const toml::node* found = find(key, Need::required);
  if (found == nullptr) return {};
  const auto* value = found->as_date();
  const auto day = value == nullptr
                       ? Result<Day>(bad_input("not a date"))
                       : make_day(value->get().year, value->get().month, value->get().day);
  if (day.ok()) return *day;
  error(key, "not a date", "dates are written 2026-03-31, without quotation marks");
  return {};
}

Duration TableReader::duration(std::string_view key) {
  const std::string written = text(key, 32);
  if (written.empty()) return {0, 1};
  const auto parsed = parse_duration(written);
  if (parsed.ok()) return *parsed;
  error(key, parsed.error().text, parsed.error().hint);
  return {0, 1};
}

std::optional<ByteArray<32>> TableReader::hash(std::string_view key, Need need) {
  const std::string written = text(key, 80, need);
  if (written.empty()) return std::nullopt;
  const auto parsed = parse_sha256_name(written);
  if (parsed.ok()) return *parsed;
  error(key, "not a SHA-256", "written sha256: and 64 hexadecimal digits");
  return std::nullopt;
}

std::map<std::string, std::string> TableReader::text_table(std::string_view key,
                                                           const std::set<std::string>& allowed) {
  std::map<std::string, std::string> values;
  const toml::table* found = table(key, Need::optional);
  if (found == nullptr) return values;
  TableReader reader(*found, in_name(key), diagnostics_);
  for (const auto& name : allowed)
    if (reader.has(name)) values[name] = reader.text(name, 500);
  reader.finish();
  return values;
}

const toml::table* TableReader::table(std::string_view key, Need need) {
  const toml::node* found = find(key, need);
  if (found == nullptr) return nullptr;
  if (found->as_table() == nullptr) error(key, "not a table");
  return found->as_table();
}

std::vector<const toml::table*> TableReader::tables(std::string_view key, std::size_t max_count,
                                                    Need need) {
  std::vector<const toml::table*> values;
  const toml::node* found = find(key, need);
  if (found == nullptr) return values;
  const toml::array* array = found->as_array();
  if (array == nullptr) {
    error(key, "not a list of tables", "written [[...]]");
    return values;
  }
  if (array->size() > max_count) {
    error(key, "more than " + std::to_string(max_count) + " of them");
    return values;
  }
  for (const toml::node& element : *array) {
    if (element.as_table() == nullptr) {
      diagnostics_.error(mark_of(element), in_name(key) + ": not a table");
    } else {
      values.push_back(element.as_table());
    }
  }
  return values;
}

void TableReader::finish() {
  for (const auto& [key, value] : table_) {
    if (asked_.contains(key.str())) continue;
    std::string name(key.str().substr(0, 64));
    for (char& c : name)
      if (has_control_character({&c, 1})) c = '?';
    diagnostics_.error(mark_at(key.source().begin), "unknown key '" + name + "' in " + name_);
  }
}

}  // namespace hedgerow::policies
