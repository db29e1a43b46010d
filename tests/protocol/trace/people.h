// Two agencies, their people, and a directory: what the trace's roles are tested with.
#pragma once

#include <gtest/gtest.h>

#include "crypto/certificate.h"
#include "crypto/hash.h"
#include "crypto/random.h"
#include "protocol/trace/directory.h"
#include "protocol/trace/requester.h"

namespace hedgerow::protocol::trace {

inline constexpr std::int32_t kToday = 20'779;
inline constexpr UtcTime kTraceNow{std::chrono::days(kToday) + std::chrono::hours(10)};

struct Person {
  Certificate certificate;
  SigningKey key;
};

class Traced : public testing::Test {
 protected:
  Traced();

  Person person(const PartyId& agency, CertificateKind kind, std::string_view name);
  // A request as the practitioner signs it, and its approval.
  Bytes sign_request(const Requester& r, const Person& by);
  Bytes sign_approval(ByteView request, const Person& by, const SessionId& id, UtcTime not_after);
  Signed verified(ByteView statement, MessageType type);
  Directory directory(const PartyId& responder, std::vector<Pseudonym> children);
  Pseudonym child() { return Pseudonym(*multiply_base(random_scalar(rng_))); }
  // Of the council, for this child at police and health.
  Requester begin(const Pseudonym& child);
  // The same, signed and approved: what it sends.
  Step asked(Requester& r);
  // What the responder's role and its node make of an ask.
  Bytes answer(const Directory& directory, const PartyId& responder, const Bytes& ask);

  SeededRandom rng_{ByteArray<32>{61}};
  PartyId council_, police_, health_, partnership_;
  Lineage lineage_;
  AgreementHash agreement_;
  OfficerKey root_key_;
  Certificate root_;
  Person practitioner_, approver_;
  std::map<PartyId, SigningKey> nodes_;
  std::map<PartyId, Directory> directories_;
  Pseudonym known_;  // to the police, not to health
};

}  // namespace hedgerow::protocol::trace
