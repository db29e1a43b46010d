// What parties and the own store say of traces (docs/design/trace.md). The first byte chooses:
//   0  what a requester saved
//   1  a directory's record as it is
//   2  any plaintext under a good record's key
//   3  an ask as it is
//   4  any order under the practitioner's good signature, approved
//   5  anything approved under the approver's good signature
//   6  a responder's statement as it is
//   7  any answer, and 8 any refusal, under its good signature
#include <algorithm>

#include "crypto/hash.h"
#include "protocol/trace/requester.h"
#include "tests/fuzz/identities.h"
#include "tests/fuzz/target.h"

namespace hedgerow::fuzz::traces {
namespace {

using namespace protocol;
using namespace protocol::trace;

constexpr std::int32_t kDay = 20'746;  // that of kNow
static_assert(std::chrono::sys_days(std::chrono::days(kDay)) == kNow);
constexpr const char* kContact = "Duty desk, 01632 960 000";

const PartyId& responder() {
  static const PartyId id = party("vale-health");
  return id;
}

// One trace of one child at one responder, from its preparation to the answer.
struct Run {
  RequesterSetup setup;
  SigningKey practitioner_key, approver_key, responder_key;
  Certificate practitioner, approver;
  TraceKeys keys;  // of the child's record
  std::vector<Bytes> saved;
  Order order;
  Bytes request, approval, ask, notice, answer, refusal;
  Bytes asked;  // as it was saved before the answer
};

Bytes answer_statement(const Run& r, MessageType type, Bytes body) {
  return Statement::sign(r.responder_key, type,
                         {responder(), r.setup.lineage, r.setup.agreement, r.setup.id, 0, kAfter},
                         std::move(body))
      .encode();
}

Bytes saved(const Requester& requester) { return to_bytes(requester.save().expose()); }

Run make_run() {
  const Identities& i = identities();
  SeededRandom rng(ByteArray<32>{91});
  SigningKey practitioner_key = SigningKey::random(rng);
  SigningKey approver_key = SigningKey::random(rng);
  const auto issued = [&](CertificateKind kind, const char* name, const SigningKey& key) {
    return issue({i.agency, kind, name}, SubjectKey(key.verify_key()), {kBefore, kAfter}, i.root,
                 i.root_key, rng)
        .value();
  };
  Certificate practitioner =
      issued(CertificateKind::practitioner, "practitioner", practitioner_key);
  Certificate approver = issued(CertificateKind::approver, "approver", approver_key);
  Run r{{counting<SessionId>(0x10), i.agency, vale_cse(), counting<AgreementHash>(0x20)},
        std::move(practitioner_key),
        std::move(approver_key),
        SigningKey::random(rng),
        std::move(practitioner),
        std::move(approver),
        {},
        {},
        {},
        {},
        {},
        {},
        {},
        {},
        {},
        {}};

  const Pseudonym child = Pseudonym(multiply_base(random_scalar(rng)).value());
  const SecretScalar d = random_scalar(rng);
  const DirectoryHeader header{kDay, multiply_base(d).value(), 1024, {}};
  const Element point = trace_point(r.setup.lineage, responder(), kDay, child);
  r.keys = trace_keys(point, multiply(d, point).value());

  Order words;
  words.purpose = "safeguard-a-child";
  words.legal_basis = "uk-gdpr:6(1)(e)";
  words.reason = "strategy meeting";
  Requester requester =
      Requester::begin(r.setup, std::move(words), {{responder(), header}}, child, rng);
  r.saved.push_back(saved(requester));
  r.order = requester.order();
  const auto signed_by = [&](const SigningKey& key, const Certificate& person, MessageType type,
                             ByteView said) {
    return trace::sign(key, person, type, r.setup.lineage, r.setup.agreement, r.setup.id,
                       requester.not_after(), said)
        .encode();
  };
  r.request =
      signed_by(r.practitioner_key, r.practitioner, MessageType::trace_request, r.order.encode());
  HR_CHECK(requester.take_request(read_signed(r.request, MessageType::trace_request).value()).ok());
  r.saved.push_back(saved(requester));
  r.approval = signed_by(r.approver_key, r.approver, MessageType::trace_approval,
                         sha256_id(r.request).view());
  const Step step = requester
                        .take_approval(read_signed(r.approval, MessageType::trace_approval).value(),
                                       {party("vale-police")}, kNow)
                        .value();
  r.ask = step.send.at(0).body;
  r.notice = step.send.at(1).body;
  r.asked = saved(requester);
  r.saved.push_back(r.asked);

  const auto examination =
      examine_ask(r.ask, i.agency, responder(), r.setup.lineage, r.setup.agreement, i.root, kNow);
  const auto& examined = std::get<Examined>(examination);
  r.answer = evaluate(d, header.key, examined, rng).value().encode();
  r.refusal = trace::Refusal{examined.request_hash, trace::RefusalReason::quota}.encode();
  const auto found =
      requester.on_message(responder(), r.responder_key.verify_key(), MessageType::trace_answer,
                           answer_statement(r, MessageType::trace_answer, r.answer));
  HR_CHECK(found.ok() && found->has_value() && (*found)->keys.tag == r.keys.tag);
  requester.set_outcome(responder(), kContact);
  r.saved.push_back(saved(requester));
  return r;
}

const Run& made() {
  static const Run run = make_run();
  return run;
}

void run_saved(ByteView bytes) {
  auto requester = Requester::restore(made().setup, bytes);
  check_error(requester);
  if (!requester.ok()) return;
  HR_CHECK(same(requester->save().expose(), bytes));
  HR_CHECK(requester->parties().size() == requester->order().points.size());
  for (const auto& p : requester->parties()) HR_CHECK(requester->outcome_of(p.party) == p.outcome);
  // Whatever it is, it takes an answer or says who has sent it, or that its own state is damaged.
  const auto found = requester->on_message(
      responder(), made().responder_key.verify_key(), MessageType::trace_answer,
      answer_statement(made(), MessageType::trace_answer, made().answer));
  if (!found.ok())
    HR_CHECK(found.error().culprit == responder().str() || found.error().code == Code::internal);
  if (found.ok() && *found) requester->set_outcome(responder(), std::nullopt);
  // Over once it has ended, and without anything that could open a record then.
  const bool was_over = requester->state() == Requester::State::ended;
  HR_CHECK(requester->on_time(UtcTime::max()) == !was_over);
  HR_CHECK(requester->state() == Requester::State::ended);
  const SecretBytes ended = requester->save();
  const std::size_t secrets = requester->parties().size() * (Element::kSize + Scalar::kSize);
  const ByteView tail = ended.expose().last(secrets);
  HR_CHECK(std::ranges::all_of(tail, [](std::uint8_t b) { return b == 0; }));
}

// Only what seal_trace_record() makes opens.
void check_record(ByteView record) {
  const auto contact = open_trace_record(made().keys.key, record);
  check_error(contact);
  if (contact.ok())
    HR_CHECK(same(ByteView(seal_trace_record(made().keys, *contact)).subspan(kTraceTagSize),
                  record.subspan(kTraceTagSize)));
}

void run_plaintext(ByteView plaintext) {
  Bytes record = to_bytes(ByteView(made().keys.tag));
  const Bytes sealed = aead_encrypt_once(made().keys.key, plaintext);
  record.insert(record.end(), sealed.begin(), sealed.end());
  check_record(record);
}

Examination examine(ByteView ask) {
  const auto& s = made().setup;
  return examine_ask(ask, s.self, responder(), s.lineage, s.agreement, identities().root, kNow);
}

// Nobody signs here: what is examined is the one ask that was made.
void run_ask(ByteView bytes) {
  const auto examination = examine(bytes);
  const auto* examined = std::get_if<Examined>(&examination);
  HR_CHECK((examined != nullptr) == same(bytes, made().ask));
  if (examined == nullptr) HR_CHECK(!std::get<trace::Refused>(examination).why.empty());
  // Nor does an ask do for a notice.
  const auto& s = made().setup;
  const auto noticed =
      examine_notice(bytes, s.self, s.lineage, s.agreement, identities().root, kNow);
  HR_CHECK(std::holds_alternative<Examined>(noticed) == same(bytes, made().notice));
}

UtcTime not_after() { return ends_at(kDay); }

Bytes sign_by(const SigningKey& key, const Certificate& person, MessageType type, ByteView said) {
  const auto& s = made().setup;
  return trace::sign(key, person, type, s.lineage, s.agreement, s.id, not_after(), said).encode();
}

Element asked_point() { return Ask::decode(made().ask).value().point; }

void run_order(ByteView said) {
  const Run& r = made();
  const Bytes request =
      sign_by(r.practitioner_key, r.practitioner, MessageType::trace_request, said);
  const Bytes approval =
      sign_by(r.approver_key, r.approver, MessageType::trace_approval, sha256_id(request).view());
  const Element point = asked_point();
  const auto examination = examine(Ask{request, approval, point}.encode());
  const auto order = Order::decode(said);
  const auto* own = order.ok() ? order->point_of(responder()) : nullptr;
  const bool asks = own != nullptr && own->hash == sha256_id(point.bytes());
  HR_CHECK(std::holds_alternative<Examined>(examination) == asks);
  if (asks) HR_CHECK(std::get<Examined>(examination).day == own->day);
}

void run_approval(ByteView said) {
  const Run& r = made();
  const Bytes approval = sign_by(r.approver_key, r.approver, MessageType::trace_approval, said);
  const auto examination = examine(Ask{r.request, approval, asked_point()}.encode());
  HR_CHECK(std::holds_alternative<Examined>(examination) ==
           same(said, sha256_id(r.request).view()));
}

// What an asked requester makes of it: found by the one right answer alone; another that the
// responder signed ends its part, and one that it did not sign changes nothing.
void run_reply(MessageType type, ByteView statement, bool is_signed) {
  const Run& r = made();
  const Bytes& good = type == MessageType::trace_answer ? r.answer : r.refusal;
  auto requester = Requester::restore(r.setup, r.asked);
  HR_CHECK(requester.ok());
  const auto found =
      requester->on_message(responder(), r.responder_key.verify_key(), type, statement);
  check_error(found);
  if (!found.ok()) HR_CHECK(found.error().culprit == responder().str());
  const Outcome outcome = *requester->outcome_of(responder());
  if (!is_signed && !same(statement, answer_statement(r, type, good))) {
    HR_CHECK(!found.ok() && same(requester->save().expose(), r.asked));
    return;
  }
  if (found.ok() && found->has_value()) {
    HR_CHECK(type == MessageType::trace_answer && (*found)->keys.tag == r.keys.tag);
    HR_CHECK(outcome == Outcome::none);  // the caller looks the record up
    HR_CHECK(same(Statement::decode(statement).value().body(), r.answer));
    requester->set_outcome(responder(), std::nullopt);
  } else if (found.ok()) {
    HR_CHECK(type == MessageType::trace_refusal && outcome == Outcome::refused);
  } else if (type == MessageType::trace_refusal) {
    HR_CHECK(outcome == Outcome::none && same(requester->save().expose(), r.asked));
  } else {
    HR_CHECK(outcome == Outcome::bad_answer);
  }
  // What was kept for the answer has gone with it: no state with more is read again.
  HR_CHECK(Requester::restore(r.setup, requester->save().expose()).ok());
}

void run_signed_reply(MessageType type, ByteView body) {
  run_reply(type, answer_statement(made(), type, to_bytes(body)), true);
}

void run(ByteView input) {
  Parts parts(input);
  switch (parts.byte() % 9) {
    case 0:
      return run_saved(parts.rest());
    case 1:
      return check_record(parts.rest());
    case 2:
      return run_plaintext(parts.rest());
    case 3:
      return run_ask(parts.rest());
    case 4:
      return run_order(parts.rest());
    case 5:
      return run_approval(parts.rest());
    case 6: {
      const bool refuses = parts.byte() % 2 == 1;
      return run_reply(refuses ? MessageType::trace_refusal : MessageType::trace_answer,
                       parts.rest(), false);
    }
    case 7:
      return run_signed_reply(MessageType::trace_answer, parts.rest());
    default:
      return run_signed_reply(MessageType::trace_refusal, parts.rest());
  }
}

std::vector<Bytes> seeds() {
  const Run& r = made();
  std::vector<Bytes> all;
  for (const Bytes& state : r.saved) all.push_back(chosen(0, state));
  Requester requester = Requester::restore(r.setup, r.asked).value();
  HR_CHECK(requester.on_time(requester.not_after()));
  all.push_back(chosen(0, saved(requester)));
  Bytes ended = r.asked;  // in name only
  ended[1] = static_cast<std::uint8_t>(Requester::State::ended);
  all.push_back(chosen(0, ended));
  const TraceRecord record = seal_trace_record(r.keys, kContact);
  HR_CHECK(open_trace_record(r.keys.key, record).value() == kContact);
  all.push_back(chosen(1, record));
  Bytes plaintext(kTraceRecordSize - kTraceTagSize - kAeadTagSize);
  all.push_back(chosen(2, plaintext));
  plaintext[0] = 1;  // a contact of one letter
  plaintext[2] = 'x';
  all.push_back(chosen(2, plaintext));
  plaintext.back() = 1;  // behind the contact
  all.push_back(chosen(2, plaintext));
  all.push_back(chosen(3, r.ask));
  all.push_back(chosen(3, r.notice));
  all.push_back(chosen(4, r.order.encode()));
  Order other = r.order;
  other.points[0].hash = counting<Sha256>(1);
  all.push_back(chosen(4, other.encode()));
  other.points = r.order.points;
  for (unsigned i = 1; i < kMaxResponders; ++i)
    other.points.push_back({party("vale-voluntary-" + std::to_string(100 + i)), kDay, {}});
  all.push_back(chosen(4, other.encode()));
  all.push_back(chosen(5, sha256_id(r.request).view()));
  all.push_back(chosen(5, counting<Sha256>(1).view()));
  all.push_back(chosen(6, chosen(0, answer_statement(r, MessageType::trace_answer, r.answer))));
  all.push_back(chosen(6, chosen(1, answer_statement(r, MessageType::trace_refusal, r.refusal))));
  // The statement says another party.
  Bytes another = answer_statement(r, MessageType::trace_answer, r.answer);
  const ByteView name = as_bytes(responder().str());
  const auto at = std::search(another.begin(), another.end(), name.begin(), name.end());
  std::ranges::copy(as_bytes("vale-police"), at);
  all.push_back(chosen(6, chosen(0, another)));
  all.push_back(chosen(7, r.answer));
  Answer late = Answer::decode(r.answer).value();
  late.day += 1;
  all.push_back(chosen(7, late.encode()));
  Answer wrong = Answer::decode(r.answer).value();
  wrong.evaluated = Element::base();
  all.push_back(chosen(7, wrong.encode()));
  all.push_back(chosen(8, r.refusal));
  all.push_back(chosen(8, Bytes{0}));
  all.push_back(chosen(8, trace::Refusal{{}, trace::RefusalReason::malformed}.encode()));
  return all;
}

const Registration registered({"traces", run, seeds});

}  // namespace
}  // namespace hedgerow::fuzz::traces
