// What is asked and answered, as it is signed, stored and shown. The first byte chooses: a
// question, an edition, an answer, a rule among an edition's bytes made here.
#include "crypto/hash.h"
#include "node/core/answer.h"
#include "policies/disclosure.h"
#include "policies/question.h"
#include "tests/fuzz/target.h"

namespace hedgerow::fuzz {
namespace {

using namespace policies;

void run_question(ByteView bytes) {
  const auto question = decode_question(bytes);
  check_error(question);
  if (!question.ok()) return;
  HR_CHECK(is_canonical(*question) && same(encode(*question), bytes));
  HR_CHECK(canonical(*question) == *question);
  HR_CHECK(question_hash(*question) == sha256_id(bytes));
  check_error(periods_between(question->from, question->to));
}

// A question in a person's words: whatever is accepted is canonical.
void run_words(Parts parts) {
  QuestionWords words;
  const auto text = [&] {
    const std::size_t size = parts.byte();
    return std::string(as_text(parts.take(size)));
  };
  words.agreement = text();
  words.purpose = text();
  words.kind = text();
  words.from = text();
  words.to = text();
  words.by = text();
  for (std::size_t n = parts.byte() % 10; n > 0; --n) words.where.push_back(text());
  words.reason = text();
  const auto question = make_question(words);
  check_error(question);
  if (!question.ok()) return;
  HR_CHECK(is_canonical(*question));
  HR_CHECK(decode_question(encode(*question)).value() == *question);
}

void run_edition(ByteView bytes) {
  const auto edition = decode_edition(bytes);
  check_error(edition);
  if (!edition.ok()) return;
  HR_CHECK(same(encode(*edition), bytes));
  HR_CHECK(!in_words(edition->rule).empty());
  for (const ReleasedCell& cell : edition->cells)
    HR_CHECK(cell.status == CellStatus::released || cell.value == 0);
}

void run_answer(ByteView bytes) {
  const auto answer = core::Answer::decode(bytes);
  check_error(answer);
  if (!answer.ok()) return;
  // Padding may be any number of zeros; the rest has one form.
  const auto again = answer->encode();
  HR_CHECK(again.ok());
  HR_CHECK(again->size() % core::kAnswerBucket == 0);
  const auto twice = core::Answer::decode(*again);
  HR_CHECK(twice.ok() && twice->encode().value() == *again);
}

void run(ByteView input) {
  Parts parts(input);
  switch (parts.byte() % 4) {
    case 0:
      return run_question(parts.rest());
    case 1:
      return run_words(parts);
    case 2:
      return run_edition(parts.rest());
    default:
      return run_answer(parts.rest());
  }
}

Question sample_question() {
  QuestionWords words;
  words.agreement = "vale-cse";
  words.purpose = "pattern-detection";
  words.kind = "flows";
  words.from = "2026-Q1";
  words.to = "2026-Q3";
  words.by = "destination,origin";
  words.where = {"event=missing,away-without-authorisation", "sex=female"};
  words.reason = "Q3 strategic MACE";
  return make_question(words).value();
}

std::vector<Bytes> seeds() {
  std::vector<Bytes> all;
  const Question question = sample_question();
  all.push_back(chosen(0, encode(question)));
  Bytes words{1};
  for (const std::string& text :
       {std::string("vale-cse"), std::string("pattern-detection"), std::string("flows"),
        std::string("2026/27"), std::string(), std::string("origin,destination")}) {
    words.push_back(static_cast<std::uint8_t>(text.size()));
    words.insert(words.end(), text.begin(), text.end());
  }
  const std::string filter = "event=missing";
  words.push_back(1);
  words.push_back(static_cast<std::uint8_t>(filter.size()));
  words.insert(words.end(), filter.begin(), filter.end());
  all.push_back(words);

  Edition edition;
  edition.rule = {8, 1, 5, true};
  edition.cells = {{CellStatus::released, 15}, {CellStatus::suppressed, 0}, {CellStatus::zero, 0}};
  all.push_back(chosen(2, encode(edition)));

  core::Answer answer;
  answer.countersigned = Bytes(40, 6);
  answer.grant = "movements";
  answer.grant_line = 90;
  answer.table = "flows";
  answer.table_line = 99;
  answer.rule_in_words = in_words(edition.rule);
  answer.periods.push_back({Period::parse("2026-Q3").value(),
                            4,
                            edition,
                            {{PartyId::parse("vale-council").value(), "answered"}}});
  answer.notes = {"reports"};
  // Without most of its padding: its length is the last field's.
  Bytes whole = answer.encode().value();
  std::size_t zeros = 0;
  while (whole[whole.size() - 1 - zeros] == 0) ++zeros;
  for (std::size_t kept : {std::size_t{0}, std::size_t{9}}) {
    for (std::size_t cut = zeros; cut <= zeros + 4 && cut <= whole.size(); ++cut) {
      Writer w;
      w.raw(ByteView(whole).first(whole.size() - cut)).bytes(Bytes(kept));
      if (!core::Answer::decode(w.data()).ok()) continue;
      all.push_back(chosen(3, w.data()));
      break;
    }
  }
  HR_CHECK(all.size() == 5);
  all.push_back(chosen(3, whole));
  return all;
}

const Registration registered({"answers", run, seeds});

}  // namespace
}  // namespace hedgerow::fuzz
