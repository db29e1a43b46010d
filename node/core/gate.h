// The gate: who asks, is it permitted, and what may leave. Every node that a question reaches
// passes it through here for itself.
#pragma once

#include "node/core/key_desk.h"
#include "node/core/lineage.h"
#include "policies/disclosure.h"
#include "policies/evaluate.h"
#include "protocol/asking.h"
#include "protocol/link/hub.h"
#include "protocol/sum/hub.h"
#include "protocol/sum/standing.h"

namespace hedgerow::core {

struct Admission {
  protocol::VerifiedQuestion asked;
  policies::Question question;
  policies::Decision decision;
  Sha256 restrictions;  // of this node's own, where they were looked at; zero: there are none

  const policies::Permit* permit() const { return std::get_if<policies::Permit>(&decision); }
  Error denial() const { return std::get<policies::Deny>(decision).error(); }
};

// Whether a question is to be acted on, or only read as the record of what was: what was revoked
// since then does not count for that.
enum class AdmitAs { live, recorded };

// Who somebody is and what the lineage is, as policies ask.
policies::AskerIdentity identity_of(const Certificate& person);
policies::LineageState state_of(const KeyDesk& keys);

// The asker's certificate is of use at `now`. Error denied: it has run out or was revoked.
Result<void> check_asker(const LineageContext& lineage, const Certificate& asker, UtcTime now);

// The certificate inside a countersigned question, which was admitted before.
Result<Certificate> asker_of(ByteView countersigned);

// A question as an asker of this node's own agency signed it: chain, signature, date, decision.
Result<Admission> admit_own(const LineageContext& lineage, const KeyDesk& keys,
                            ByteView question_statement, UtcTime now, AdmitAs as = AdmitAs::live);

// A question as another node's home countersigned it: the same, and the countersignature.
// `scope`: which of this node's own restrictions count here.
Result<Admission> admit_countersigned(const LineageContext& lineage, const KeyDesk& keys,
                                      ByteView countersigned, UtcTime now,
                                      policies::RestrictionScope scope, AdmitAs as = AdmitAs::live);

// The fields of a log entry about a question: its text, its reason and the decision.
protocol::LogNote question_note(std::string kind, const Admission& admission);

// Thresholds as the wire and as policies have them; and the strictest of the grant's and of those
// that take part.
protocol::sum::Thresholds thresholds_of(const policies::DisclosureRule& rule);
policies::DisclosureRule rule_of(const protocol::sum::Thresholds& thresholds);
policies::DisclosureRule strictest_of(const policies::Grant& grant,
                                      const protocol::sum::Standings& standings);
// Whether this node takes part in a permitted release and with which thresholds, by the agreement
// and its own restrictions as they are now; and the entry that keeps it out.
struct OwnStanding {
  protocol::sum::Standing standing;
  const policies::Refusal* refusal = nullptr;
};
OwnStanding own_standing(const LineageContext& lineage, const protocol::sum::ReleaseId& release,
                         const policies::Permit& permit, const policies::Period& period);
// The grant with the thresholds that its manifest has.
policies::Grant with_thresholds(const policies::Grant& grant,
                                const protocol::sum::Thresholds& thresholds);

// The sum's figures, which nothing but disclosure can open, become an edition.
Result<policies::Edition> release(const policies::Grant& grant, const policies::CellSpace& space,
                                  std::size_t contributors, protocol::sum::SumFigures figures);

// The same of a linked table, from what the link counted and its companion sum. bad_input where the
// two contradict one another: then nothing is released.
Result<policies::Edition> release_link(
    const policies::Grant& grant, const policies::DisclosureRule& agreed,
    const policies::Agreement& agreement, const policies::Table& table,
    const policies::CellSpace& answer_cells, std::span<const PartyId> roster,
    protocol::link::LinkFigures counted, protocol::sum::SumFigures sums);

// What the roles of sum and link need to know of the parties.
protocol::sum::Parties sum_parties(const LineageContext& lineage, const SigningKey& key);

}  // namespace hedgerow::core
