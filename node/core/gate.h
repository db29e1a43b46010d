// The gate: who asks, is it permitted, and what may leave. Every node that a question reaches
// passes it through here for itself.
#pragma once

#include "node/core/key_desk.h"
#include "node/core/lineage.h"
#include "policies/disclosure.h"
#include "policies/evaluate.h"
#include "protocol/asking.h"
#include "protocol/sum/hub.h"

namespace hedgerow::core {

struct Admission {
  protocol::VerifiedQuestion asked;
  policies::Question question;
  policies::Decision decision;

  const policies::Permit* permit() const { return std::get_if<policies::Permit>(&decision); }
  Error denial() const { return std::get<policies::Deny>(decision).error(); }
};

// Whether a question is to be acted on, or only read as the record of what was: what was revoked
// since then does not count for that.
enum class Standing { live, recorded };

// The asker's certificate is of use at `now`. Error denied: it has run out or was revoked.
Result<void> check_asker(const LineageContext& lineage, const Certificate& asker, UtcTime now);

// The certificate inside a countersigned question, which was admitted before.
Result<Certificate> asker_of(ByteView countersigned);

// A question as an asker of this node's own agency signed it: chain, signature, date, decision.
Result<Admission> admit_own(const LineageContext& lineage, const KeyDesk& keys,
                            ByteView question_statement, UtcTime now,
                            Standing standing = Standing::live);

// A question as another node's home countersigned it: the same, and the countersignature.
// `from` is the party that must have countersigned.
Result<Admission> admit_countersigned(const LineageContext& lineage, const KeyDesk& keys,
                                      ByteView countersigned, UtcTime now,
                                      Standing standing = Standing::live);

// The fields of a log entry about a question: its text, its reason and the decision.
protocol::LogNote question_note(std::string kind, const Admission& admission);

// The sum's figures, which nothing but disclosure can open, become an edition.
Result<policies::Edition> release(const policies::Grant& grant, const policies::CellSpace& space,
                                  std::size_t contributors, protocol::sum::SumFigures figures);

// What the roles of the sum need to know of the parties.
protocol::sum::Parties sum_parties(const LineageContext& lineage, const SigningKey& key);

}  // namespace hedgerow::core
