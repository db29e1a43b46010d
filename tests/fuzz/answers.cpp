// What is asked and answered, as it is signed, stored and shown. The first byte chooses: a
// question, one in words, an edition, an answer, the row of an answer's receipts.
#include "crypto/hash.h"
#include "node/core/answer.h"
#include "node/core/receipt_rows.h"
#include "policies/disclosure.h"
#include "policies/question.h"
#include "tests/fuzz/target.h"

namespace hedgerow::fuzz::answers {
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

void run_receipts(ByteView bytes) {
  const auto receipts = core::decode_receipts(bytes);
  check_error(receipts);
  if (receipts.ok() && !bytes.empty()) HR_CHECK(same(core::encode_receipts(*receipts), bytes));
}

void run(ByteView input) {
  Parts parts(input);
  switch (parts.byte() % 5) {
    case 0:
      return run_question(parts.rest());
    case 1:
      return run_words(parts);
    case 2:
      return run_edition(parts.rest());
    case 3:
      return run_answer(parts.rest());
    default:
      return run_receipts(parts.rest());
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

struct Words {
  std::string kind, from, to, by;
  std::vector<std::string> where;
  std::string reason = "a reason";
};

Bytes in_parts(const Words& w) {
  Bytes out{1};
  const auto add = [&](const std::string& text) {
    out.push_back(static_cast<std::uint8_t>(text.size()));
    out.insert(out.end(), text.begin(), text.end());
  };
  for (const std::string& text :
       {std::string("vale-cse"), std::string("pattern-detection"), w.kind, w.from, w.to, w.by})
    add(text);
  out.push_back(static_cast<std::uint8_t>(w.where.size()));
  for (const std::string& filter : w.where) add(filter);
  add(w.reason);
  return out;
}

// What people write, and what of it is refused.
void add_words(std::vector<Bytes>& all) {
  const std::vector<Words> good = {
      {"counts", "2026-01", "2026-03", "age-band,sex,event", {}, ""},
      {"counts",
       "2026",
       "",
       "care_status",
       {"sex=female"},
       "\xc3\xa9t\xc3\xa9 \xe2\x82\xac \xf0\x9f\x8c\xb3"},
      {"flows", "2026-Q1", "", "", {"origin=E06000038,elsewhere", "destination=unknown"}},
      {"flows", "2026/27", "", "origin,destination", {"place-type=park"}},
      {"places", "2026-Q1", "2026-Q2", "destination,place-type", {"event=sighting"}},
      {"overlap", "2026", "", "", {}},
      {"overlap", "2026", "", "agency", {}},
      {"repeat-missing", "2026-Q3", "", "", {"event=missing"}}};
  const std::vector<Words> bad = {
      {"counts", "2026", "", "", {}},
      {"counts", "2026", "", "age_band,sex,event,care_status", {}},
      {"counts", "2026", "", "factors", {}},
      {"counts", "2026", "", "shoe-size", {}},
      {"counts", "2026", "", "Sex,,", {}},
      {"flows", "2026-Q4", "2026-Q1", "", {}},
      {"flows", "2026-Q1", "2027", "", {}},
      {"flows", "soon", "", "", {}},
      {"rumours", "2026", "", "", {}},
      {"places", "2026", "", "origin", {}},
      {"places", "2026", "", "", {}},
      {"overlap", "2026", "", "agency,sex", {}},
      {"repeat-missing", "2026", "", "agency", {}},
      {"flows", "2026", "", "", {"event"}},
      {"flows", "2026", "", "", {"event=missing,?"}},
      {"flows", "2026", "", "", {"event=gone"}},
      {"flows", "2026", "", "", {"origin=E99000001"}},
      {"flows", "2026", "", "", {"factor=cse"}},
      {"flows", "2026", "", "", {"height=tall"}},
      {"flows", "2026", "", "", {"sex=male", "sex=female"}},
      {"flows", "2026", "", "", std::vector<std::string>(9, "sex=male")},
      {"flows", "2026", "", "", {}, "two\nlines"},
      {"flows", "2026", "", "", {}, "turned \xe2\x80\xae round"},
      {"flows", "2026", "", "", {}, "\xc0\x80"},
      {"flows", "2026", "", "", {}, "\xed\xa0\x80"},
      {"flows", "2026", "", "", {}, "\xe2\x28\xa1"}};
  for (const Words& words : good) all.push_back(in_parts(words));
  for (const Words& words : bad) all.push_back(in_parts(words));
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
  add_words(all);
  const std::map<PartyId, Bytes> receipts = {{PartyId::parse("vale-council").value(), Bytes(9, 1)},
                                             {PartyId::parse("vale-police").value(), Bytes(5, 2)}};
  all.push_back(chosen(4, core::encode_receipts(receipts)));
  all.push_back(chosen(4, core::encode_receipts({})));
  return all;
}

const Registration registered({"answers", run, seeds});

}  // namespace
}  // namespace hedgerow::fuzz::answers
