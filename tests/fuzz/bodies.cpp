// The bodies of all messages. The first byte is the message's type, as on the wire.
#include "tests/fuzz/bodies.h"

#include "protocol/answering.h"
#include "protocol/asking.h"
#include "protocol/credentials.h"
#include "protocol/dkg/messages.h"
#include "protocol/envelope.h"
#include "protocol/link/messages.h"
#include "protocol/pseudonymise/messages.h"
#include "protocol/sum/messages.h"
#include "protocol/sum/standing.h"
#include "protocol/trace/messages.h"
#include "tests/fuzz/identities.h"
#include "tests/fuzz/target.h"

namespace hedgerow::fuzz::bodies {

using namespace protocol;

void check_body(MessageType type, ByteView body) {
  switch (type) {
    case MessageType::ack:
      return check_canonical<Ack>(body);
    case MessageType::skip:
    case MessageType::installed:
      return;  // no body of their own
    case MessageType::dkg_start:
      return check_canonical<DkgStart>(body);
    case MessageType::dkg_round1:
      return check_canonical<DkgRound1Message>(body);
    case MessageType::dkg_round2:
      return check_canonical<DkgRound2Message>(body);
    case MessageType::dkg_signature:
      return check_canonical<DkgSignatureMessage>(body);
    case MessageType::dkg_certificate:
      return check_canonical<DkgCertificateMessage>(body);
    case MessageType::dkg_abort:
      return check_canonical<DkgAbort>(body);
    case MessageType::key_ready:
      return check_canonical<KeyReady>(body);
    case MessageType::evaluate_request:
    case MessageType::evaluate_prove: {
      const auto message = EvaluateRequest::decode(body);
      if (message.ok()) {
        HR_CHECK(same(message->encode(), body));
        HR_CHECK(EvaluateRequest::peek_batch(body).value() == message->batch);
      }
      return;
    }
    case MessageType::evaluate_response:
      return check_canonical<EvaluateResponse>(body);
    case MessageType::evaluate_refusal:
      return check_canonical<EvaluateRefusal>(body);
    case MessageType::evaluate_check:
      return check_canonical<EvaluateCheck>(body);
    case MessageType::evaluate_checked:
      return check_canonical<EvaluateChecked>(body);
    case MessageType::question:
      return check_canonical<Asked>(body);
    case MessageType::countersigned:
    case MessageType::ask:
    case MessageType::answer:
      return check_canonical<Statement>(body);
    case MessageType::question_status:
      return check_canonical<QuestionStatus>(body);
    case MessageType::answer_hash:
      return check_canonical<AnswerHash>(body);
    case MessageType::receipt:
      return check_canonical<ReceiptMessage>(body);
    case MessageType::answer_delivery:
      return check_canonical<AnswerDelivery>(body);
    case MessageType::served:
      return check_canonical<Served>(body);
    case MessageType::sum_manifest:
      return check_canonical<sum::Manifest>(body);
    case MessageType::sum_start:
      return check_canonical<SumStart>(body);
    case MessageType::sum_advert:
      return check_canonical<sum::Advert>(body);
    case MessageType::sum_roster:
    case MessageType::sum_roster_signatures:
    case MessageType::sum_masked_hashes:
      return check_canonical<sum::StatementList>(body);
    case MessageType::sum_roster_signature:
      return check_canonical<sum::RosterSignature>(body);
    case MessageType::sum_masked_input:
      return check_canonical<sum::MaskedInput>(body);
    case MessageType::sum_masked_hash:
      return check_canonical<sum::MaskedHash>(body);
    case MessageType::sum_opening:
      return check_canonical<sum::Opening>(body);
    case MessageType::sum_refusal:
      return check_canonical<sum::Refusal>(body);
    case MessageType::sum_void:
      return check_canonical<sum::Void>(body);
    case MessageType::sum_match_rate:
      return check_canonical<sum::MatchRate>(body);
    case MessageType::renewed:
      return check_canonical<Statement>(body);
    case MessageType::revocations:
      return check_canonical<Revocations>(body);
    case MessageType::sum_standing:
      return check_canonical<sum::Standing>(body);
    case MessageType::sum_standings:
      return check_canonical<sum::StandingList>(body);
    case MessageType::link_call:
      return check_canonical<link::Plan>(body);
    case MessageType::link_key:
      return check_canonical<link::Key>(body);
    case MessageType::link_manifest:
      return check_canonical<link::Manifest>(body);
    case MessageType::link_begin:
      return check_canonical<link::Begin>(body);
    case MessageType::link_check:
      return check_canonical<link::Check>(body);
    case MessageType::link_checked:
      return check_canonical<link::Checked>(body);
    case MessageType::link_proof:
      return check_canonical<link::WholeProof>(body);
    case MessageType::link_counts:
      return check_canonical<link::Counts>(body);
    case MessageType::link_cascade:
      return check_canonical<link::Cascade>(body);
    case MessageType::link_refusal:
    case MessageType::link_void:
      return check_canonical<link::Refusal>(body);
    case MessageType::link_manifest_signature:
    case MessageType::link_list:
    case MessageType::link_list_seen:
    case MessageType::link_entries:
    case MessageType::link_entries_seen:
    case MessageType::link_confirmation:
      return check_canonical<link::Vouched>(body);
    case MessageType::link_blinded:
    case MessageType::link_evaluated:
    case MessageType::link_onions:
    case MessageType::link_batch:
    case MessageType::link_hashes:
      return check_canonical<link::Part>(body);
    case MessageType::link_confirmations:
      return check_canonical<link::Confirmations>(body);
    case MessageType::trace_header:
      return check_canonical<trace::DirectoryHeader>(body);
    case MessageType::trace_chunk_get:
      return check_canonical<trace::ChunkGet>(body);
    case MessageType::trace_chunk:
      return check_canonical<trace::Chunk>(body);
    case MessageType::trace_request:
      return check_canonical<trace::Order>(body);
    case MessageType::trace_ask:
      return check_canonical<trace::Ask>(body);
    case MessageType::trace_notice:
      return check_canonical<trace::Notice>(body);
    case MessageType::trace_answer:
      return check_canonical<trace::Answer>(body);
    case MessageType::trace_refusal:
      return check_canonical<trace::Refusal>(body);
    case MessageType::trace_header_get:
    case MessageType::trace_approval:
    case MessageType::trace_collect:
      return;  // no body of their own
    case MessageType::link_prove: {
      const auto id = link::decode_id(body);
      if (id.ok()) HR_CHECK(same(link::encode_id(*id), body));
      return;
    }
  }
}

namespace {

void run(ByteView input) {
  Parts parts(input);
  const auto type = message_type_from(parts.byte());
  if (type) check_body(*type, parts.rest());
}

class SeedList {
 public:
  void add(MessageType type, ByteView body) {
    all_.push_back(chosen(static_cast<std::uint8_t>(type), body));
  }
  std::vector<Bytes> take() && { return std::move(all_); }

