// Step 6 for a contributor: was everything of its own among what reached the hub, and has everybody
// been shown the same?
#include <algorithm>

#include "protocol/link/checks.h"
#include "protocol/link/contributor.h"

namespace hedgerow::protocol::link {

Result<Step> LinkContributor::on_cascade(ByteView body) {
  const PartyId& hub = attempt_.hub();
  if (phase_ != Phase::sent || cascade_) return not_expected(hub, MessageType::link_cascade);
  auto cascade = Cascade::decode(body);
  if (!cascade.ok()) return culprit_error(cascade.error().text, hub.str());
  HR_TRY(attempt_.check_id(cascade->id, hub));
  cascade_ = std::move(*cascade);
  if (HEDGEROW_LINK_CHECK(chain)) HR_TRY(check_chain());
  return Step{};
}

// Numbers and hashes, from what every contributor stated to what reached the hub.
Result<void> LinkContributor::check_chain() {
  const Plan& p = plan();
  const PartyId& hub = attempt_.hub();
  if (cascade_->entries.size() != p.contributors.size() ||
      cascade_->counts.size() != p.mixers.size())
    return culprit_error("a cascade without everybody's statement", hub.str());
  std::vector<Hash64> stated;
  for (std::size_t i = 0; i < p.contributors.size(); ++i) {
    HR_ASSIGN(const Vouched v, attempt_.read_vouched(MessageType::link_entries, p.contributors[i],
                                                     cascade_->entries[i], p.entries, hub));
    stated.push_back(v.hash);
  }
  if (cascade_->entries[*attempt_.contributor(attempt_.self())] != entries_statement_)
    return culprit_error("a cascade of other entries than were sent", hub.str());
  Hash64 in = stated_hash(attempt_.qh(), stated);
  for (std::size_t j = 0; j < p.mixers.size(); ++j) {
    const PartyId& mixer = p.mixers[j];
    HR_ASSIGN(const Bytes read,
              attempt_.read_statement(MessageType::link_counts, mixer, cascade_->counts[j], hub));
    const auto counts = Counts::decode(read);
    if (!counts.ok()) return culprit_error(counts.error().text, mixer.str());
    HR_TRY(attempt_.check_id(counts->id, mixer));
    if (counts->qh != attempt_.qh() || counts->in != p.all_entries() ||
        counts->out != p.all_entries() || counts->hash_in != in)
      // Whether it or the one before has said what is not so cannot be known from here.
      return bad_input("the numbers or hashes of the cascade do not follow at " + mixer.str());
    in = counts->hash_out;
    shown_ = counts->shown;
  }
  return {};
}

Result<Step> LinkContributor::on_hashes(ByteView body, UtcTime now) {
  const PartyId& hub = attempt_.hub();
  if (phase_ != Phase::sent || !cascade_) return not_expected(hub, MessageType::link_hashes);
  const std::size_t all = plan().all_entries();
  HR_ASSIGN(const Part part, attempt_.read_part(body, hashes_.size() / kEntryHashSize, all,
                                                kEntryHashSize, kHashesInPart, hub));
  hashes_.insert(hashes_.end(), part.items.begin(), part.items.end());
  Step step;
  if (hashes_.size() != all * kEntryHashSize) return step;

  std::size_t own = 0;
  EntryHash before{};
  for (std::size_t k = 0; k < all; ++k) {
    EntryHash hash{};
    std::copy_n(hashes_.begin() + static_cast<std::ptrdiff_t>(k * kEntryHashSize), kEntryHashSize,
                hash.begin());
    if (HEDGEROW_LINK_CHECK(ascending) && k > 0 && !(before < hash))
      return culprit_error("the hashes of the entries are not ascending", hub.str());
    if (own < own_hashes_.size() && own_hashes_[own] == hash) ++own;
    before = hash;
  }
  // With everybody's numbers balanced one of the mixers has put others in their place. Which one
  // cannot be known without opening what must stay closed.
  if (HEDGEROW_LINK_CHECK(own_entries) && own != own_hashes_.size())
    return Error{Code::bad_input, "entries of this party did not reach the hub", {}, {}};

  const Hash64 hash = hashes_hash(attempt_.qh(), hashes_);
  if (HEDGEROW_LINK_CHECK(shown) && hash != shown_)
    return culprit_error("other hashes than of what left the last mixer", hub.str());
  const Vouched confirmed{attempt_.id(), attempt_.qh(), static_cast<std::uint32_t>(all), hash};
  step.log.push_back(attempt_.note("link-confirmed"));
  step.log.back().fields.emplace_back("hashes", confirmed.hash.hex());
  step.send.push_back(attempt_.to(hub, MessageType::link_confirmation,
                                  attempt_.sign(MessageType::link_confirmation, confirmed.encode()),
                                  now));
  phase_ = Phase::agreeing;
  shown_ = confirmed.hash;
  own_hashes_ = std::vector<EntryHash>();
  hashes_ = Bytes();
  return step;
}

// Only what everybody has confirmed may be counted: a hub that shows each party a list of its own
// is found here.
Result<Step> LinkContributor::on_confirmations(ByteView body) {
  const PartyId& hub = attempt_.hub();
  if (phase_ != Phase::agreeing) return not_expected(hub, MessageType::link_confirmations);
  const auto all = Confirmations::decode(body);
  if (!all.ok()) return culprit_error(all.error().text, hub.str());
  HR_TRY(attempt_.check_id(all->id, hub));
  if (all->statements.size() != plan().contributors.size())
    return culprit_error("confirmations that are not of every contributor", hub.str());
  for (std::size_t i = 0; i < all->statements.size(); ++i) {
    HR_ASSIGN(const Vouched v,
              attempt_.read_vouched(MessageType::link_confirmation, plan().contributors[i],
                                    all->statements[i], plan().all_entries(), hub));
    if (HEDGEROW_LINK_CHECK(one_list) && v.hash != shown_)
      return culprit_error("the hub has shown " + plan().contributors[i].str() + " other entries",
                           hub.str());
  }
  phase_ = Phase::confirmed;
  Step step;
  step.log.push_back(attempt_.note("link-agreed"));
  step.finished = true;
  return step;
}

}  // namespace hedgerow::protocol::link
