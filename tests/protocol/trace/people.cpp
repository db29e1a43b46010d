#include "tests/protocol/trace/people.h"

namespace hedgerow::protocol::trace {

namespace {

PartyId named(std::string_view name) { return PartyId::parse(name).value(); }
const Validity kRootDates{kTraceNow - std::chrono::days(100), kTraceNow + std::chrono::days(3000)};
const Validity kPersonDates{kTraceNow - std::chrono::days(10), kTraceNow + std::chrono::days(300)};

}  // namespace

Traced::Traced()
    : council_(named("vale-council")),
      police_(named("vale-police")),
      health_(named("vale-health")),
      partnership_(named("vale-partnership")),
      lineage_(Lineage::parse("vale-cse").value()),
      root_key_(OfficerKey::random(rng_)),
      root_(issue_root(council_, root_key_, kRootDates, rng_).value()),
      practitioner_(person(council_, CertificateKind::practitioner, "social-worker")),
      approver_(person(council_, CertificateKind::approver, "team-manager")),
      known_(child()) {
  rng_.fill(agreement_.bytes);
  for (const PartyId& p : {police_, health_}) nodes_.emplace(p, SigningKey::random(rng_));
  directories_.emplace(police_, directory(police_, {known_, child(), child()}));
  directories_.emplace(health_, directory(health_, {child()}));
}

Person Traced::person(const PartyId& agency, CertificateKind kind, std::string_view name) {
  SigningKey key = SigningKey::random(rng_);
  Certificate certificate = issue({agency, kind, std::string(name)}, SubjectKey(key.verify_key()),
                                  kPersonDates, root_, root_key_, rng_)
                                .value();
  return {std::move(certificate), std::move(key)};
}

Bytes Traced::sign_request(const Requester& r, const Person& by) {
  return sign(by.key, by.certificate, MessageType::trace_request, lineage_, agreement_, r.id(),
              r.not_after(), r.order().encode())
      .encode();
}

Bytes Traced::sign_approval(ByteView request, const Person& by, const SessionId& id,
                            UtcTime not_after) {
  return sign(by.key, by.certificate, MessageType::trace_approval, lineage_, agreement_, id,
              not_after, sha256_id(request).view())
      .encode();
}

Signed Traced::verified(ByteView statement, MessageType type) {
  return verify_signed(statement, type, root_, lineage_, kTraceNow).value();
}

Directory Traced::directory(const PartyId& responder, std::vector<Pseudonym> children) {
  DirectoryBuilder builder(lineage_, responder, kToday,
                           WipingVector<Pseudonym>(children.begin(), children.end()),
                           "Duty of " + responder.str(), rng_);
  while (builder.left() != 0) builder.add(2);
  return std::move(builder).finish(rng_);
}

Requester Traced::begin(const Pseudonym& traced) {
  RequesterSetup setup{{}, council_, lineage_, agreement_};
  rng_.fill(setup.id.bytes);
  Order words;
  words.purpose = "safeguard-a-child";
  words.legal_basis = "uk-gdpr:6(1)(e)";
  words.reason = "strategy meeting";
  words.commitment.fill(7);
  return Requester::begin(
      setup, words,
      {{health_, directories_.at(health_).header}, {police_, directories_.at(police_).header}},
      traced, rng_);
}

Step Traced::asked(Requester& r) {
  const Bytes request = sign_request(r, practitioner_);
  EXPECT_TRUE(r.take_request(verified(request, MessageType::trace_request)).ok());
  const Bytes approval = sign_approval(request, approver_, r.id(), r.not_after());
  return r.take_approval(verified(approval, MessageType::trace_approval), {partnership_}, kTraceNow)
      .value();
}

Bytes Traced::answer(const Directory& d, const PartyId& responder, const Bytes& ask) {
  const auto examined =
      examine_ask(ask, council_, responder, lineage_, agreement_, root_, kTraceNow);
  EXPECT_TRUE(std::holds_alternative<Examined>(examined));
  const auto& e = std::get<Examined>(examined);
  const Answer made = evaluate(d.secret, d.header.key, e, rng_).value();
  return Statement::sign(nodes_.at(responder), MessageType::trace_answer,
                         {responder, lineage_, agreement_, e.request.id, 0, e.request.not_after},
                         made.encode())
      .encode();
}

}  // namespace hedgerow::protocol::trace
