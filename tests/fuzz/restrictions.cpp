// restrictions.toml, and what is decided under it.
#include "policies/restrictions.h"

#include "crypto/hash.h"
#include "tests/fuzz/identities.h"
#include "tests/fuzz/lines.h"
#include "tests/fuzz/target.h"

namespace hedgerow::fuzz::restrictions {
namespace {

using namespace policies;

// It only takes away: nothing that was stricter becomes weaker.
void check_raised(const DisclosureRule& rule, const Restrictions& r) {
  const DisclosureRule now = raised(rule, r, vale_cse());
  HR_CHECK(now.min_children >= rule.min_children && now.min_agencies >= rule.min_agencies);
  HR_CHECK(now.round_to >= rule.round_to && (rule.true_zero || !now.true_zero));
  HR_CHECK(now.round_to <= 2 * now.min_children);
  HR_CHECK(raised(now, r, vale_cse()) == now);
}

void run(ByteView input) {
  const RestrictionsReading reading = read_restrictions(input);
  HR_CHECK(reading.diagnostics.size() <= kMaxDiagnostics);
  const auto parsed = parse_restrictions(input, "restrictions.toml");
  check_error(parsed);
  HR_CHECK(parsed.ok() == reading.restrictions.has_value());
  if (!parsed.ok()) {
    HR_CHECK(parsed.error().code == Code::bad_input && !reading.diagnostics.empty());
    HR_CHECK(parsed.error().text.starts_with("restrictions.toml"));
    return;
  }
  const Restrictions& r = *parsed;
  HR_CHECK(r.hash == sha256_id(input) && !r.none() && r.fault.empty());
  HR_CHECK(r.refuse.size() <= kMaxRestrictions && r.raise.size() <= kMaxRestrictions);
  const Period period = Period::parse("2026-Q3").value();
  const RestrictedAsker asker{party("vale-police"), "analyst",
                              "urn:hedgerow:vale-police:analyst:jo"};
  for (const QuestionKind kind : kQuestionKinds) {
    const Refusal* table = refusal_of_release(r, vale_cse(), kind, period);
    const Refusal* any = refusal_of_question(r, vale_cse(), kind, {period}, asker, false);
    const Refusal* named = refusal_of_question(r, vale_cse(), kind, {period}, asker, true);
    HR_CHECK(table == nullptr || (!table->names_asker() && any != nullptr));
    HR_CHECK(named == nullptr || (named->names_asker() && any != nullptr));
    HR_CHECK(any == nullptr || table != nullptr || named != nullptr);
  }
  const Refusal* trace = refusal_of_trace(r, vale_cse(), asker);
  HR_CHECK(trace == nullptr || !(trace->question || trace->period || trace->from || trace->to));
  check_raised({8, 1, 5, true}, r);
  check_raised({5, 2, 1, false}, r);
}

std::vector<Bytes> seeds() {
  std::vector<Bytes> all;
  for (const std::string& text : {
           std::string("[[refuse]]\nagreement = \"vale-cse\"\nquestion = \"flows\"\n"
                       "asker = \"agency:vale-police\"\nperiod = \"quarter\"\n"
                       "from = 2026-07-01\nto = 2026-12-31\nwhy = \"s.16LA\"\n"),
           std::string(
               "[[refuse]]\nasker = \"role:analyst\"\nwhy = \"none\"\n"
               "[[refuse]]\nasker = \"urn:hedgerow:vale-police:analyst:jo\"\nwhy = \"one\"\n"),
           std::string("[[raise]]\nagreement = \"vale-cse\"\nmin_children = 10\n"
                       "min_agencies = 2\nround_to = 10\n[[raise]]\nround_to = 40\n"),
           std::string("# nothing yet\n"),
           std::string("[[refuse]]\nquestion = \"trace\"\nwhy = \"nobody on duty\"\n"),
           // What is refused, a rule in each.
           std::string("[[refuse]]\nwhy = \"all of it\"\n"),
           std::string("[[refuse]]\nquestion = \"everything\"\nperiod = \"week\"\n"
                       "asker = \"somebody\"\nagreement = \"No Name\"\nwhy = 3\n"),
           std::string("[[refuse]]\nquestion = \"trace\"\nperiod = \"month\"\nwhy = \"x\"\n"),
           std::string("[[refuse]]\nfrom = 2026-12-31\nto = 2026-01-01\nwhy = \"x\"\n"),
           std::string("[[refuse]]\nasker = \"agency:\"\nwhy = \"x\"\nother = 1\n"),
           std::string("[[raise]]\nagreement = \"vale-cse\"\n"),
           std::string("[[raise]]\nmin_children = 0\nmin_agencies = -1\nround_to = 1.5\n"),
           std::string("refuse = 3\nraise = [1, 2]\n"),
           std::string(kMaxRestrictionsBytes + 1, '#'),
       })
    all.push_back(to_bytes(text));
  return all;
}

const Registration registered({"restrictions", run, seeds, mutate_lines<0>});

}  // namespace
}  // namespace hedgerow::fuzz::restrictions
