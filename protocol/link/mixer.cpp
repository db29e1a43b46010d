#include "protocol/link/mixer.h"

#include <algorithm>

#include "crypto/link_token.h"
#include "protocol/link/checks.h"
#include "protocol/link/entry.h"

namespace hedgerow::protocol::link {

std::size_t LinkMixer::onion_size(std::size_t layers) { return link::onion_size(layers); }

// The hub's layer, and those of this mixer and of all behind it.
std::size_t LinkMixer::layers_in() const { return 1 + attempt_.plan().mixers.size() - place_; }

Result<std::pair<LinkMixer, Step>> LinkMixer::begin(Parties parties, const Plan& plan,
                                                    SessionId session, UtcTime now, Random& rng) {
  HR_ASSIGN(Attempt attempt, Attempt::plan(std::move(parties), plan, session));
  const auto place = attempt.mixer(attempt.self());
  if (!place) return culprit_error("link plan: no place for this party", attempt.hub().str());
  if (attempt.expired(now))
    return Error{Code::denied, "link plan: expired", attempt.hub().str(), {}};
  LinkMixer role(std::move(attempt), *place);
  role.key_ = random_scalar(rng);
  HR_ASSIGN(role.evaluation_, multiply_base(role.key_));
  role.seal_ = random_seal_key_pair(rng);
  const Attempt& a = role.attempt_;
  const Element g[] = {Element::base()};
  const Element s[] = {role.evaluation_};
  HR_ASSIGN(const DleqProof proof, generate_proof(role.key_, Element::base(), role.evaluation_, g,
                                                  s, key_context(a.id(), a.self()), rng));
  const Key key{a.id(), {role.evaluation_, role.seal_.public_key, proof}};
  Step step;
  step.log.push_back(a.note("link-joined"));
  step.log.back().fields.emplace_back("as", "mixer");
  step.send.push_back(a.to(a.hub(), MessageType::link_key, key.encode(), now));
  step.wake_at = a.plan().expiry + std::chrono::milliseconds(1);
  return std::pair(std::move(role), std::move(step));
}

Result<Outgoing> LinkMixer::refuse(Parties parties, const Plan& plan, SessionId session,
                                   RefusalReason reason, const Error& why, UtcTime now) {
  HR_ASSIGN(const Attempt attempt, Attempt::plan(std::move(parties), plan, session));
  return attempt.refusal(reason, why, now);
}

Result<Step> LinkMixer::on_message(const PartyId& from, MessageType type, ByteView body,
                                   UtcTime now, Random& rng) {
  if (finished()) return Step{};  // late words of an attempt that is over here
  if (attempt_.expired(now))
    return fail(RefusalReason::expired, try_again("the attempt has expired"), now);
  const bool known = from == attempt_.hub() || attempt_.contributor(from) || attempt_.mixer(from);
  if (!known) return culprit_error("a message of a party that does not take part", from.str());
  auto step = dispatch(from, type, body, now, rng);
  if (step.ok()) return step;
  return fail(RefusalReason::deviation, step.error(), now);
}

Result<Step> LinkMixer::dispatch(const PartyId& from, MessageType type, ByteView body, UtcTime now,
                                 Random& rng) {
  if (from == attempt_.hub()) {
    if (type == MessageType::link_manifest) return on_manifest(body, now);
    if (type == MessageType::link_void) return on_void(body);
    return not_expected(from, type);
  }
  if (phase_ != Phase::signed_) return not_expected(from, type);
  if (type == MessageType::link_batch && place_ > 0 && from == attempt_.plan().mixers[place_ - 1])
    return on_batch(body, now, rng);
  const auto i = attempt_.contributor(from);
  if (!i) return not_expected(from, type);
  if (type == MessageType::link_list) return on_list(*i, body);
  if (type == MessageType::link_blinded) return on_blinded(*i, body, now);
  if (type == MessageType::link_check) return on_check(*i, body, now, rng);
  if (type == MessageType::link_prove) return on_prove(*i, body, now, rng);
  if (type == MessageType::link_entries && place_ == 0) return on_entries(*i, body);
  if (type == MessageType::link_onions && place_ == 0) return on_onions(*i, body, now, rng);
  return not_expected(from, type);
}

// It signs one manifest an attempt, with its own keys in it.
Result<Step> LinkMixer::on_manifest(ByteView body, UtcTime now) {
  const PartyId hub = attempt_.hub();
  if (HEDGEROW_LINK_CHECK(one_manifest) && phase_ != Phase::called)
    return culprit_error("a second manifest in one attempt", hub.str());
  HR_ASSIGN(Attempt read, Attempt::read(attempt_.parties(), body));
  if (read.session() != attempt_.session() || read.plan() != attempt_.plan())
    return culprit_error("a manifest for another plan than was called for", hub.str());
  const MixerKeys& own = read.keys()[place_];
  const bool is_own = own.evaluation == evaluation_ && own.seal == seal_.public_key;
  if (HEDGEROW_LINK_CHECK(own_keys) && !is_own)
    return culprit_error("a manifest with other keys of this mixer than it gave", hub.str());
  attempt_ = std::move(read);
  phase_ = Phase::signed_;
  Step step;
  step.log.push_back(attempt_.note("link-manifest-signed"));
  const Vouched signature{attempt_.id(), attempt_.qh(), 0, {}};
  step.send.push_back(
      attempt_.to(hub, MessageType::link_manifest_signature,
                  attempt_.sign(MessageType::link_manifest_signature, signature.encode()), now));
  step.wake_at = attempt_.plan().expiry + std::chrono::milliseconds(1);
  return step;
}

Result<Step> LinkMixer::on_list(std::size_t i, ByteView body) {
  Seat& seat = seats_[i];
  const PartyId& from = attempt_.plan().contributors[i];
  if (seat.list) return culprit_error("a second list in one attempt", from.str());
  HR_ASSIGN(seat.list, attempt_.read_vouched(MessageType::link_list, from, body,
                                             attempt_.plan().points(), from));
  seat.list_statement = to_bytes(body);
  return Step{};
}

// The last part is answered only where the whole list is what was stated, and all distinct.
Result<Step> LinkMixer::on_blinded(std::size_t i, ByteView body, UtcTime now) {
  Seat& seat = seats_[i];
  const PartyId& from = attempt_.plan().contributors[i];
  if (!seat.list) return culprit_error("a list before the statement about it", from.str());
  const std::size_t first = seat.blinded.size();
  HR_ASSIGN(const Part part, attempt_.read_part(body, first, attempt_.plan().points(),
                                                Element::kSize, kPointsInPart, from));
  auto points = decode_elements(part.items);
  if (!points.ok()) return culprit_error(points.error().text, from.str());
  seat.blinded.insert(seat.blinded.end(), points->begin(), points->end());
  Step step;
  if (seat.blinded.size() == attempt_.plan().points()) {
    HR_TRY(check_list(seat, from));
    seat.list_done = true;
    step.send.push_back(
        attempt_.to(attempt_.hub(), MessageType::link_list_seen, seat.list_statement, now));
    step.log.push_back(attempt_.note("link-list"));
    step.log.back().fields.emplace_back("party", from.str());
    step.log.back().fields.emplace_back("points", std::to_string(seat.blinded.size()));
  }
  std::vector<Element> evaluated;
  for (const Element& point : *points) {
    HR_ASSIGN(const Element e, multiply(key_, point));
    evaluated.push_back(e);
  }
  seat.evaluated.insert(seat.evaluated.end(), evaluated.begin(), evaluated.end());
  const Part answer{attempt_.id(), static_cast<std::uint32_t>(first), encode_elements(evaluated)};
  step.send.push_back(attempt_.to(from, MessageType::link_evaluated, answer.encode(), now));
  return step;
}

Result<void> LinkMixer::check_list(Seat& seat, const PartyId& from) const {
  std::vector<Element> sorted = seat.blinded;
  std::ranges::sort(sorted);
  if (HEDGEROW_LINK_CHECK(distinct_points) && std::ranges::adjacent_find(sorted) != sorted.end())
    return culprit_error("the same point twice in one list", from.str());
  if (HEDGEROW_LINK_CHECK(stated_list) &&
      list_hash(attempt_.qh(), encode_elements(seat.blinded)) != seat.list->hash)
    return culprit_error("another list than was stated", from.str());
  return {};
}

// One element more, of the contributor's choice, with a proof.
Result<Step> LinkMixer::on_check(std::size_t i, ByteView body, UtcTime now, Random& rng) {
  Seat& seat = seats_[i];
  const PartyId& from = attempt_.plan().contributors[i];
  if (!seat.list_done || (HEDGEROW_LINK_CHECK(one_check) && seat.check))
    return culprit_error("a check before the list or a second one", from.str());
  const auto check = Check::decode(body);
  if (!check.ok()) return culprit_error(check.error().text, from.str());
  HR_TRY(attempt_.check_id(check->id, from));
  seat.check = check->element;
  HR_ASSIGN(const Element answer, multiply(key_, check->element));
  const Element c[] = {check->element};
  const Element d[] = {answer};
  HR_ASSIGN(const DleqProof proof, generate_proof(key_, Element::base(), evaluation_, c, d,
                                                  evaluation_context(attempt_.qh()), rng));
  Step step;
  step.send.push_back(attempt_.to(from, MessageType::link_checked,
                                  Checked{attempt_.id(), answer, proof}.encode(), now));
  return step;
}

Result<Step> LinkMixer::on_prove(std::size_t i, ByteView body, UtcTime now, Random& rng) {
  Seat& seat = seats_[i];
  const PartyId& from = attempt_.plan().contributors[i];
  if (!seat.check || seat.proved)
    return culprit_error("a proof asked for before the check, or twice", from.str());
  const auto id = decode_id(body);
  if (!id.ok()) return culprit_error(id.error().text, from.str());
  HR_TRY(attempt_.check_id(*id, from));
  seat.proved = true;
  HR_ASSIGN(const DleqProof proof,
            generate_proof(key_, Element::base(), evaluation_, seat.blinded, seat.evaluated,
                           evaluation_context(attempt_.qh()), rng));
  Step step;
  step.send.push_back(
      attempt_.to(from, MessageType::link_proof, WholeProof{attempt_.id(), proof}.encode(), now));
  return step;
}

Result<Step> LinkMixer::on_entries(std::size_t i, ByteView body) {
  Seat& seat = seats_[i];
  const PartyId& from = attempt_.plan().contributors[i];
  if (!seat.check) return culprit_error("entries before the check", from.str());
  if (seat.onions) return culprit_error("entries a second time", from.str());
  HR_ASSIGN(seat.onions, attempt_.read_vouched(MessageType::link_entries, from, body,
                                               attempt_.plan().entries, from));
  seat.onions_statement = to_bytes(body);
  // Nothing more is evaluated for it.
  seat.blinded = std::vector<Element>();
  seat.evaluated = std::vector<Element>();
  seat.proved = true;
  return Step{};
}

Result<Step> LinkMixer::on_onions(std::size_t i, ByteView body, UtcTime now, Random& rng) {
  Seat& seat = seats_[i];
  const Plan& plan = attempt_.plan();
  const PartyId& from = plan.contributors[i];
  if (!seat.onions) return culprit_error("onions before the statement about them", from.str());
  HR_ASSIGN(const Part part, attempt_.read_part(body, seat.ciphertexts.size() / size_in(),
                                                plan.entries, size_in(), kOnionsInPart, from));
  seat.ciphertexts.insert(seat.ciphertexts.end(), part.items.begin(), part.items.end());
  HR_TRY(peel(part.items, from));
  Step step;
  if (seat.ciphertexts.size() != plan.entries * size_in()) return step;
  if (HEDGEROW_LINK_CHECK(stated_onions) &&
      onions_hash(attempt_.qh(), seat.ciphertexts) != seat.onions->hash)
    return culprit_error("other entries than were stated", from.str());
  seat.onions_done = true;
  seat.ciphertexts = Bytes();
  // Nobody else can have these ciphertexts, so the later of two that are equal is a copy.
  if (!are_distinct(peeled_, size_out())) return culprit_error("the same entry twice", from.str());
  step.send.push_back(
      attempt_.to(attempt_.hub(), MessageType::link_entries_seen, seat.onions_statement, now));
  if (!std::ranges::all_of(seats_, &Seat::onions_done)) return step;
  std::vector<Hash64> stated;
  for (const Seat& s : seats_) stated.push_back(s.onions->hash);
  HR_ASSIGN(Step last, pass_on(plan.all_entries(), stated_hash(attempt_.qh(), stated), now, rng));
  last.send.insert(last.send.begin(), step.send.begin(), step.send.end());
  return last;
}

Result<Step> LinkMixer::on_batch(ByteView body, UtcTime now, Random& rng) {
  const PartyId& from = attempt_.plan().mixers[place_ - 1];
  const std::size_t all = attempt_.plan().all_entries();
  // Nobody sends entries before every mixer has answered its check.
  if (!std::ranges::all_of(seats_, [](const Seat& s) { return s.check.has_value(); }))
    return culprit_error("a batch before every contributor's check", from.str());
  HR_ASSIGN(const Part part, attempt_.read_part(body, came_in_.size() / size_in(), all, size_in(),
                                                kBatchInPart, from));
  came_in_.insert(came_in_.end(), part.items.begin(), part.items.end());
  HR_TRY(peel(part.items, from));
  if (came_in_.size() != all * size_in()) return Step{};
  // The mixer before has to refuse equal ones, in what it passes on. Equal one layer further in
  // were made so by it or by a contributor.
  if (!are_distinct(came_in_, size_in())) return culprit_error("the same entry twice", from.str());
  if (!are_distinct(peeled_, size_out()))
    return bad_input("the same entry twice, by " + from.str() + " or a contributor");
  const Hash64 hash = batch_hash(attempt_.qh(), came_in_);
  came_in_ = Bytes();
  return pass_on(all, hash, now, rng);
}

// Further in, what does not open was made so by the mixer before or by whoever made the onion:
// which of them cannot be known, and nobody is named.
Result<void> LinkMixer::peel(ByteView items, const PartyId& from) {
  const std::size_t size = size_in();
  for (std::size_t at = 0; at < items.size(); at += size) {
    const auto inner = unseal(seal_.secret_key, seal_.public_key, items.subspan(at, size));
    if (!inner.ok() && place_ == 0) return culprit_error("an entry that does not open", from.str());
    if (!inner.ok())
      return bad_input("an entry that does not open, by " + from.str() + " or a contributor");
    peeled_.insert(peeled_.end(), inner->begin(), inner->end());
  }
  return {};
}

bool LinkMixer::are_distinct(ByteView list, std::size_t size) {
  std::vector<ByteView> items;
  for (std::size_t at = 0; at < list.size(); at += size) items.push_back(list.subspan(at, size));
  std::ranges::sort(items, std::ranges::lexicographical_compare);
  return !HEDGEROW_LINK_CHECK(distinct_entries) ||
         std::ranges::adjacent_find(items, std::ranges::equal) == items.end();
}

Result<Step> LinkMixer::pass_on(std::size_t in, const Hash64& hash_in, UtcTime now, Random& rng) {
  const std::size_t size = size_out();
  const std::size_t n = peeled_.size() / size;
  Bytes out;
  out.reserve(peeled_.size());
  for (const std::uint32_t k : random_order(n, rng)) {
    const ByteView item = ByteView(peeled_).subspan(k * size, size);
    out.insert(out.end(), item.begin(), item.end());
  }
  Counts counts{attempt_.id(),
                attempt_.qh(),
                static_cast<std::uint32_t>(in),
                hash_in,
                static_cast<std::uint32_t>(n),
                batch_hash(attempt_.qh(), out),
                {}};
  const auto& mixers = attempt_.plan().mixers;
  if (place_ + 1 == mixers.size())
    counts.shown = hashes_hash(attempt_.qh(), sorted_hashes(out, size));
  const PartyId next = place_ + 1 < mixers.size() ? mixers[place_ + 1] : attempt_.hub();
  Step step;
  step.log.push_back(attempt_.note("link-passed-on"));
  step.log.back().fields.emplace_back("in", std::to_string(in));
  step.log.back().fields.emplace_back("out", std::to_string(n));
  step.log.back().fields.emplace_back("batch", counts.hash_out.hex());
  attempt_.send_parts(step, next, MessageType::link_batch, out, size, kBatchInPart, now);
  step.send.push_back(attempt_.to(attempt_.hub(), MessageType::link_counts,
                                  attempt_.sign(MessageType::link_counts, counts.encode()), now));
  phase_ = Phase::passed_on;
  wipe_secrets();
  step.finished = true;
  return step;
}

Result<Step> LinkMixer::on_void(ByteView body) {
  HR_ASSIGN(Attempt::Voided voided, attempt_.read_void(body));
  failure_ = std::move(voided.why);
  phase_ = Phase::failed;
  wipe_secrets();
  return std::move(voided.step);
}

Step LinkMixer::on_time(UtcTime now) {
  Step step;
  if (finished()) return step;
  if (attempt_.expired(now))
    return fail(RefusalReason::expired, try_again("the attempt has expired"), now);
  step.wake_at = attempt_.plan().expiry + std::chrono::milliseconds(1);
  return step;
}

Step LinkMixer::fail(RefusalReason reason, Error why, UtcTime now) {
  phase_ = Phase::failed;
  wipe_secrets();
  failure_ = std::move(why);
  return attempt_.failed(reason, *failure_, now);
}

void LinkMixer::wipe_secrets() {
  key_ = SecretScalar();
  seal_ = SealKeyPair();
  for (Seat& seat : seats_) seat = Seat();
  came_in_ = Bytes();
  peeled_ = Bytes();
}

}  // namespace hedgerow::protocol::link
