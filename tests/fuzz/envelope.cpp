// Envelopes, and statements. The first byte chooses:
//   0  an envelope's bytes as they are
//   1  a statement's bytes as they are
//   2  an envelope made here, with one byte changed: never believed
//   3  any sealed plaintext under a good signature: opens only to its own header
//   4  a body under a good signature and seal, to the decoder of its type
//   5  an analyst's question under good signatures
#include "protocol/envelope.h"

#include "crypto/hash.h"
#include "protocol/asking.h"
#include "protocol/header_bytes.h"
#include "tests/fuzz/bodies.h"
#include "tests/fuzz/identities.h"
#include "tests/fuzz/target.h"

namespace hedgerow::fuzz::envelope {
namespace {

using namespace protocol;

EnvelopeHeader envelope_header(MessageType type) {
  return {type,
          party("vale-council"),
          party("vale-partnership"),
          vale_cse(),
          counting<AgreementHash>(0x20),
          counting<SessionId>(0x10),
          7,
          kAfter};
}

Writer wire_header(const EnvelopeHeader& h) {
  Writer w;
  w.u8(kWireVersion).u8(static_cast<std::uint8_t>(h.type));
  w.text(h.sender.str()).text(h.receiver.str());
  write_wire_context(w, h.lineage, h.agreement, h.session, h.sequence, h.not_after);
  return w;
}

Result<Bytes> believe(const Envelope& envelope) {
  HR_TRY(envelope.verify(identities().message_key.verify_key()));
  return envelope.open(identities().seal.secret_key, identities().seal.public_key);
}

void run_bytes(ByteView bytes) {
  const auto envelope = Envelope::decode(bytes);
  check_error(envelope);
  if (!envelope.ok()) return;
  const Bytes header = std::move(wire_header(envelope->header())).take();
  HR_CHECK(header.size() < bytes.size() && same(header, bytes.first(header.size())));
  const auto opened = believe(*envelope);
  if (opened.ok()) bodies::check_body(envelope->header().type, *opened);
}

void run_changed(Parts parts) {
  SeededRandom rng(ByteArray<32>{41});
  const std::size_t at = std::size_t{parts.byte()} | (std::size_t{parts.byte()} << 8U);
  const std::uint8_t change = parts.byte();
  const ByteView body = parts.rest();
  Bytes bytes = Envelope::make(envelope_header(MessageType::ask), body, identities().message_key,
                               identities().seal.public_key, rng);
  bytes[at % bytes.size()] ^= change;
  const auto envelope = Envelope::decode(bytes);
  check_error(envelope);
  if (!envelope.ok()) {
    HR_CHECK(change != 0);
    return;
  }
  const auto opened = believe(*envelope);
  check_error(opened);
  HR_CHECK(opened.ok() == (change == 0));
  if (opened.ok()) HR_CHECK(same(*opened, body));
}

// Signs what need not be sealed rightly, as a node gone bad would.
Bytes signed_envelope(const EnvelopeHeader& h, ByteView sealed) {
  Writer covered;
  write_domain(covered, h.type);
  covered.text(h.sender.str()).text(h.receiver.str());
  write_signed_context(covered, h.lineage, h.agreement, h.session, h.sequence, h.not_after);
  covered.bytes(sha512(sealed));
  Writer w = wire_header(h);
  w.bytes(sealed).raw(identities().message_key.sign(covered.data()).bytes);
  return std::move(w).take();
}

Bytes inner_header(const EnvelopeHeader& h) {
  Writer w;
  w.u8(static_cast<std::uint8_t>(h.type)).text(h.sender.str()).text(h.receiver.str());
  w.raw(h.session.view()).u64(h.sequence);
  return std::move(w).take();
}

void run_sealed(ByteView inner) {
  SeededRandom rng(ByteArray<32>{42});
  const EnvelopeHeader h = envelope_header(MessageType::receipt);
  const Bytes sealed = seal(identities().seal.public_key, inner, rng);
  const auto envelope = Envelope::decode(signed_envelope(h, sealed));
  HR_CHECK(envelope.ok());
  const auto opened = believe(*envelope);
  check_error(opened);
  const Bytes own = inner_header(h);
  const bool fits = inner.size() >= own.size() && same(own, inner.first(own.size()));
  HR_CHECK(opened.ok() == fits);
  if (fits) HR_CHECK(same(*opened, inner.subspan(own.size())));
}

void run_body(Parts parts) {
  const auto type = message_type_from(parts.byte());
  if (!type) return;
  SeededRandom rng(ByteArray<32>{43});
  const ByteView body = parts.rest();
  const EnvelopeHeader h = envelope_header(*type);
  const auto envelope = Envelope::decode(
      Envelope::make(h, body, identities().message_key, identities().seal.public_key, rng));
  HR_CHECK(envelope.ok() && envelope->header() == h);
  const auto opened = believe(*envelope);
  HR_CHECK(opened.ok() && same(*opened, body));
  bodies::check_body(*type, *opened);
}

void run_question(Parts parts) {
  const Identities& i = identities();
  const bool whole_body = parts.byte() % 2 == 0;
  const ByteView rest = parts.rest();
  const Bytes body = whole_body ? to_bytes(rest) : Asked{i.analyst.der(), to_bytes(rest)}.encode();
  const Bytes statement =
      Statement::sign(i.analyst_key, MessageType::question, statement_header(), body).encode();
  check_error(claimed_agency(statement));
  const auto verified = verify_question(statement, i.root, kNow);
  check_error(verified);
  if (!verified.ok()) return;
  HR_CHECK(verified->asker == i.analyst && verified->home == i.agency);
  const Bytes around = countersign(i.message_key, i.agency, *verified, vale_cse(), kNow).encode();
  const auto back = verify_countersigned(around, i.message_key.verify_key(), kNow);
  check_error(back);
  if (back.ok()) HR_CHECK(same(back->body(), statement));
}

void run_statement(ByteView bytes) {
  const auto statement = Statement::decode(bytes);
  check_error(statement);
  if (!statement.ok()) return;
  HR_CHECK(same(statement->encode(), bytes));
  check_error(statement->verify(identities().message_key.verify_key(), statement->type(), kNow));
  check_error(verify_countersigned(bytes, identities().message_key.verify_key(), kNow));
  check_error(verify_question(bytes, identities().root, kNow));
}

void run(ByteView input) {
  Parts parts(input);
  switch (parts.byte() % 6) {
    case 0:
      return run_bytes(parts.rest());
    case 1:
      return run_statement(parts.rest());
    case 2:
      return run_changed(parts);
    case 3:
      return run_sealed(parts.rest());
    case 4:
      return run_body(parts);
    default:
      return run_question(parts);
  }
}

std::vector<Bytes> seeds() {
  const Identities& i = identities();
  SeededRandom rng(ByteArray<32>{44});
  const EnvelopeHeader ack = envelope_header(MessageType::ack);
  const Bytes question = Bytes(60, 7);
  const Statement asked =
      sign_question(i.analyst_key, i.analyst, vale_cse(), counting<AgreementHash>(0x20),
                    counting<SessionId>(0x10), kNow + std::chrono::minutes(5), question);
  const VerifiedQuestion verified = verify_question(asked.encode(), i.root, kNow).value();
  const Statement countersigned = countersign(i.message_key, i.agency, verified, vale_cse(), kNow);
  std::vector<Bytes> all;
  all.push_back(
      chosen(0, Envelope::make(ack, Ack{3}.encode(), i.message_key, i.seal.public_key, rng)));
  all.push_back(chosen(1, asked.encode()));
  all.push_back(chosen(1, countersigned.encode()));
  all.push_back({2, 0, 0, 0, 1, 2, 3});
  for (const std::uint8_t at : Bytes{1, 3, 30, 60, 100, 150, 200})
    all.push_back({2, at, 0, 1, 1, 2, 3});
  all.push_back(chosen(3, inner_header(envelope_header(MessageType::receipt))));
  all.push_back({3, 1, 2, 3});
  for (const MessageType type : {MessageType::ack, MessageType::sum_void, MessageType::served})
    all.push_back({4, static_cast<std::uint8_t>(type), 1, 2, 3, 4, 5, 6, 7, 8});
  all.push_back({5, 1, 1, 2, 3});
  all.push_back(chosen(5, chosen(0, Asked{i.analyst.der(), question}.encode())));
  return all;
}

const Registration registered({"envelope", run, seeds});

}  // namespace
}  // namespace hedgerow::fuzz::envelope
