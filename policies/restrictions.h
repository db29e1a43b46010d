// restrictions.toml: what a node's own officer refuses beyond the agreements it has signed
// (docs/design/agreement.md, Restrictions). It only ever takes away: nothing in it can permit what
// an agreement does not, and thresholds can only become stricter.
//
// Entries that name an asker concern questions; all others stand for the tables themselves, and
// keep this node's records out of releases (disclosure.md rule 2).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/base/bytes.h"
#include "crypto/base/ids.h"
#include "crypto/base/result.h"
#include "policies/agreement.h"
#include "policies/calendar.h"
#include "policies/disclosure_rule.h"

namespace hedgerow::policies {

constexpr std::size_t kMaxRestrictionsBytes = 64 * 1024;
constexpr std::size_t kMaxRestrictions = 256;  // entries of each sort

// [[refuse]]: what meets every condition that the entry names is refused; it names at least one.
struct Refusal {
  std::optional<Lineage> agreement;
  std::optional<QuestionKind> question;
  bool traces_only = false;       // question = "trace", which has no period
  std::optional<PartyId> agency;  // "agency:vale-police"
  std::string role;               // "role:analyst"
  std::string urn;                // "urn:hedgerow:..."
  std::optional<PeriodKind> period;
  std::optional<Day> from;  // periods with a day from `from` to `to`, both included
  std::optional<Day> to;
  std::string why;         // for this node's own log and its officer
  std::uint32_t line = 0;  // of restrictions.toml

  bool names_asker() const { return agency.has_value() || !role.empty() || !urn.empty(); }
};

// [[raise]]: 0 where the entry leaves a threshold alone.
struct Raise {
  std::optional<Lineage> agreement;
  std::uint32_t min_children = 0;
  std::uint32_t min_agencies = 0;
  std::uint32_t round_to = 0;
  std::uint32_t line = 0;
};

struct Restrictions {
  Sha256 hash;  // of the file's bytes; zero where there is no file
  std::vector<Refusal> refuse;
  std::vector<Raise> raise;
  // Not empty: the file cannot be read, as this line says, and everything is refused.
  std::string fault;

  bool none() const { return hash.is_zero() && fault.empty(); }
  static Restrictions unreadable(std::string fault, const Sha256& hash = {});
};

struct RestrictionsReading {
  std::optional<Restrictions> restrictions;  // present iff there is no error
  std::vector<Diagnostic> diagnostics;
};
RestrictionsReading read_restrictions(ByteView exact);
// bad_input with the first error's "source_name:line:column: text".
Result<Restrictions> parse_restrictions(ByteView exact, std::string_view source_name);

// Whose question it is, as far as an entry can name it.
struct RestrictedAsker {
  PartyId agency;
  std::string_view role;
  std::string_view urn;
};

// The first entry that refuses this question for one of its periods; with `asker_entries_only`, of
// those that name an asker.
const Refusal* refusal_of_question(const Restrictions& restrictions, const Lineage& agreement,
                                   QuestionKind kind, const std::vector<Period>& periods,
                                   const RestrictedAsker& asker, bool asker_entries_only);
// The first entry that refuses the table itself for this period, whoever asks.
const Refusal* refusal_of_release(const Restrictions& restrictions, const Lineage& agreement,
                                  QuestionKind kind, const Period& period);

// The first entry that refuses traces to this person: every one whose conditions are met, those
// with a period never, since a trace has none.
const Refusal* refusal_of_trace(const Restrictions& restrictions, const Lineage& agreement,
                                const RestrictedAsker& asker);

// Each threshold the larger of the two; zeros shown only where both show them. Where rounding would
// exceed twice min_children, min_children rises: a released figure is never rounded to nothing.
DisclosureRule strictest(const DisclosureRule& a, const DisclosureRule& b);
// The rule with this node's raised thresholds for the agreement.
DisclosureRule raised(const DisclosureRule& rule, const Restrictions& restrictions,
                      const Lineage& agreement);

}  // namespace hedgerow::policies
