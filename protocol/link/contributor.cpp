#include "protocol/link/contributor.h"

#include <algorithm>
#include <map>
#include <numeric>

#include "crypto/link_token.h"
#include "protocol/link/checks.h"
#include "protocol/link/entry.h"

namespace hedgerow::protocol::link {

namespace {

constexpr std::size_t kSlice = 512;

Result<void> accumulate(std::optional<Element>& sum, const Element& more) {
  if (!sum) {
    sum = more;
    return {};
  }
  HR_ASSIGN(sum, add(*sum, more));
  return {};
}

}  // namespace

Result<Attempt> LinkContributor::read_begin(Parties parties, ByteView begin) {
  const PartyId hub = parties.hub;
  const auto message = Begin::decode(begin);
  if (!message.ok()) return culprit_error(message.error().text, hub.str());
  HR_ASSIGN(Attempt attempt, Attempt::read(std::move(parties), message->manifest));
  const auto& mixers = attempt.plan().mixers;
  if (!HEDGEROW_LINK_CHECK(signatures)) return attempt;
  if (message->signatures.size() != mixers.size())
    return culprit_error("link begin: not signed by every mixer", hub.str());
  for (std::size_t j = 0; j < mixers.size(); ++j)
    HR_TRY(attempt.read_vouched(MessageType::link_manifest_signature, mixers[j],
                                message->signatures[j], 0, hub));
  return attempt;
}

Result<std::pair<LinkContributor, Step>> LinkContributor::begin(LinkContributorSetup setup,
                                                                UtcTime now, Random& rng) {
  HR_ASSIGN(Attempt attempt, read_begin(std::move(setup.parties), setup.begin));
  const Plan& p = attempt.plan();
  const std::string& hub = attempt.hub().str();
  if (!attempt.contributor(attempt.self()))
    return culprit_error("link manifest: no place for this party", hub);
  if (p.lineage != setup.lineage || p.agreement != setup.agreement)
    return Error{Code::denied, "link manifest: of another agreement", hub, {}};
  if (attempt.expired(now)) return Error{Code::denied, "link manifest: expired", hub, {}};
  if (HEDGEROW_LINK_CHECK(attempt) && p.id.attempt < setup.lowest_attempt)
    return Error{Code::denied, "link manifest: of an attempt that is over", hub, {}};
  if (p.editions_head != setup.editions_head)
    return Error{Code::denied, "link manifest: another history of releases than here", hub, {}};
  if (HEDGEROW_LINK_CHECK(roster) && setup.sent && *setup.sent != link_roster_hash(p.contributors))
    return Error{
        Code::denied, "this node has sent entries for this release with another roster", hub, {}};

  LinkInput& input = setup.input;
  std::ranges::sort(input);
  const bool in_bounds = std::ranges::all_of(input, [&](const LinkItem& item) {
    return item.cell < p.cells && (p.kind == Kind::episodes || item.day == 0);
  });
  if (input.size() > p.entries || !in_bounds || std::ranges::adjacent_find(input) != input.end())
    return bad_input("the input of a link does not fit the manifest");

  LinkContributor role(std::move(attempt));
  role.input_ = std::move(input);
  role.blind_ = random_scalar(rng);
  role.plan_points(rng);
  Step step;
  step.log.push_back(role.attempt_.note("link-joined"));
  step.log.back().fields.emplace_back("as", "contributor");
  step.wake_at = now;
  return std::pair(std::move(role), std::move(step));
}

Result<Outgoing> LinkContributor::refuse(Parties parties, ByteView begin, RefusalReason reason,
                                         const Error& why, UtcTime now) {
  HR_ASSIGN(const Attempt attempt, read_begin(std::move(parties), begin));
  return attempt.refusal(reason, why, now);
}

// One point a child and cell, one an episode of a child; where each goes in the list.
void LinkContributor::plan_points(Random& rng) {
  const bool episodes = plan().kind == Kind::episodes;
  std::map<std::pair<std::uint32_t, Pseudonym>, std::uint32_t> children;
  std::map<std::pair<std::int32_t, Pseudonym>, std::uint32_t> days;
  for (std::uint32_t i = 0; i < input_.size(); ++i) {
    const LinkItem& item = input_[i];
    const auto next = [&] { return static_cast<std::uint32_t>(targets_.size()); };
    const auto child = children.try_emplace({item.cell, item.child}, next());
    if (child.second) targets_.push_back({i, false});
    child_point_.push_back(child.first->second);
    if (!episodes) continue;
    const auto day = days.try_emplace({item.day, item.child}, next());
    if (day.second) targets_.push_back({i, true});
    episode_point_.push_back(day.first->second);
  }
  place_ = random_order(plan().points(), rng);
  blinded_.resize(plan().points());
  entry_order_ = random_order(plan().entries, rng);
}

Result<Step> LinkContributor::on_message(const PartyId& from, MessageType type, ByteView body,
                                         UtcTime now, Random& rng) {
  if (finished()) return Step{};  // late words of an attempt that is over here
  if (attempt_.expired(now)) return expire(now);
  if (from != attempt_.hub() && !attempt_.mixer(from))
    return culprit_error("a message of a party that has nothing to say here", from.str());
  auto step = dispatch(from, type, body, now, rng);
  if (step.ok()) return step;
  return fail(RefusalReason::deviation, step.error(), now);
}

Result<Step> LinkContributor::dispatch(const PartyId& from, MessageType type, ByteView body,
                                       UtcTime now, Random& /*rng*/) {
  if (from == attempt_.hub()) {
    if (type == MessageType::link_cascade) return on_cascade(body);
    if (type == MessageType::link_hashes) return on_hashes(body, now);
    if (type == MessageType::link_confirmations) return on_confirmations(body);
    if (type == MessageType::link_void) return on_void(body);
    return not_expected(from, type);
  }
  const std::size_t j = *attempt_.mixer(from);
  if (type == MessageType::link_evaluated) return on_evaluated(j, body, now);
  if (type == MessageType::link_checked) return on_checked(j, body, now);
  if (type == MessageType::link_proof) return on_proof(j, body);
  return not_expected(from, type);
}

Step LinkContributor::on_time(UtcTime now, Random& rng) {
  if (finished()) return Step{};
  if (attempt_.expired(now)) return expire(now);
  auto step = slice(now, rng);
  if (step.ok()) return std::move(*step);
  return fail(RefusalReason::deviation, step.error(), now);
}

// As much of the long work as fits between two messages.
Result<Step> LinkContributor::slice(UtcTime now, Random& rng) {
  Step step;
  step.wake_at = now;
  const std::size_t all = phase_ == Phase::sealing ? plan().entries : plan().points();
  const std::size_t end = std::min(all, done_ + kSlice);
  if (phase_ == Phase::blinding) {
    HR_TRY(blind_slice(end, rng));
    if (end == all) return send_list(now);
  } else if (phase_ == Phase::weighing) {
    HR_TRY(weigh_slice(end, rng));
    if (end == all) return send_check(now);
  } else if (phase_ == Phase::sealing) {
    HR_TRY(seal_slice(end, rng));
    if (end == all) return send_entries(now);
  } else {
    step.wake_at = plan().expiry + std::chrono::milliseconds(1);
    return step;
  }
  done_ = end;
  return step;
}

Result<void> LinkContributor::blind_slice(std::size_t end, Random& rng) {
  for (std::size_t k = done_; k < end; ++k) {
    std::optional<Element>& at = blinded_[place_[k]];
    if (k >= targets_.size()) {
      // As much work as for a child, so that the time taken does not say how many there are.
      HR_ASSIGN(at, multiply(blind_, random_element(rng)));
      continue;
    }
    const LinkItem& item = input_[targets_[k].item];
    const Element t0 = targets_[k].episode ? link_episode_point(attempt_.qh(), item.day, item.child)
                                           : link_point(attempt_.qh(), item.cell, item.child);
    HR_ASSIGN(at, multiply(blind_, t0));
  }
  return {};
}

Result<Step> LinkContributor::send_list(UtcTime now) {
  Bytes list;
  list.reserve(blinded_.size() * Element::kSize);
  for (const auto& b : blinded_) list.insert(list.end(), b->bytes().begin(), b->bytes().end());
  const Vouched stated{attempt_.id(), attempt_.qh(), static_cast<std::uint32_t>(blinded_.size()),
                       list_hash(attempt_.qh(), list)};
  const Bytes statement = attempt_.sign(MessageType::link_list, stated.encode());
  Step step;
  for (const PartyId& mixer : plan().mixers) {
    step.send.push_back(attempt_.to(mixer, MessageType::link_list, statement, now));
    attempt_.send_parts(step, mixer, MessageType::link_blinded, list, Element::kSize, kPointsInPart,
                        now);
  }
  step.log.push_back(attempt_.note("link-list-sent"));
  step.log.back().fields.emplace_back("list", stated.hash.hex());
  step.wake_at = plan().expiry + std::chrono::milliseconds(1);
  phase_ = Phase::evaluating;
  return step;
}

Result<Step> LinkContributor::on_evaluated(std::size_t j, ByteView body, UtcTime now) {
  const PartyId& from = plan().mixers[j];
  if (phase_ != Phase::evaluating) return not_expected(from, MessageType::link_evaluated);
  auto& evaluated = replies_[j].evaluated;
  HR_ASSIGN(const Part part, attempt_.read_part(body, evaluated.size(), plan().points(),
                                                Element::kSize, kPointsInPart, from));
  const auto points = decode_elements(part.items);
  if (!points.ok()) return culprit_error(points.error().text, from.str());
  evaluated.insert(evaluated.end(), points->begin(), points->end());
  Step step;
  const bool all = std::ranges::all_of(
      replies_, [&](const Reply& r) { return r.evaluated.size() == plan().points(); });
  if (!all) return step;
  phase_ = Phase::weighing;
  done_ = 0;
  step.wake_at = now;
  return step;
}

// Z of a place: the sum over the mixers.
Result<Element> LinkContributor::sum_at(std::size_t k) const {
  Element sum = replies_[0].evaluated[k];
  for (std::size_t j = 1; j < replies_.size(); ++j) {
    HR_ASSIGN(sum, add(sum, replies_[j].evaluated[k]));
  }
  return sum;
}

// The weights are drawn here, when every answer is in.
Result<void> LinkContributor::weigh_slice(std::size_t end, Random& rng) {
  const BatchWeights weights = BatchWeights::draw(end - done_, rng);
  std::vector<Element> b, z;
  for (std::size_t k = done_; k < end; ++k) {
    b.push_back(*blinded_[k]);
    HR_ASSIGN(const Element sum, sum_at(k));
    z.push_back(sum);
  }
  HR_ASSIGN(const Element m, weights.combine(b));
  HR_ASSIGN(const Element v, weights.combine(z));
  HR_TRY(accumulate(m_, m));
  return accumulate(v_, v);
}

Result<Step> LinkContributor::send_check(UtcTime now) {
  Step step;
  for (const PartyId& mixer : plan().mixers)
    step.send.push_back(
        attempt_.to(mixer, MessageType::link_check, Check{attempt_.id(), *m_}.encode(), now));
  step.wake_at = plan().expiry + std::chrono::milliseconds(1);
  phase_ = Phase::checking;
  return step;
}

Result<Step> LinkContributor::on_checked(std::size_t j, ByteView body, UtcTime now) {
  const PartyId& from = plan().mixers[j];
  if (phase_ != Phase::checking || replies_[j].check)
    return not_expected(from, MessageType::link_checked);
  const auto checked = Checked::decode(body);
  if (!checked.ok()) return culprit_error(checked.error().text, from.str());
  HR_TRY(attempt_.check_id(checked->id, from));
  const Element c[] = {*m_};
  const Element d[] = {checked->element};
  const auto held = verify_proof(Element::base(), attempt_.keys()[j].evaluation, c, d,
                                 evaluation_context(attempt_.qh()), checked->proof);
  if (HEDGEROW_LINK_CHECK(check_proof) && !held.ok())
    return culprit_error("a check without a valid proof", from.str());
  replies_[j].check = checked->element;
  if (!std::ranges::all_of(replies_, [](const Reply& r) { return r.check.has_value(); }))
    return Step{};
  return compare(now);
}

// The mixers' answers to M against the weighted sum of their answers to the list.
Result<Step> LinkContributor::compare(UtcTime now) {
  Element sum = *replies_[0].check;
  for (std::size_t j = 1; j < replies_.size(); ++j) {
    HR_ASSIGN(sum, add(sum, *replies_[j].check));
  }
  Step step;
  if (!HEDGEROW_LINK_CHECK(batch) || sum == *v_) {
    phase_ = Phase::sealing;
    done_ = 0;
    step.wake_at = now;
    return step;
  }
  phase_ = Phase::proving;
  step.log.push_back(attempt_.note("link-check-failed"));
  for (const PartyId& mixer : plan().mixers)
    step.send.push_back(attempt_.to(mixer, MessageType::link_prove, encode_id(attempt_.id()), now));
  return step;
}

// Only after a check that failed: somebody's list does not hold, and this finds whose.
Result<Step> LinkContributor::on_proof(std::size_t j, ByteView body) {
  const PartyId& from = plan().mixers[j];
  if (phase_ != Phase::proving || replies_[j].proved)
    return not_expected(from, MessageType::link_proof);
  const auto proof = WholeProof::decode(body);
  if (!proof.ok()) return culprit_error(proof.error().text, from.str());
  HR_TRY(attempt_.check_id(proof->id, from));
  std::vector<Element> list;
  for (const auto& b : blinded_) list.push_back(*b);
  if (!verify_proof(Element::base(), attempt_.keys()[j].evaluation, list, replies_[j].evaluated,
                    evaluation_context(attempt_.qh()), proof->proof)
           .ok())
    return culprit_error("a list evaluated wrongly", from.str());
  replies_[j].proved = true;
  if (std::ranges::all_of(replies_, &Reply::proved))
    return internal("every list is proved, and yet the check fails");
  return Step{};
}

Result<void> LinkContributor::seal_slice(std::size_t end, Random& rng) {
  HR_ASSIGN(const SecretScalar inverse, invert(blind_));
  const auto token_at = [&](std::uint32_t place) -> Result<LinkToken> {
    HR_ASSIGN(const Element z, sum_at(place));
    HR_ASSIGN(const Element t, multiply(inverse, z));
    return link_token(attempt_.qh(), t);
  };
  const auto token_of = [&](std::uint32_t target) { return token_at(place_[target]); };
  const std::vector<SealPublicKey> mixers = attempt_.seal_keys_from(0);
  const std::size_t number = *attempt_.contributor(attempt_.self()) + 1;
  for (std::size_t k = done_; k < end; ++k) {
    const std::uint32_t i = entry_order_[k];
    Entry entry;
    if (i < input_.size()) {
      entry.counted = true;
      entry.cell = input_[i].cell;
      if (plan().kind == Kind::children_by_agency)
        entry.contributor = static_cast<std::uint8_t>(number);
      HR_ASSIGN(entry.token, token_of(child_point_[i]));
      if (plan().kind == Kind::episodes) {
        HR_ASSIGN(entry.episode, token_of(episode_point_[i]));
      }
    }
    // The same work for a null entry, whose result is thrown away.
    const std::size_t real = i < input_.size() ? (plan().kind == Kind::episodes ? 2U : 1U) : 0U;
    for (std::size_t n = real; n < (plan().kind == Kind::episodes ? 2U : 1U); ++n) {
      HR_ASSIGN([[maybe_unused]] const LinkToken unused, token_at(place_[k]));
    }
    Bytes inner = seal_entry(attempt_.hub_key(), entry, rng);
    own_hashes_.push_back(entry_hash(inner));
    const Bytes onion = wrap_entry(mixers, std::move(inner), rng);
    onions_.insert(onions_.end(), onion.begin(), onion.end());
  }
  return {};
}

Result<Step> LinkContributor::send_entries(UtcTime now) {
  const Vouched stated{attempt_.id(), attempt_.qh(), plan().entries,
                       onions_hash(attempt_.qh(), onions_)};
  entries_statement_ = attempt_.sign(MessageType::link_entries, stated.encode());
  Step step;
  const PartyId& first = plan().mixers.front();
  step.send.push_back(attempt_.to(first, MessageType::link_entries, entries_statement_, now));
  attempt_.send_parts(step, first, MessageType::link_onions, onions_,
                      onions_.size() / plan().entries, kOnionsInPart, now);
  step.log.push_back(attempt_.note("link-sent"));
  step.log.back().fields.emplace_back("roster", roster().hex());
  step.log.back().fields.emplace_back("onions", stated.hash.hex());
  step.wake_at = plan().expiry + std::chrono::milliseconds(1);
  phase_ = Phase::sent;
  std::ranges::sort(own_hashes_);
  wipe_secrets();
  return step;
}

Result<Step> LinkContributor::on_void(ByteView body) {
  HR_ASSIGN(Attempt::Voided voided, attempt_.read_void(body));
  failure_ = std::move(voided.why);
  phase_ = Phase::failed;
  wipe_secrets();
  return std::move(voided.step);
}

Step LinkContributor::expire(UtcTime now) {
  Error why = try_again("the attempt has expired");
  for (std::size_t j = 0; j < replies_.size() && why.culprit.empty(); ++j) {
    const Reply& r = replies_[j];
    const bool waits = (phase_ == Phase::evaluating && r.evaluated.size() != plan().points()) ||
                       (phase_ == Phase::checking && !r.check) ||
                       (phase_ == Phase::proving && !r.proved);
    if (!waits) continue;
    why.culprit = plan().mixers[j].str();
    why.text = "no answer in time from " + why.culprit;
  }
  return fail(RefusalReason::expired, std::move(why), now);
}

Step LinkContributor::fail(RefusalReason reason, Error why, UtcTime now) {
  phase_ = Phase::failed;
  wipe_secrets();
  own_hashes_ = std::vector<EntryHash>();
  failure_ = std::move(why);
  return attempt_.failed(reason, *failure_, now);
}

void LinkContributor::wipe_secrets() {
  blind_ = SecretScalar();
  // Assigned, not cleared: what is given back is wiped.
  input_ = LinkInput();
  targets_ = std::vector<Target>();
  child_point_ = std::vector<std::uint32_t>();
  episode_point_ = std::vector<std::uint32_t>();
  place_ = std::vector<std::uint32_t>();
  blinded_ = std::vector<std::optional<Element>>();
  for (Reply& reply : replies_) reply = Reply();
  entry_order_ = std::vector<std::uint32_t>();
  onions_ = Bytes();
}

}  // namespace hedgerow::protocol::link