 private:
  std::vector<Bytes> all_;
};

DkgSignature dkg_signature(Random& rng) {
  return dkg_sign(random_scalar(rng), as_bytes("seed")).value();
}

void dkg_seeds(SeedList& list) {
  SeededRandom rng(ByteArray<32>{31});
  const auto session = counting<SessionId>(1);
  const std::vector<PartyId> names{party("vale-council"), party("vale-health"),
                                   party("vale-police")};
  list.add(MessageType::dkg_start, DkgStart{session, counting<KeyId>(3), 2, names}.encode());
  const DkgSignature signature = dkg_signature(rng);
  const SignedRound1 round1{Bytes(300, 7), signature};
  list.add(MessageType::dkg_round1, DkgRound1Message{session, round1}.encode());
  list.add(MessageType::dkg_round2, DkgRound2Message{session, {round1, round1}}.encode());
  list.add(MessageType::dkg_signature, DkgSignatureMessage{session, signature}.encode());
  list.add(MessageType::dkg_certificate,
           DkgCertificateMessage{session, {signature, signature}}.encode());
  list.add(MessageType::dkg_abort, DkgAbort{session, DkgAbortReason::bad_share, names[0]}.encode());
  list.add(MessageType::dkg_abort, DkgAbort{session, DkgAbortReason::abandoned, {}}.encode());
  list.add(MessageType::key_ready, KeyReady{session, Bytes(200, 9), {signature}}.encode());
}

void pseudonymise_seeds(SeedList& list) {
  SeededRandom rng(ByteArray<32>{32});
  const auto batch = counting<BatchId>(1);
  const std::vector<Element> blinded{multiply_base(random_scalar(rng)).value(),
                                     multiply_base(random_scalar(rng)).value()};
  EvaluateRequest request{counting<KeyId>(3), 0, batch, "movements", std::nullopt, blinded};
  list.add(MessageType::evaluate_request, request.encode());
  request.set =
      EvaluationSet::from({ParticipantIndex::from(1).value(), ParticipantIndex::from(3).value()})
          .value();
  list.add(MessageType::evaluate_request, request.encode());
  list.add(MessageType::evaluate_prove, request.encode());
  const auto index = ParticipantIndex::from(2).value();
  const DleqProof proof{publish(random_scalar(rng)), publish(random_scalar(rng))};
  EvaluateResponse response{batch, index, 0, counting<Sha256>(5), blinded, std::nullopt};
  list.add(MessageType::evaluate_response, response.encode());
  response.proof = proof;
  list.add(MessageType::evaluate_response, response.encode());
  list.add(
      MessageType::evaluate_check,
      EvaluateCheck{counting<KeyId>(3), 0, batch, counting<Sha256>(5), blinded.front()}.encode());
  list.add(MessageType::evaluate_checked,
           EvaluateChecked{batch, index, 0, counting<Sha256>(6), blinded.back(), proof}.encode());
  for (const RefusalReason reason : {RefusalReason::quota, RefusalReason::busy})
    list.add(MessageType::evaluate_refusal,
             EvaluateRefusal{batch, counting<Sha256>(5), reason,
                             reason == RefusalReason::quota ? 12U : 0U}
                 .encode());
}

void asking_seeds(SeedList& list) {
  const Identities& i = identities();
  const Asked asked{i.analyst.der(), Bytes(80, 3)};
  const Statement statement =
      Statement::sign(i.analyst_key, MessageType::question, statement_header(), asked.encode());
  list.add(MessageType::question, asked.encode());
  list.add(MessageType::ask, statement.encode());
  list.add(MessageType::question_status, QuestionStatus{QuestionStatus::State::refused,
                                                        denied("beyond the grant", "ask for less")}
                                             .encode());
  list.add(
      MessageType::question_status,
      QuestionStatus{QuestionStatus::State::waiting, {Code::try_again, "waits", "vale-police", ""}}
          .encode());
  EditionLink link{4, "movements", "flows", "2026-Q3", counting<Sha256>(1), counting<Sha256>(2),
                   {}};
  link.head = chain_head(link);
  list.add(MessageType::answer_hash,
           AnswerHash{counting<Sha256>(1), Bytes{1, 2}, {link, link}}.encode());
  list.add(MessageType::sum_start,
           SumStart{Bytes{1, 2}, {link}, "movements", "flows", "2026-Q3"}.encode());
  list.add(MessageType::receipt, ReceiptMessage{counting<Sha256>(1), Bytes{4}}.encode());
  list.add(MessageType::answer_delivery,
           AnswerDelivery{Bytes{7}, {{party("vale-council"), Bytes{8}}, {party("vale-police"), {}}}}
               .encode());
  list.add(MessageType::served, Served{counting<Sha256>(1), Bytes{1, 2}}.encode());
}

void credential_seeds(SeedList& list) {
  const Identities& i = identities();
  const auto session = counting<SessionId>(9);
  list.add(MessageType::renewed,
           sign_renewal(i.message_key, vale_cse(), {}, session, i.node, kNow).encode());
  list.add(MessageType::revocations, Revocations{i.agency, Bytes(40, 0x30)}.encode());
}

void link_seeds(SeedList& list) {
  using namespace link;
  SeededRandom rng(ByteArray<32>{34});
  Plan plan;
  plan.lineage = Lineage::parse("vale-cse").value();
  plan.grant = "patterns";
  plan.table = "places";
  plan.period = "2026-Q3";
  plan.id = {release_id(plan.lineage, plan.grant, plan.table, plan.period), 1};
  plan.cells = 9;
  plan.contributors = {party("vale-council"), party("vale-health"), party("vale-police")};
  plan.mixers = {party("vale-council"), party("vale-police")};
  plan.entries = 64;
  plan.cells_per_child = plan.episodes_per_child = 4;
  plan.thresholds = {8, 1, 5, false};
  plan.expiry = from_unix_ms(1'790'000'000'000);
  list.add(MessageType::link_call, plan.encode());
  const Element g[] = {Element::base()};
  const SecretScalar s = random_scalar(rng);
  const Element e = multiply_base(s).value();
  const Element out[] = {e};
  const DleqProof proof =
      generate_proof(s, Element::base(), e, g, out, key_context(plan.id, plan.mixers[0]), rng)
          .value();
  const MixerKeys keys{e, random_seal_key_pair(rng).public_key, proof};
  list.add(MessageType::link_key, Key{plan.id, keys}.encode());
  list.add(MessageType::link_manifest, Manifest{plan, {keys, keys}, keys.seal}.encode());
  list.add(MessageType::link_begin, Begin{Bytes(40, 1), {Bytes(9, 2), Bytes(9, 3)}}.encode());
  list.add(MessageType::link_list, Vouched{plan.id, {}, 64, {}}.encode());
  list.add(MessageType::link_blinded, Part{plan.id, 0, encode_elements(out)}.encode());
  list.add(MessageType::link_check, Check{plan.id, e}.encode());
  list.add(MessageType::link_checked, Checked{plan.id, e, proof}.encode());
  list.add(MessageType::link_proof, WholeProof{plan.id, proof}.encode());
  list.add(MessageType::link_prove, encode_id(plan.id));
  list.add(MessageType::link_counts, Counts{plan.id, {}, 192, {}, 192, {}, {}}.encode());
  list.add(MessageType::link_cascade, Cascade{plan.id, {Bytes(9, 1)}, {Bytes(9, 2)}}.encode());
  list.add(MessageType::link_confirmations, Confirmations{plan.id, {Bytes(9, 1)}}.encode());
  list.add(MessageType::link_refusal,
           Refusal{plan.id, link::RefusalReason::deviation, "vale-police", "why"}.encode());
}

void trace_seeds(SeedList& list) {
  SeededRandom rng(ByteArray<32>{37});
  const Element point = multiply_base(random_scalar(rng)).value();
  const DleqProof proof{Scalar::from_u64(7), Scalar::from_u64(9)};
  list.add(MessageType::trace_header, trace::DirectoryHeader{20'779, point, 1024, {}}.encode());
  list.add(MessageType::trace_chunk_get, trace::ChunkGet{20'779, 1}.encode());
  list.add(MessageType::trace_chunk, trace::Chunk{20'779, 1, Bytes(512, 3)}.encode());
  trace::Order order;
  order.purpose = "safeguard-a-child";
  order.legal_basis = "uk-gdpr:6(1)(e)";
  order.reason = "strategy meeting";
  order.points = {{party("vale-health"), 20'779, counting<Sha256>(5)},
                  {party("vale-police"), 20'778, counting<Sha256>(6)}};
  list.add(MessageType::trace_request, order.encode());
  list.add(MessageType::trace_ask, trace::Ask{Bytes(90, 1), Bytes(80, 2), point}.encode());
  list.add(MessageType::trace_notice, trace::Notice{Bytes(90, 1), Bytes(80, 2)}.encode());
  list.add(MessageType::trace_answer,
           trace::Answer{counting<Sha256>(5), 20'779, point, proof}.encode());
  list.add(MessageType::trace_refusal,
           trace::Refusal{counting<Sha256>(5), trace::RefusalReason::quota}.encode());
}

void sum_seeds(SeedList& list) {
  using namespace sum;
  SeededRandom rng(ByteArray<32>{33});
  Manifest manifest;
  manifest.lineage = vale_cse();
  manifest.grant = "movements";
  manifest.table = "flows";
  manifest.period = "2026-Q3";
  manifest.place_level = "district";
  manifest.release = release_id(manifest.lineage, manifest.grant, manifest.table, manifest.period);
  manifest.cells = 9;
  manifest.contributors = {party("vale-council"), party("vale-health"), party("vale-police")};
  manifest.thresholds = {8, 1, 5, false};
  manifest.attempt = 1;
  manifest.expiry = kAfter;
  list.add(MessageType::sum_manifest, manifest.encode());
  const AttemptId id{manifest.release, 1};
  const Element point = multiply_base(random_scalar(rng)).value();
  if (const auto key = MaskPublicKey::decode(random_seal_key_pair(rng).public_key.view()); key.ok())
    list.add(MessageType::sum_advert, Advert{id, *key}.encode());
  if (const auto key = MaskPublicKey::decode(point.bytes()); key.ok())
    list.add(MessageType::sum_advert, Advert{id, *key}.encode());
  list.add(MessageType::sum_roster, StatementList{id, {Bytes{1}, Bytes{2, 3}, Bytes{4}}}.encode());
  list.add(MessageType::sum_roster_signature, RosterSignature{id, counting<Hash64>(1)}.encode());
  MaskedInput input{id, counting<Hash64>(1), {}};
  input.y.assign(kVectors * 3, 0x123456789abcdefU);
  list.add(MessageType::sum_masked_input, input.encode());
  list.add(MessageType::sum_masked_hash,
           MaskedHash{id, counting<Hash64>(1), counting<Hash64>(2)}.encode());
  list.add(MessageType::sum_opening,
           Opening{id, counting<Hash64>(1), MaskSeed::copy_from(ByteArray<32>{5})}.encode());
  list.add(MessageType::sum_refusal,
           Refusal{id, sum::RefusalReason::editions, "another head"}.encode());
  list.add(MessageType::sum_void, Void{id}.encode());
  list.add(MessageType::sum_match_rate, MatchRate{id.release, kMaxMatchBand}.encode());
  list.add(MessageType::sum_standing, Standing{id.release, false, manifest.thresholds}.encode());
  list.add(MessageType::sum_standings, StandingList{{Bytes{1}, Bytes{2, 3}}}.encode());
}

std::vector<Bytes> seeds() {
  SeedList list;
  list.add(MessageType::ack, Ack{77}.encode());
  dkg_seeds(list);
  pseudonymise_seeds(list);
  asking_seeds(list);
  sum_seeds(list);
  trace_seeds(list);
  link_seeds(list);
  credential_seeds(list);
  return std::move(list).take();
}

const Registration registered({"bodies", run, seeds});

}  // namespace
}  // namespace hedgerow::fuzz::bodies
