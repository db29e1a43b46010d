// A TOML file read with positions and without surprises: bounded before it is parsed, never an
// exception, every complaint with line and column. For the parsers of policies only.
#pragma once

// toml++ 3.3 asserts things of its input that need not hold ("[=]"): with NDEBUG that is undefined
// behaviour, without it the end of the process. Here a failed assertion is an exception, caught in
// parse_toml; and the parser is the variant with exceptions, which no other file has.
namespace hedgerow::policies {
struct TomlAssertionFailed {};
[[noreturn]] void toml_assertion_failed();  // throws it
}  // namespace hedgerow::policies
#ifdef TOML_ASSERT
#error "toml++ is included before policies/toml_document.h"
#endif
#pragma push_macro("NDEBUG")
#undef NDEBUG
#define TOML_EXCEPTIONS 1
#define TOML_ASSERT(condition) \
  ((condition) ? static_cast<void>(0) : ::hedgerow::policies::toml_assertion_failed())
#include <toml++/toml.h>
#pragma pop_macro("NDEBUG")

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "policies/agreement.h"

namespace hedgerow::policies {

struct Mark {
  std::uint32_t line = 0;
  std::uint32_t column = 0;
};

class Diagnostics {
 public:
  void error(Mark at, std::string text, std::string hint = {});
  void warning(Mark at, std::string text, std::string hint = {});
  std::size_t errors() const { return errors_; }
  std::vector<Diagnostic> take_by_line() &&;

 private:
  void add(Severity severity, Mark at, std::string text, std::string hint);
  std::vector<Diagnostic> found_;
  std::size_t errors_ = 0;
};

constexpr std::size_t kMaxTomlNesting = 8;
constexpr std::size_t kMaxTomlKeyParts = 8;

// The document, or nothing, with the reason among the diagnostics. Refuses deep nesting and long
// dotted keys beforehand: toml++ follows both by recursion. No exception leaves it.
std::optional<toml::table> parse_toml(std::string_view text, Diagnostics& diagnostics);

Mark mark_of(const toml::node& node);

// One table of the document, key by key. Each reader reports what is missing, of the wrong type or
// out of bounds and then gives an empty value; finish() reports the keys nobody asked for.
class TableReader {
 public:
  // `name` as errors show it: "[agreement]".
  TableReader(const toml::table& table, std::string name, Diagnostics& diagnostics);

  enum class Need { required, optional };

  // Text without control characters, at most `max` bytes; a required one is not empty. Text that
  // still says CHANGE is an error.
  std::string text(std::string_view key, std::size_t max, Need need = Need::required);
  std::vector<std::string> texts(std::string_view key, std::size_t max_count, std::size_t max,
                                 Need need = Need::required);
  std::uint32_t integer(std::string_view key, std::uint32_t min, std::uint32_t max);
  bool boolean(std::string_view key, bool absent);
  Day day(std::string_view key);
  Duration duration(std::string_view key);
  std::optional<ByteArray<32>> hash(std::string_view key, Need need = Need::required);
  std::map<std::string, std::string> text_table(std::string_view key,
                                                const std::set<std::string>& allowed);

  const toml::table* table(std::string_view key, Need need = Need::required);
  // An array of tables, at most `max_count`; empty where there is none or something else.
  std::vector<const toml::table*> tables(std::string_view key, std::size_t max_count,
                                         Need need = Need::required);
  const toml::node* node(std::string_view key);  // any type; null where absent

  bool has(std::string_view key) const { return table_.contains(key); }
  Mark mark() const { return mark_; }     // of the table
  Mark mark(std::string_view key) const;  // of the key's value, else of the table
  void error(std::string_view key, std::string text, std::string hint = {});
  void warning(std::string_view key, std::string text, std::string hint = {});
  void finish();

 private:
  const toml::node* find(std::string_view key, Need need);
  std::string in_name(std::string_view key) const;
  std::optional<std::string> checked(const toml::node& node, std::string_view key, std::size_t max);

  const toml::table& table_;
  std::string name_;
  Diagnostics& diagnostics_;
  Mark mark_;
  std::set<std::string, std::less<>> asked_;
};

}  // namespace hedgerow::policies
