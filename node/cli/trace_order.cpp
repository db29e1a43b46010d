#include "node/cli/trace_order.h"

#include <algorithm>

#include "crypto/trace_case.h"
#include "node/import/nhs_number.h"

namespace hedgerow::cli {

namespace {

using protocol::trace::Order;

Error usage(std::string text, std::string hint = {}) {
  return {Code::usage, std::move(text), {}, std::move(hint)};
}

// Whether some run of digits, blanks and hyphens in the text is an NHS number.
bool holds_nhs_number(std::string_view text) {
  constexpr std::string_view kParts = "0123456789 -";
  while (!text.empty()) {
    const std::size_t begin = text.find_first_of("0123456789");
    if (begin == std::string_view::npos) return false;
    text.remove_prefix(begin);
    const std::size_t end = std::min(text.find_first_not_of(kParts), text.size());
    if (import::looks_like_nhs_number(as_bytes(text.substr(0, end)))) return true;
    text.remove_prefix(end);
  }
  return false;
}

Error not_what_was_asked(std::string_view what) {
  return bad_input("the node would have another " + std::string(what) + " signed than was asked",
                   "nothing was signed; tell the node's operator");
}

// Nothing of a trace lasts longer than the day after its directories' (trace.md, What is signed).
constexpr std::chrono::hours kLongest{48};
constexpr std::chrono::seconds kSkew{120};

}  // namespace

Result<policies::TraceWords> trace_words(std::string_view agreement, std::string purpose,
                                         std::string legal_basis, std::string reason) {
  auto lineage = Lineage::parse(agreement);
  if (!lineage.ok()) return usage(lineage.error().text, lineage.error().hint);
  if (reason.empty())
    return usage("--reason is empty", "why, in words for those who read every party's log");
  policies::TraceWords words{std::move(lineage).value(), std::move(purpose), std::move(legal_basis),
                             std::move(reason)};
  if (!policies::is_good_reason(words.reason))
    return usage("--reason is not plain text on one line, or longer than " +
                 std::to_string(policies::kMaxReasonBytes) + " bytes");
  if (!policies::is_legal_basis(words.legal_basis))
    return usage("'" + words.legal_basis + "' is not a legal basis",
                 "one of the agreement's, such as ca-2004:11");
  if (!policies::is_canonical(words))
    return usage("'" + words.purpose + "' is not a purpose", "one of the agreement's");
  if (holds_nhs_number(words.reason))
    return bad_input("the reason holds an NHS number",
                     "it goes on every party's log: nothing personal belongs there");
  return words;
}

Result<void> check_nhs_number(ByteView typed) {
  const import::NhsNumberParse number(typed);
  if (number.ok()) return {};
  switch (number.fault()) {
    case import::NhsNumberFault::format:
      return bad_input("the NHS number is not ten digits");
    case import::NhsNumberFault::check_digit:
      return bad_input("the NHS number's check digit does not fit", "one digit may be mistyped");
  }
  HR_CHECK(false);
  return {};
}

Result<WipingBytes> child_and_case(ByteView nhs_number, ByteView case_reference) {
  HR_TRY(check_nhs_number(nhs_number));
  const import::NhsNumberParse number(nhs_number);
  HR_TRY(check_case_reference(case_reference));
  if (import::looks_like_nhs_number(case_reference))
    return bad_input("the case reference is itself an NHS number",
                     "it is the agency's own number of the case");
  WipingBytes lines;
  const ByteView digits = number.number().digits();
  lines.reserve(digits.size() + case_reference.size() + 2);
  lines.insert(lines.end(), digits.begin(), digits.end());
  lines.push_back('\n');
  lines.insert(lines.end(), case_reference.begin(), case_reference.end());
  lines.push_back('\n');
  return lines;
}

Result<void> check_order(const Order& order, const OrderTerms& terms,
                         const policies::TraceWords& asked, const PartyId& own, UtcTime now) {
  if (order.purpose != asked.purpose) return not_what_was_asked("purpose");
  if (order.legal_basis != asked.legal_basis) return not_what_was_asked("legal basis");
  if (order.reason != asked.reason) return not_what_was_asked("reason");
  const auto same = [](const Order::Point& a, const Order::Point& b) {
    return a.party == b.party && a.day == b.day;
  };
  if (order.point_of(own) != nullptr || !std::ranges::equal(order.points, terms.responders, same))
    return not_what_was_asked("set of parties");
  if (terms.not_after <= now || terms.not_after > now + kLongest + kSkew)
    return not_what_was_asked("length of time");
  return {};
}

Result<TraceRequest> read_request(ByteView statement) {
  HR_ASSIGN(auto read,
            protocol::trace::read_signed(statement, protocol::MessageType::trace_request));
  HR_ASSIGN(Order order, Order::decode(read.said));
  if (!policies::is_good_reason(order.reason))
    return bad_input("a trace's reason that is not plain text");
  HR_ASSIGN(const auto header, protocol::Statement::decode(statement));
  return TraceRequest{std::move(read), header.header().lineage, std::move(order)};
}

Result<void> check_approval(const TraceRequest& request, const SessionId& id,
                            const Certificate& approver, const Certificate* root, UtcTime now) {
  const Certificate& practitioner = request.signed_by.person;
  if (request.signed_by.id != id)
    return bad_input("the node shows another request than the one that was named");
  if (approver.kind() != CertificateKind::approver)
    return denied("a certificate of kind " + std::string(to_string(approver.kind())) +
                      " does not approve a trace",
                  "an approver's is needed");
  if (approver.agency() != practitioner.agency())
    return denied("the request is of " + practitioner.agency().str() + ", not of " +
                  approver.agency().str());
  if (approver.subject().name == practitioner.subject().name ||
      approver.verify_key() == practitioner.verify_key())
    return denied("who asked may not approve", "it takes two people");
  for (const Certificate* one : {&practitioner, &approver})
    if (one->not_after() <= now || one->not_before() > now)
      return denied("the certificate of " + one->subject().urn() + " is not valid today");
  if (request.signed_by.not_after <= now) return denied("the request has expired", "ask anew");
  if (root == nullptr) return {};
  HR_TRY(verify_root(*root, now));
  HR_TRY(verify_chain(practitioner, *root, now));
  return verify_chain(approver, *root, now);
}

Result<void> check_own(const TraceRequest& request, const SessionId& id,
                       const Certificate& practitioner) {
  if (request.signed_by.id != id)
    return bad_input("the node shows another request than the one that was named");
  if (request.signed_by.person.subject() != practitioner.subject())
    return denied("only the practitioner who asked is shown the result",
                  "it was " + request.signed_by.person.subject().urn());
  return {};
}

}  // namespace hedgerow::cli
