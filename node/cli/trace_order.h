// What the people of a trace check before they sign (docs/design/trace.md, The run): the node may
// be wrong, or somebody else's by now, and their keys are not.
#pragma once

#include <vector>

#include "crypto/base/wiping.h"
#include "crypto/certificate.h"
#include "policies/trace.h"
#include "protocol/trace/messages.h"

namespace hedgerow::cli {

// What the practitioner has said. Errors usage or bad_input: which word is not in its form; a
// reason that holds an NHS number.
Result<policies::TraceWords> trace_words(std::string_view agreement, std::string purpose,
                                         std::string legal_basis, std::string reason);

// Error bad_input: not an NHS number.
Result<void> check_nhs_number(ByteView typed);

// The two lines that go to the daemon: the number's ten digits, the reference. Errors bad_input:
// not an NHS number; a reference that cannot be shown, or is a number itself.
Result<WipingBytes> child_and_case(ByteView nhs_number, ByteView case_reference);

// What a node gives the practitioner to sign, beside the words.
struct OrderTerms {
  SessionId id;
  AgreementHash agreement;
  UtcTime not_after;
  std::vector<protocol::trace::Order::Point> responders;  // hashes are not looked at
};
// Whether it is what was asked, for this agency's practitioner. Errors bad_input, naming what
// differs: nothing is to be signed.
Result<void> check_order(const protocol::trace::Order& order, const OrderTerms& terms,
                         const policies::TraceWords& asked, const PartyId& own, UtcTime now);

// A request as its practitioner signed it.
struct TraceRequest {
  protocol::trace::Signed signed_by;
  Lineage agreement;
  protocol::trace::Order order;
};
Result<TraceRequest> read_request(ByteView statement);

// Whether this approver may approve it, as far as it is seen from here: id, agency, dates, two
// people. With `root` both certificates' chains too. Errors: bad_input, denied.
Result<void> check_approval(const TraceRequest& request, const SessionId& id,
                            const Certificate& approver, const Certificate* root, UtcTime now);
// Whether it is this practitioner's own. Error denied.
Result<void> check_own(const TraceRequest& request, const SessionId& id,
                       const Certificate& practitioner);

}  // namespace hedgerow::cli
