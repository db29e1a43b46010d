#include "policies/question.h"

#include <algorithm>
#include <initializer_list>
#include <utility>

#include "crypto/base/plain_text.h"
#include "crypto/domains.h"
#include "crypto/hash.h"
#include "policies/dimension.h"

namespace hedgerow::policies {
namespace {

Error usage(std::string text, std::string hint = {}) {
  return {Code::usage, std::move(text), {}, std::move(hint)};
}

bool is_word(std::string_view word) {
  return !word.empty() && word.size() <= kMaxWordBytes &&
         std::all_of(word.begin(), word.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
         });
}

// A code of a code list, or an area's.
bool is_code(std::string_view code) {
  if (is_word(code)) return true;
  return code.size() == 9 && code[0] >= 'A' && code[0] <= 'Z' &&
         std::all_of(code.begin() + 1, code.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// What a question is by that does not say so; nothing where it has to.
std::vector<std::string> dimensions_of(QuestionKind kind) {
  switch (kind) {
    case QuestionKind::flows:
      return {"destination", "origin"};
    case QuestionKind::counts:
    case QuestionKind::places:
    case QuestionKind::overlap:
    case QuestionKind::repeat_missing:
      return {};
  }
  HR_CHECK(false);
  return {};
}

// One figure, or those of overlap, are by nothing.
bool may_be_by_nothing(QuestionKind kind) {
  return kind == QuestionKind::overlap || kind == QuestionKind::repeat_missing;
}

std::vector<std::string> split_list(std::string_view text) {
  std::vector<std::string> parts;
  for (;;) {
    const std::size_t comma = text.find(',');
    parts.emplace_back(text.substr(0, comma));
    if (comma == std::string_view::npos) return parts;
    text.remove_prefix(comma + 1);
  }
}

void sort_distinct(std::vector<std::string>& words) {
  std::sort(words.begin(), words.end());
  words.erase(std::unique(words.begin(), words.end()), words.end());
}

// A dimension as people write it, "place-type", is the column "place_type".
std::string as_column(std::string name) {
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

constexpr const char* kAreaHint = "districts (E06 to E09), counties (E10), police areas (E23)";

Error no_dimension(const std::string& name) {
  if (name == "factors" || name == "factor")
    return usage("nothing is counted by factors: a row may carry several of them",
                 std::string(dimension_names()));
  return usage("'" + name + "' is not a dimension", std::string(dimension_names()));
}

Result<void> check_linked_by(QuestionKind kind, const std::vector<std::string>& by) {
  const auto all_of = [&](std::initializer_list<std::string_view> known) {
    return std::all_of(by.begin(), by.end(), [&](const std::string& name) {
      return std::find(known.begin(), known.end(), as_column(name)) != known.end();
    });
  };
  switch (kind) {
    case QuestionKind::flows:
    case QuestionKind::counts:
      break;
    case QuestionKind::places:
      if (!all_of({"destination", "place_type"}))
        return usage("places are by destination, place_type, or both",
                     "--by destination,place-type");
      break;
    case QuestionKind::overlap:
      if (!all_of({kAgencyDimension}))
        return usage("overlap is by nothing, or by agency", "--by agency, or without --by");
      break;
    case QuestionKind::repeat_missing:
      if (!by.empty())
        return usage("repeat-missing is one figure for the region, by nothing", "without --by");
      break;
  }
  return {};
}

Result<std::vector<std::string>> parse_by(QuestionKind kind, const std::string& text) {
  std::vector<std::string> by;
  if (text.empty()) {
    by = dimensions_of(kind);
    if (by.empty() && !may_be_by_nothing(kind))
      return usage("what is it counted by?", kind == QuestionKind::places
                                                 ? "--by destination,place-type"
                                                 : "--by age_band,sex");
    return by;
  }
  by = split_list(text);
  if (by.size() > kMaxDimensions || !std::all_of(by.begin(), by.end(), is_word))
    return usage("the dimensions are not understood", "--by origin,destination");
  HR_TRY(check_linked_by(kind, by));
  for (std::string& name : by) {
    name = as_column(name);
    if (!is_linked(kind) && !is_dimension(name)) return no_dimension(name);
  }
  sort_distinct(by);
  if (kind == QuestionKind::counts && by.size() > kMaxCountDimensions)
    return usage("counts are by at most three dimensions, and these are " +
                 std::to_string(by.size()));
  return by;
}

// A filter that no table can have is a slip of the pen: said at once, with what there is.
Result<void> check_filter(const std::string& dimension, const std::vector<std::string>& codes) {
  const CodeList& list = CodeList::shipped();
  const auto vocabulary = dimension_vocabulary(dimension);
  for (const auto& code : codes) {
    if (!vocabulary) {
      const bool special = code == kElsewhere || code == kOutsideEngland || code == kUnknown;
      if (!special && !list.area_kind(code))
        return usage(
            dimension + ": '" + code + "' is not an area of the code list " + list.version(),
            kAreaHint);
      continue;
    }
    if (list.contains(*vocabulary, code)) continue;
    std::string known;
    for (const auto& c : list.codes(*vocabulary)) known += (known.empty() ? "" : ", ") + c;
    return usage(dimension + ": '" + code + "' is not in the code list " + list.version(), known);
  }
  return {};
}

Result<Where> parse_where(const std::vector<std::string>& filters) {
  Where where;
  for (const auto& filter : filters) {
    const std::size_t equals = filter.find('=');
    const std::string dimension = as_column(filter.substr(0, equals));
    if (equals == std::string::npos || !is_word(dimension))
      return usage("a filter is not understood", "--where event=missing");
    auto codes = split_list(std::string_view(filter).substr(equals + 1));
    if (!is_dimension(dimension)) return no_dimension(dimension);
    if (codes.size() > kMaxFilterCodes || !std::all_of(codes.begin(), codes.end(), is_code))
      return usage("the codes of filter '" + dimension + "' are not understood",
                   dimension_vocabulary(dimension) ? "--where event=missing,absent" : kAreaHint);
    HR_TRY(check_filter(dimension, codes));
    // Two filters on one dimension would mean their common part to one reader, both to another.
    if (!where.emplace(dimension, std::move(codes)).second)
      return usage("two filters on '" + dimension + "'", "name its codes in one filter");
  }
  return where;
}

void write(Writer& out, const Question& q, std::string_view reason) {
  out.text(kDomainQuestion).text(q.agreement.str()).text(q.purpose);
  out.u8(static_cast<std::uint8_t>(q.kind));
  write_period(out, q.from);
  write_period(out, q.to);
  out.u32(static_cast<std::uint32_t>(q.by.size()));
  for (const auto& dimension : q.by) out.text(dimension);
  out.u32(static_cast<std::uint32_t>(q.where.size()));
  for (const auto& [dimension, codes] : q.where) {
    out.text(dimension).u32(static_cast<std::uint32_t>(codes.size()));
    for (const auto& code : codes) out.text(code);
  }
  out.text(reason);
}

std::string read_code(Reader& in) {
  std::string code = in.text(kMaxWordBytes);
  if (!in.failed() && !is_code(code)) in.fail();
  return code;
}

std::string read_word(Reader& in) {
  std::string word = in.text(kMaxWordBytes);
  if (!in.failed() && !is_word(word)) in.fail();
  return word;
}

bool is_within_bounds(const Question& q) {
  const auto words_ok = [](const std::vector<std::string>& words, std::size_t max, auto is_one) {
    return !words.empty() && words.size() <= max && std::all_of(words.begin(), words.end(), is_one);
  };
  if (q.agreement.empty() || !is_word(q.purpose) || !is_good_reason(q.reason)) return false;
  const bool by_nothing = q.by.empty() && may_be_by_nothing(q.kind);
  if (!by_nothing && !words_ok(q.by, kMaxDimensions, is_word)) return false;
  if (q.where.size() > kMaxDimensions) return false;
  return std::all_of(q.where.begin(), q.where.end(), [&](const auto& filter) {
    return is_word(filter.first) && words_ok(filter.second, kMaxFilterCodes, is_code);
  });
}

}  // namespace

bool is_good_reason(std::string_view reason) {
  return reason.size() <= kMaxReasonBytes && is_plain_text(reason);
}

Question canonical(Question question) {
  if (question.by.empty()) question.by = dimensions_of(question.kind);
  sort_distinct(question.by);
  for (auto& [dimension, codes] : question.where) sort_distinct(codes);
  return question;
}

bool is_canonical(const Question& question) {
  return is_within_bounds(question) && canonical(question) == question;
}

Result<Question> make_question(const QuestionWords& words) {
  Question q;
  auto lineage = Lineage::parse(words.agreement);
  if (!lineage.ok()) return usage(lineage.error().text, lineage.error().hint);
  q.agreement = *lineage;
  if (!is_word(words.purpose)) return usage("no purpose, or not a purpose's name");
  q.purpose = words.purpose;
  const auto kind = parse_question_kind(words.kind);
  if (!kind)
    return usage("not a question this version answers", std::string(question_kind_names()));
  q.kind = *kind;
  const auto from = Period::parse(words.from);
  if (!from.ok()) return usage("--from: " + from.error().text, from.error().hint);
  q.from = *from;
  const auto to = Period::parse(words.to.empty() ? words.from : words.to);
  if (!to.ok()) return usage("--to: " + to.error().text, to.error().hint);
  q.to = *to;
  if (const auto periods = periods_between(q.from, q.to); !periods.ok())
    return usage(periods.error().text);
  HR_ASSIGN(q.by, parse_by(q.kind, words.by));
  if (words.where.size() > kMaxDimensions) return usage("too many filters");
  HR_ASSIGN(q.where, parse_where(words.where));
  if (!is_good_reason(words.reason))
    return usage("the reason is longer than " + std::to_string(kMaxReasonBytes) +
                     " bytes, or holds control characters",
                 "one line of plain text");
  q.reason = words.reason;
  return canonical(std::move(q));
}

Bytes encode(const Question& question) {
  Writer out;
  const Question q = canonical(question);
  write(out, q, q.reason);
  return std::move(out).take();
}

Result<Question> decode_question(ByteView bytes) {
  if (bytes.size() > kMaxQuestionBytes) return bad_input("a question is too large");
  Reader in(bytes);
  Question q;
  if (in.text(kDomainQuestion.size()) != kDomainQuestion) in.fail();
  const auto lineage = Lineage::parse(in.text(kMaxWordBytes));
  q.purpose = read_word(in);
  const auto kind = static_cast<QuestionKind>(in.u8());
  const bool known =
      std::find(kQuestionKinds.begin(), kQuestionKinds.end(), kind) != kQuestionKinds.end();
  if (!in.failed() && !known) in.fail();
  q.kind = known ? kind : QuestionKind::flows;
  q.from = read_period(in);
  q.to = read_period(in);
  const std::size_t dimensions = in.count(kMaxDimensions, 4);
  for (std::size_t i = 0; i < dimensions; ++i) q.by.push_back(read_word(in));
  const std::size_t filters = in.count(kMaxDimensions, 8);
  for (std::size_t i = 0; i < filters && !in.failed(); ++i) {
    auto& codes = q.where[read_word(in)];
    const std::size_t count = in.count(kMaxFilterCodes, 4);
    for (std::size_t j = 0; j < count; ++j) codes.push_back(read_code(in));
  }
  q.reason = in.text(kMaxReasonBytes);
  HR_TRY(in.finish("a question"));
  if (!lineage.ok()) return bad_input("a question names no agreement");
  q.agreement = *lineage;
  // Sorted filters in another order, or twice the same, would be other bytes for the same question.
  Writer again;
  write(again, q, q.reason);
  const bool same_bytes =
      std::equal(again.data().begin(), again.data().end(), bytes.begin(), bytes.end());
  if (!same_bytes || !is_canonical(q)) return bad_input("a question is not in canonical form");
  return q;
}

Sha256 question_hash(const Question& question) { return sha256_id(encode(question)); }

Sha256 figures_hash(const Question& question) {
  Writer out;
  write(out, canonical(question), "");
  return sha256_id(out.data());
}

}  // namespace hedgerow::policies
