// The responder's role (cryptography.md D; docs/design/trace.md, The run): what a trace must be
// before anything is charged for it, and the one multiplication. It looks nothing up: what it does
// and sends is the same for every child.
#pragma once

#include <optional>
#include <string>
#include <variant>

#include "protocol/trace/messages.h"

namespace hedgerow::protocol::trace {

// A request and its approval, whose signatures and chains hold and which belong together. Whether
// the certificates are revoked, the agreement permits it, the day is answered for and a quota is
// left is for the caller.
struct Examined {
  Signed request;
  Signed approval;
  Order order;
  Sha256 request_hash;  // SHA-256 of the request statement
  std::int32_t day = 0;
  std::optional<Element> point;  // of an ask
  Sha256 point_hash;
};

struct Refused {
  RefusalReason reason = RefusalReason::malformed;
  Sha256 request_hash;  // zeros where the request could not be read
  std::string why;      // for the own log and operator: no more than the sender knows
};

using Examination = std::variant<Examined, Refused>;

// Pure. `from` is the requester, as its envelope says, and `root` the root that the agreement names
// for it. Refuses: not such messages (malformed); a signature, chain or kind that does not hold, a
// statement of another agency, lineage or agreement, an approval of another request (signature); a
// request or approval past its date, or an approval that lasts longer than its request (expired);
// no point for `self`, or another than was signed (point).
Examination examine_ask(ByteView ask, const PartyId& from, const PartyId& self,
                        const Lineage& lineage, const AgreementHash& agreement,
                        const Certificate& root, UtcTime now);

// The same for those who only keep it on record.
Examination examine_notice(ByteView notice, const PartyId& from, const Lineage& lineage,
                           const AgreementHash& agreement, const Certificate& root, UtcTime now);

// Z = dB with its proof. Call only in one commit with the charge. Error: none that an honest
// responder meets.
Result<Answer> evaluate(const SecretScalar& secret, const Element& key, const Examined& ask,
                        Random& rng);

// Whether an answer was made with the key of its directory's header. Error bad_input.
Result<void> verify_evaluation(const Element& key, const Element& point, const Answer& answer);

}  // namespace hedgerow::protocol::trace
