#include "protocol/trace/requester.h"

#include <algorithm>

#include "crypto/base/plain_text.h"
#include "crypto/hash.h"

namespace hedgerow::protocol::trace {

namespace {

constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kSecretSize = Element::kSize + Scalar::kSize;  // T || r

bool is_zero(ByteView bytes) {
  return std::ranges::all_of(bytes, [](std::uint8_t b) { return b == 0; });
}

// A state and the statements that it has come by.
bool fits(Requester::State state, bool has_request, bool has_approval) {
  switch (state) {
    case Requester::State::unsigned_:
      return !has_request && !has_approval;
    case Requester::State::waiting:
      return has_request && !has_approval;
    case Requester::State::asked:
      return has_request && has_approval;
    case Requester::State::ended:  // from any of these
      return has_request || !has_approval;
  }
  return false;
}

bool is_consistent(const Requester::Party& p) {
  const bool has_reason = p.outcome == Outcome::refused || p.reason == RefusalReason::malformed;
  const bool has_contact = p.outcome == Outcome::contact || p.contact.empty();
  return has_reason && has_contact && is_plain_text(p.contact);
}

}  // namespace

// A saved trace holds to it (restore): with another value goes another kVersion.
UtcTime ends_at(std::int32_t day) {
  return UtcTime(std::chrono::sys_days(std::chrono::days(day) + std::chrono::days(2))) -
         kBeforeTheEnd;
}

Requester Requester::begin(RequesterSetup setup, Order words,
                           const std::vector<Responder>& responders, const Pseudonym& child,
                           Random& rng) {
  HR_CHECK(!responders.empty() && responders.size() <= kMaxResponders);
  Requester out(std::move(setup), std::move(words));
  out.order_.points.clear();
  out.points_ = SecretBytes(responders.size() * Element::kSize);
  out.blinds_ = SecretScalars::random(responders.size(), rng);
  std::int32_t first_day = responders.front().header.day;
  for (std::size_t i = 0; i < responders.size(); ++i) {
    const auto& [party, header] = responders[i];
    HR_CHECK(i == 0 || responders[i - 1].party < party);
    const Element t = trace_point(out.setup_.lineage, party, header.day, child);
    std::ranges::copy(t.bytes(), out.points_.writable().subspan(i * Element::kSize).begin());
    const auto blinded = multiply(out.blinds_, i, t);
    HR_CHECK(blinded.ok());
    out.parties_.push_back(
        {party, header.day, header.key, *blinded, Outcome::none, RefusalReason::malformed, {}});
    out.order_.points.push_back({party, header.day, sha256_id(blinded->bytes())});
    first_day = std::min(first_day, header.day);
  }
  out.not_after_ = ends_at(first_day);
  return out;
}

Result<void> Requester::take_request(const Signed& request) {
  if (state_ != State::unsigned_) return denied("this trace has been signed already");
  if (request.id != setup_.id || request.agreement != setup_.agreement ||
      request.not_after != not_after_ || request.said != order_.encode())
    return bad_input("another request was signed than the one prepared here");
  request_ = request.statement;
  state_ = State::waiting;
  return {};
}

Result<Step> Requester::take_approval(const Signed& approval, const std::vector<PartyId>& others,
                                      UtcTime now) {
  if (state_ != State::waiting)
    return denied(state_ == State::unsigned_
                      ? "the practitioner has not signed this trace yet"
                      : "this trace has been approved already, or has ended");
  if (approval.id != setup_.id || approval.agreement != setup_.agreement ||
      !std::ranges::equal(approval.said, sha256_id(request_).view()))
    return bad_input("another request was approved than this one");
  if (approval.not_after > not_after_)
    return bad_input("the approval lasts longer than its request");
  if (now >= not_after_) return denied("the request has expired", "make a new one");
  approval_ = approval.statement;
  state_ = State::asked;
  Step step;
  const auto lifetime = std::chrono::floor<std::chrono::seconds>(not_after_ - now);
  for (const Party& p : parties_)
    step.send.push_back(
        {p.party, MessageType::trace_ask, Ask{request_, approval_, p.blinded}.encode(), lifetime});
  for (const PartyId& other : others)
    step.send.push_back(
        {other, MessageType::trace_notice, Notice{request_, approval_}.encode(), lifetime});
  step.wake_at = not_after_;
  return step;
}

std::optional<std::size_t> Requester::index_of(const PartyId& party) const {
  const auto it = std::ranges::find(parties_, party, &Party::party);
  if (it == parties_.end()) return std::nullopt;
  return static_cast<std::size_t>(it - parties_.begin());
}

void Requester::forget(std::size_t index) {
  wipe(points_.writable().subspan(index * Element::kSize, Element::kSize));
  wipe(blinds_.writable(index));
}

Result<std::optional<Requester::Found>> Requester::on_message(const PartyId& from,
                                                              const VerifyKey& key,
                                                              MessageType type, ByteView body) {
  const auto wrong = [&](std::string text) { return culprit_error(std::move(text), from.str()); };
  const auto index = index_of(from);
  if (!index || (state_ != State::asked && state_ != State::ended))
    return wrong("an answer to a trace that was not asked of it");
  Party& p = parties_[*index];
  if (p.outcome != Outcome::none || state_ == State::ended) return std::optional<Found>();
  // Whoever it says has signed it: `from` has sent it.
  const auto decoded = Statement::decode(body);
  if (!decoded.ok()) return wrong(decoded.error().text);
  const Statement& s = *decoded;
  const auto held = s.verify_signature(key, type);
  if (!held.ok()) return wrong(held.error().text);
  const auto& h = s.header();
  if (h.sender != from || h.session != setup_.id || h.lineage != setup_.lineage ||
      h.agreement != setup_.agreement)
    return wrong("an answer to another trace");
  const Sha256 request = sha256_id(request_);
  if (type == MessageType::trace_refusal) {
    const auto read = Refusal::decode(s.body());
    if (!read.ok()) return wrong(read.error().text);
    const Refusal& refusal = *read;
    // Of this request, or of what it could not read.
    const bool unread = refusal.reason == RefusalReason::malformed && refusal.request == Sha256{};
    if (refusal.request != request && !unread) return wrong("a refusal of another request");
    p.outcome = Outcome::refused;
    p.reason = refusal.reason;
    forget(*index);
    return std::optional<Found>();
  }
  const auto answer = Answer::decode(s.body());
  const bool fits = answer.ok() && answer->request == request && answer->day == p.day;
  if (!fits || !verify_evaluation(p.key, p.blinded, *answer).ok()) {
    p.outcome = Outcome::bad_answer;
    forget(*index);
    return wrong(fits ? "answered a trace with another key than its directory's"
                      : "answered a trace with something else than was asked");
  }
  HR_ASSIGN(const SecretScalar inverse, invert(blinds_.at(*index)));
  HR_ASSIGN(const Element evaluated, multiply(inverse, answer->evaluated));
  const auto point =
      Element::decode(points_.expose().subspan(*index * Element::kSize, Element::kSize));
  if (!point.ok()) return internal("what was saved of a trace is damaged: " + point.error().text);
  forget(*index);
  return std::optional<Found>(Found{from, p.day, trace_keys(*point, evaluated)});
}

void Requester::set_outcome(const PartyId& party, std::optional<std::string> contact) {
  const auto index = index_of(party);
  HR_CHECK(index.has_value());
  Party& p = parties_[*index];
  p.outcome = contact ? Outcome::contact : Outcome::nothing;
  if (contact) p.contact = *std::move(contact);
}

void Requester::set_bad_answer(const PartyId& party) {
  const auto index = index_of(party);
  HR_CHECK(index.has_value());
  parties_[*index].outcome = Outcome::bad_answer;
}

bool Requester::on_time(UtcTime now) {
  if (state_ == State::ended || now < not_after_) return false;
  state_ = State::ended;
  for (std::size_t i = 0; i < parties_.size(); ++i) forget(i);
  return true;
}

std::optional<Outcome> Requester::outcome_of(const PartyId& party) const {
  const auto index = index_of(party);
  return index ? std::optional(parties_[*index].outcome) : std::nullopt;
}

bool Requester::complete() const {
  return std::ranges::none_of(parties_, [](const Party& p) { return p.outcome == Outcome::none; });
}

// u8 version, u8 state, i64 not-after, order, request, approval behind their lengths; for each of
// the order's responders K 32, B 32, u8 outcome, u8 reason, contact as text; then, last, so that
// they are never written outside locked memory, T and r of each (64; zeros where it has answered).
SecretBytes Requester::save() const {
  Writer w;
  w.u8(kVersion).u8(static_cast<std::uint8_t>(state_)).time(not_after_);
  w.bytes(order_.encode()).bytes(request_).bytes(approval_);
  for (const Party& p : parties_)
    w.raw(p.key.bytes())
        .raw(p.blinded.bytes())
        .u8(static_cast<std::uint8_t>(p.outcome))
        .u8(static_cast<std::uint8_t>(p.reason))
        .text(p.contact);
  SecretBytes out(w.data().size() + parties_.size() * kSecretSize);
  auto end = std::ranges::copy(w.data(), out.writable().begin()).out;
  for (std::size_t i = 0; i < parties_.size(); ++i) {
    end = std::ranges::copy(points_.expose().subspan(i * Element::kSize, Element::kSize), end).out;
    end = std::ranges::copy(blinds_.expose(i), end).out;
  }
  return out;
}

Result<Requester> Requester::restore(RequesterSetup setup, ByteView saved) {
  Reader r(saved);
  if (r.u8() != kVersion) r.fail();
  const std::uint8_t state = r.u8();
  const UtcTime not_after = r.time();
  const ByteView order_bytes = r.bytes(kMaxPersonStatement);
  const ByteView request = r.bytes(kMaxPersonStatement);
  const ByteView approval = r.bytes(kMaxPersonStatement);
  const auto none = [] { return bad_input("a saved trace that is none"); };
  if (r.failed() || state < 1 || state > static_cast<std::uint8_t>(State::ended) ||
      !fits(static_cast<State>(state), !request.empty(), !approval.empty()))
    return none();
  HR_ASSIGN(Order order, Order::decode(order_bytes));
  const auto first = std::ranges::min_element(order.points, {}, &Order::Point::day);
  if (not_after != ends_at(first->day)) return none();
  Requester out(std::move(setup), std::move(order));
  out.state_ = static_cast<State>(state);
  out.not_after_ = not_after;
  out.request_ = to_bytes(request);
  out.approval_ = to_bytes(approval);
  const std::size_t count = out.order_.points.size();
  for (const Order::Point& point : out.order_.points) {
    const ByteView key = r.raw(Element::kSize);
    const ByteView blinded = r.raw(Element::kSize);
    const std::uint8_t outcome = r.u8();
    const auto reason = static_cast<RefusalReason>(r.u8());
    std::string contact = r.text(kMaxTraceContact);
    const bool known = outcome >= 1 && outcome <= static_cast<std::uint8_t>(Outcome::bad_answer) &&
                       !name_of(reason).empty();
    if (r.failed() || !known || sha256_id(blinded) != point.hash) return none();
    HR_ASSIGN(const Element k, Element::decode(key));
    HR_ASSIGN(const Element b, Element::decode(blinded));
    out.parties_.push_back(
        {point.party, point.day, k, b, static_cast<Outcome>(outcome), reason, std::move(contact)});
    if (!is_consistent(out.parties_.back())) return none();
  }
  out.points_ = SecretBytes(count * Element::kSize);
  out.blinds_ = SecretScalars(count);
  for (std::size_t i = 0; i < count; ++i) {
    std::ranges::copy(r.raw(Element::kSize),
                      out.points_.writable().subspan(i * Element::kSize).begin());
    std::ranges::copy(r.raw(Scalar::kSize), out.blinds_.writable(i).begin());
    // There as long as an answer may come, and no longer.
    const bool is_over = out.state_ == State::ended || out.parties_[i].outcome != Outcome::none;
    const ByteView t = out.points_.expose().subspan(i * Element::kSize, Element::kSize);
    const ByteView r_of_it = out.blinds_.expose(i);
    const bool there = !is_zero(t) && decode_secret_scalar(r_of_it).ok();
    const bool gone = is_zero(t) && is_zero(r_of_it);
    if (is_over ? !gone : !there) return none();
  }
  HR_TRY(r.finish("saved trace"));
  return out;
}

}  // namespace hedgerow::protocol::trace
