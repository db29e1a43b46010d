#include "protocol/answering.h"

#include "crypto/domains.h"
#include "crypto/hash.h"

namespace hedgerow::protocol {

namespace {

constexpr std::size_t kMaxWord = 64;

std::optional<Code> code_from(std::uint32_t number) {
  switch (static_cast<Code>(number)) {
    case Code::bad_input:
    case Code::try_again:
    case Code::denied:
      return static_cast<Code>(number);
    case Code::usage:
    case Code::not_running:
    case Code::internal:
    case Code::configuration:
      return std::nullopt;  // of the node itself, never of a question
  }
  return std::nullopt;
}

std::string_view clipped(std::string_view text) { return text.substr(0, kMaxStatusText); }

void write_link(Writer& w, const EditionLink& link) {
  w.u64(link.sequence).text(link.grant).text(link.table).text(link.period);
  w.raw(link.edition.view()).raw(link.previous_head.view()).raw(link.head.view());
}

EditionLink read_link(Reader& r) {
  EditionLink link;
  link.sequence = r.u64();
  link.grant = r.text(kMaxWord);
  link.table = r.text(kMaxWord);
  link.period = r.text(kMaxWord);
  link.edition.bytes = r.array<32>();
  link.previous_head.bytes = r.array<32>();
  link.head.bytes = r.array<32>();
  return link;
}

}  // namespace

Bytes QuestionStatus::encode() const {
  Writer w;
  w.u8(static_cast<std::uint8_t>(state)).u32(static_cast<std::uint32_t>(error.code));
  w.text(clipped(error.text)).text(clipped(error.culprit)).text(clipped(error.hint));
  return std::move(w).take();
}

Result<QuestionStatus> QuestionStatus::decode(ByteView bytes) {
  Reader r(bytes);
  QuestionStatus s;
  const std::uint8_t state = r.u8();
  const auto code = code_from(r.u32());
  s.error.text = r.text(kMaxStatusText);
  s.error.culprit = r.text(kMaxStatusText);
  s.error.hint = r.text(kMaxStatusText);
  HR_TRY(r.finish("question status"));
  if (state != 1 && state != 2) return bad_input("question status: unknown state");
  if (!code) return bad_input("question status: unknown code");
  s.state = static_cast<State>(state);
  s.error.code = *code;
  return s;
}

Sha256 chain_head(const EditionLink& link) {
  Writer w;
  w.text(kDomainEditions).raw(link.previous_head.view()).u64(link.sequence);
  w.text(link.grant).text(link.table).text(link.period).raw(link.edition.view());
  return sha256_id(w.data());
}

Bytes AnswerHash::encode() const {
  Writer w;
  w.raw(answer.view()).bytes(countersigned);
  w.u32(static_cast<std::uint32_t>(editions.size()));
  for (const auto& link : editions) write_link(w, link);
  return std::move(w).take();
}

Result<AnswerHash> AnswerHash::decode(ByteView bytes) {
  Reader r(bytes);
  AnswerHash a;
  a.answer.bytes = r.array<32>();
  a.countersigned = to_bytes(r.bytes(kMaxCountersigned));
  const std::size_t n = r.count(kMaxAnswerEditions, 116);
  for (std::size_t i = 0; i < n; ++i) a.editions.push_back(read_link(r));
  HR_TRY(r.finish("answer hash"));
  return a;
}

Bytes SumStart::encode() const {
  Writer w;
  w.bytes(countersigned).u32(static_cast<std::uint32_t>(editions.size()));
  for (const auto& link : editions) write_link(w, link);
  w.text(grant).text(table).text(period);
  return std::move(w).take();
}

Result<SumStart> SumStart::decode(ByteView bytes) {
  Reader r(bytes);
  SumStart s;
  s.countersigned = to_bytes(r.bytes(kMaxCountersigned));
  const std::size_t n = r.count(kMaxAnswerEditions, 116);
  for (std::size_t i = 0; i < n; ++i) s.editions.push_back(read_link(r));
  s.grant = r.text(kMaxReleaseName);
  s.table = r.text(kMaxReleaseName);
  s.period = r.text(kMaxReleaseName);
  HR_TRY(r.finish("start of a release"));
  return s;
}

Bytes ReceiptMessage::encode() const {
  Writer w;
  w.raw(answer.view()).bytes(receipt);
  return std::move(w).take();
}

Result<ReceiptMessage> ReceiptMessage::decode(ByteView bytes) {
  Reader r(bytes);
  ReceiptMessage m;
  m.answer.bytes = r.array<32>();
  m.receipt = to_bytes(r.bytes(kMaxReceiptBytes));
  HR_TRY(r.finish("receipt"));
  return m;
}

Bytes AnswerDelivery::encode() const {
  Writer w;
  w.bytes(answer).u32(static_cast<std::uint32_t>(receipts.size()));
  for (const auto& r : receipts) w.text(r.party.str()).bytes(r.receipt);
  return std::move(w).take();
}

Result<AnswerDelivery> AnswerDelivery::decode(ByteView bytes) {
  Reader r(bytes);
  AnswerDelivery d;
  d.answer = to_bytes(r.bytes(kMaxAnswerStatement));
  const std::size_t n = r.count(kMaxAnsweringParties, 8);
  for (std::size_t i = 0; i < n; ++i) {
    HR_ASSIGN(PartyId party, PartyId::parse(r.text(64)));
    d.receipts.push_back({std::move(party), to_bytes(r.bytes(kMaxReceiptBytes))});
  }
  HR_TRY(r.finish("answer delivery"));
  return d;
}

Bytes Served::encode() const {
  Writer w;
  w.raw(answer.view()).bytes(countersigned);
  return std::move(w).take();
}

Result<Served> Served::decode(ByteView bytes) {
  Reader r(bytes);
  Served s;
  s.answer.bytes = r.array<32>();
  s.countersigned = to_bytes(r.bytes(kMaxCountersigned));
  HR_TRY(r.finish("served"));
  return s;
}

}  // namespace hedgerow::protocol
