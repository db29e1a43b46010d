// The tests that decide on a question, each with its outcome and the line of the signed file that
// it rests on. `evaluate` is the decision of this examination and nothing else, so that what an
// officer is shown and what a node does cannot differ.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "policies/agreement.h"
#include "policies/evaluate.h"

namespace hedgerow::policies {

// In the order in which they decide. The first ones are asked once, those from `purpose` on of
// every table of every grant.
enum class Condition : std::uint8_t {
  form,
  agreement,
  local_party,
  state,
  begun,  // valid_from
  ended,  // valid_until
  ready,
  asker_party,
  home,
  purpose_known,
  purpose,
  asker,
  kind,
  dimensions,
  filter,
  period_kind,
  range,
  history,
  settled,
  reason,
  restriction,  // the deciding node's own restrictions.toml
  // Of traces, in the order of policies/trace.h.
  contributor,
  legal_basis,
  approver_party,
  approver,
  two_people,
};
std::string_view to_text(Condition condition);  // "period kind"

enum class Outcome : std::uint8_t {
  passed,
  failed,
  not_examined,  // what it looks at is no good, as another test says
};
std::string_view to_text(Outcome outcome);  // "passed"

struct Finding {
  Condition condition = Condition::form;
  Outcome outcome = Outcome::passed;
  std::uint32_t line = 0;  // of the signed file; 0: the file has nothing to say about it
  std::string text;        // what the file says, or what is wrong
  Deny denial = {};        // where it failed: the denial, if nothing nearer permits
};

// One table of one grant against the question.
struct TableExamination {
  std::string grant;
  std::uint32_t grant_line = 0;
  std::string table;  // empty where the grant lists none
  std::uint32_t table_line = 0;
  std::string description;           // "table 'flows' of grant 'movements' (line 74): flows by ..."
  std::size_t dimensions_apart = 0;  // how many only one of table and question has
  std::vector<Finding> findings;

  bool permits() const;
  const Finding* first_failure() const;
};

struct Examination {
  std::vector<Finding> general;
  std::vector<TableExamination> tables;  // as in the file; none where the question has no good form
  // Permit: the first table that permits, if no general test failed. Deny: of the general test
  // that failed first, else of the table whose first failure comes last, the nearest one;
  // of these, the one with fewest dimensions of its own.
  Decision decision;
};

Examination examine(const Agreement& agreement, const AskContext& context);

}  // namespace hedgerow::policies
