#include "protocol/link/hub.h"

#include <algorithm>
#include <set>

#include "protocol/link/checks.h"

namespace hedgerow::protocol::link {

namespace {

constexpr std::size_t kSlice = 512;
constexpr std::chrono::seconds kPlanningTime{90};
// Parties' own time may be up a little later; what they then report comes first.
constexpr std::chrono::seconds kReportsAfter{15};

std::string names_of(const std::vector<PartyId>& parties) {
  std::string out;
  for (const PartyId& p : parties) out += (out.empty() ? "" : ", ") + p.str();
  return out;
}

// Of i < j, in the order (0,1), (0,2) .. (1,2) ..
std::size_t pair_index(std::size_t i, std::size_t j, std::size_t n) {
  return i * n - i * (i + 1) / 2 + (j - i - 1);
}

}  // namespace

LinkHub::LinkHub(Attempt attempt)
    : attempt_(std::move(attempt)),
      contributors_(attempt_.plan().contributors.size()),
      mixers_(attempt_.plan().mixers.size()) {
  for (ContributorSeat& seat : contributors_) seat.list_seen.resize(mixers_.size());
}

Result<std::pair<LinkHub, Step>> LinkHub::begin(LinkHubSetup setup, UtcTime now, Random& rng) {
  HR_ASSIGN(Attempt attempt, Attempt::plan(std::move(setup.parties), setup.plan, setup.session));
  if (attempt.self() != attempt.hub()) return bad_input("only the hub begins a link");
  if (attempt.expired(now)) return denied("link plan: expired");
  LinkHub role(std::move(attempt));
  role.seal_ = random_seal_key_pair(rng);
  role.begun_at_ = now;
  Step step;
  step.log.push_back(role.attempt_.note("link-called"));
  const Bytes call = role.plan().encode();
  for (const PartyId& mixer : role.plan().mixers)
    step.send.push_back(role.attempt_.to(mixer, MessageType::link_call, call, now));
  step.wake_at = role.gives_up_at() + std::chrono::milliseconds(1);
  return std::pair(std::move(role), std::move(step));
}

Result<Step> LinkHub::on_message(const PartyId& from, MessageType type, ByteView body, UtcTime now,
                                 Random& /*rng*/) {
  if (finished()) return Step{};  // late words of an attempt that is over
  if (!attempt_.contributor(from) && !attempt_.mixer(from))
    return culprit_error("a message of a party that does not take part", from.str());
  auto step = dispatch(from, type, body, now);
  if (step.ok()) return step;
  return fail(RefusalReason::deviation, step.error(), now);
}

Result<Step> LinkHub::dispatch(const PartyId& from, MessageType type, ByteView body, UtcTime now) {
  if (type == MessageType::link_refusal) return on_refusal(from, body, now);
  if (const auto j = attempt_.mixer(from)) {
    if (type == MessageType::link_key) return on_key(*j, body, now);
    if (type == MessageType::link_manifest_signature) return on_signature(*j, body, now);
    if (type == MessageType::link_list_seen) return on_list_seen(*j, body, now);
    if (type == MessageType::link_entries_seen && *j == 0) return on_entries_seen(body, now);
    if (type == MessageType::link_counts) return on_counts(*j, body, now);
    if (type == MessageType::link_batch && *j + 1 == mixers_.size()) return on_batch(body, now);
  }
  const auto i = attempt_.contributor(from);
  if (i && type == MessageType::link_confirmation) return on_confirmation(*i, body, now);
  return not_expected(from, type);
}

Result<Step> LinkHub::on_key(std::size_t j, ByteView body, UtcTime now) {
  const PartyId& from = plan().mixers[j];
  if (phase_ != Phase::keys || mixers_[j].keys) return not_expected(from, MessageType::link_key);
  const auto key = Key::decode(body);
  if (!key.ok()) return culprit_error(key.error().text, from.str());
  HR_TRY(attempt_.check_id(key->id, from));
  mixers_[j].keys = key->keys;
  if (!std::ranges::all_of(mixers_, [](const MixerSeat& m) { return m.keys.has_value(); }))
    return Step{};
  std::vector<MixerKeys> keys;
  for (const MixerSeat& m : mixers_) keys.push_back(*m.keys);
  // The proofs are checked as everybody will check them.
  HR_ASSIGN(attempt_, attempt_.with_keys(std::move(keys), seal_.public_key));
  phase_ = Phase::signatures;
  Step step;
  step.log.push_back(attempt_.note("link-manifest"));
  for (const PartyId& mixer : plan().mixers)
    step.send.push_back(
        attempt_.to(mixer, MessageType::link_manifest, attempt_.manifest_statement(), now));
  return step;
}

Result<Step> LinkHub::on_signature(std::size_t j, ByteView body, UtcTime now) {
  const PartyId& from = plan().mixers[j];
  if (phase_ != Phase::signatures || !mixers_[j].signature.empty())
    return not_expected(from, MessageType::link_manifest_signature);
  HR_TRY(attempt_.read_vouched(MessageType::link_manifest_signature, from, body, 0, from));
  mixers_[j].signature = to_bytes(body);
  if (!std::ranges::none_of(mixers_, [](const MixerSeat& m) { return m.signature.empty(); }))
    return Step{};
  Begin begin{attempt_.manifest_statement(), {}};
  for (const MixerSeat& m : mixers_) begin.signatures.push_back(m.signature);
  const Bytes encoded = begin.encode();
  phase_ = Phase::running;
  Step step;
  step.wake_at = gives_up_at() + std::chrono::milliseconds(1);
  for (const PartyId& party : plan().contributors)
    step.send.push_back(attempt_.to(party, MessageType::link_begin, encoded, now));
  return step;
}

Result<std::size_t> LinkHub::contributor_of(ByteView statement, const PartyId& blame) const {
  const auto decoded = Statement::decode(statement);
  const auto i = decoded.ok() ? attempt_.contributor(decoded->header().sender) : std::nullopt;
  if (!i) return culprit_error("a statement of nobody who contributes", blame.str());
  return *i;
}

// Two statements of one contributor that differ are its own signatures against it.
Result<Step> LinkHub::on_list_seen(std::size_t j, ByteView body, UtcTime now) {
  const PartyId& mixer = plan().mixers[j];
  if (phase_ != Phase::running) return not_expected(mixer, MessageType::link_list_seen);
  HR_ASSIGN(const std::size_t i, contributor_of(body, mixer));
  const PartyId& contributor = plan().contributors[i];
  HR_ASSIGN(const Vouched list, attempt_.read_vouched(MessageType::link_list, contributor, body,
                                                      plan().points(), mixer));
  ContributorSeat& seat = contributors_[i];
  if (seat.list_seen[j]) return not_expected(mixer, MessageType::link_list_seen);
  if (HEDGEROW_LINK_CHECK(lists_alike) && seat.list && *seat.list != list)
    return culprit_error("another list to each mixer", contributor.str());
  seat.list = list;
  seat.list_seen[j] = true;
  return when_complete(now);
}

Result<Step> LinkHub::on_entries_seen(ByteView body, UtcTime now) {
  const PartyId& mixer = plan().mixers.front();
  if (phase_ != Phase::running) return not_expected(mixer, MessageType::link_entries_seen);
  HR_ASSIGN(const std::size_t i, contributor_of(body, mixer));
  const PartyId& contributor = plan().contributors[i];
  HR_ASSIGN(const Vouched entries, attempt_.read_vouched(MessageType::link_entries, contributor,
                                                         body, plan().entries, mixer));
  if (!contributors_[i].entries.empty()) return not_expected(mixer, MessageType::link_entries_seen);
  contributors_[i].entries = to_bytes(body);
  contributors_[i].stated = entries.hash;
  Step step;
  step.log.push_back(attempt_.note("link-entries"));
  step.log.back().fields.emplace_back("party", contributor.str());
  HR_ASSIGN(Step more, when_complete(now));
  more.log.insert(more.log.begin(), step.log.begin(), step.log.end());
  return more;
}

Result<Step> LinkHub::on_counts(std::size_t j, ByteView body, UtcTime now) {
  const PartyId& mixer = plan().mixers[j];
  if (phase_ != Phase::running || mixers_[j].counts)
    return not_expected(mixer, MessageType::link_counts);
  HR_ASSIGN(const Bytes read,
            attempt_.read_statement(MessageType::link_counts, mixer, body, mixer));
  const auto counts = Counts::decode(read);
  if (!counts.ok()) return culprit_error(counts.error().text, mixer.str());
  HR_TRY(attempt_.check_id(counts->id, mixer));
  mixers_[j].counts = *counts;
  mixers_[j].counts_statement = to_bytes(body);
  HR_ASSIGN(Step step, when_complete(now));
  LogNote note = attempt_.note("link-counts");
  note.fields.emplace_back("party", mixer.str());
  note.fields.emplace_back("in", std::to_string(counts->in));
  note.fields.emplace_back("out", std::to_string(counts->out));
  step.log.insert(step.log.begin(), std::move(note));
  return step;
}

Result<Step> LinkHub::on_batch(ByteView body, UtcTime now) {
  const PartyId& mixer = plan().mixers.back();
  if (phase_ != Phase::running) return not_expected(mixer, MessageType::link_batch);
  HR_ASSIGN(const Part part,
            attempt_.read_part(body, batch_.size() / ciphertext_size(), plan().all_entries(),
                               ciphertext_size(), kBatchInPart, mixer));
  batch_.insert(batch_.end(), part.items.begin(), part.items.end());
  return when_complete(now);
}

// Every list seen by every mixer, every statement, every count and the whole batch: the cascade is
// checked and shown.
Result<Step> LinkHub::when_complete(UtcTime now) {
  const bool stated = std::ranges::all_of(contributors_, [](const ContributorSeat& s) {
    return !s.entries.empty() && std::ranges::find(s.list_seen, false) == s.list_seen.end();
  });
  const bool counted =
      std::ranges::all_of(mixers_, [](const MixerSeat& m) { return m.counts.has_value(); });
  if (!stated || !counted || batch_.size() != plan().all_entries() * ciphertext_size())
    return Step{};
  if (HEDGEROW_LINK_CHECK(chain)) HR_TRY(check_chain());
  hashes_ = sorted_hashes(batch_, ciphertext_size());
  HR_TRY(check_hashes());
  Cascade cascade{attempt_.id(), {}, {}};
  for (const ContributorSeat& s : contributors_) cascade.entries.push_back(s.entries);
  for (const MixerSeat& m : mixers_) cascade.counts.push_back(m.counts_statement);
  cascade_ = cascade.encode();
  phase_ = Phase::confirmations;
  Step step;
  step.log.push_back(attempt_.note("link-shown"));
  step.log.back().fields.emplace_back("hashes", shown_.hex());
  step.wake_at = now;
  return step;
}

Step LinkHub::show_slice(UtcTime now) {
  const PartyId& party = plan().contributors[shown_to_++];
  Step step;
  step.send.push_back(attempt_.to(party, MessageType::link_cascade, cascade_, now));
  attempt_.send_parts(step, party, MessageType::link_hashes, hashes_, kEntryHashSize, kHashesInPart,
                      now);
  const bool more = shown_to_ < contributors_.size();
  if (!more) hashes_ = Bytes();
  step.wake_at = more ? now : gives_up_at() + std::chrono::milliseconds(1);
  return step;
}

// All different, and what the last mixer says that they are.
Result<void> LinkHub::check_hashes() {
  const std::string& last = plan().mixers.back().str();
  for (std::size_t at = kEntryHashSize; at < hashes_.size(); at += kEntryHashSize) {
    const ByteView all(hashes_);
    const bool equal = std::ranges::equal(all.subspan(at, kEntryHashSize),
                                          all.subspan(at - kEntryHashSize, kEntryHashSize));
    if (HEDGEROW_LINK_CHECK(distinct_entries) && equal)
      return culprit_error("the same entry twice", last);
  }
  shown_ = hashes_hash(attempt_.qh(), hashes_);
  if (HEDGEROW_LINK_CHECK(shown) && mixers_.back().counts->shown != shown_)
    return culprit_error("hashes that are not of what it passed on", last);
  return {};
}

Result<void> LinkHub::check_chain() const {
  const Plan& p = plan();
  std::vector<Hash64> stated;
  for (const ContributorSeat& s : contributors_) stated.push_back(s.stated);
  Hash64 in = stated_hash(attempt_.qh(), stated);
  std::string before = "what the contributors stated";
  for (std::size_t j = 0; j < mixers_.size(); ++j) {
    const Counts& c = *mixers_[j].counts;
    const std::string& name = p.mixers[j].str();
    if (c.qh != attempt_.qh() || c.in != p.all_entries() || c.out != p.all_entries())
      return culprit_error("counts of " + name + " that are not balanced", name);
    // It may have said so wrongly, or the one before passed on something else than it said.
    if (c.hash_in != in) return bad_input("what went into " + name + " is not " + before);
    in = c.hash_out;
    before = "what came out of " + name;
  }
  if (batch_hash(attempt_.qh(), batch_) != in)
    return culprit_error("a batch that is not the one stated", p.mixers.back().str());
  return {};
}

Result<Step> LinkHub::on_confirmation(std::size_t i, ByteView body, UtcTime now) {
  const PartyId& from = plan().contributors[i];
  if (phase_ != Phase::confirmations || !contributors_[i].confirmation.empty())
    return not_expected(from, MessageType::link_confirmation);
  HR_ASSIGN(const Vouched v, attempt_.read_vouched(MessageType::link_confirmation, from, body,
                                                   plan().all_entries(), from));
  if (HEDGEROW_LINK_CHECK(confirmation) && v.hash != shown_)
    return culprit_error("a confirmation of other hashes", from.str());
  contributors_[i].confirmation = to_bytes(body);
  Step step;
  step.log.push_back(attempt_.note("link-confirmation"));
  step.log.back().fields.emplace_back("party", from.str());
  step.log.back().fields.emplace_back("hashes", v.hash.hex());
  const auto missing = [](const ContributorSeat& seat) { return seat.confirmation.empty(); };
#ifdef HEDGEROW_PLANT_link_not_confirmed
  if (!HEDGEROW_PLANT_link_not_confirmed)
#endif
    if (std::ranges::any_of(contributors_, missing)) return step;
  Confirmations all{attempt_.id(), {}};
  for (const ContributorSeat& seat : contributors_) all.statements.push_back(seat.confirmation);
  const Bytes encoded = all.encode();
  for (const PartyId& party : plan().contributors)
    step.send.push_back(attempt_.to(party, MessageType::link_confirmations, encoded, now));
  phase_ = Phase::opening;
  step.wake_at = now;
  return step;
}

Result<Step> LinkHub::on_refusal(const PartyId& from, ByteView body, UtcTime now) {
  HR_ASSIGN(const Bytes read, attempt_.read_statement(MessageType::link_refusal, from, body, from));
  const auto refusal = Refusal::decode(read);
  if (!refusal.ok()) return culprit_error(refusal.error().text, from.str());
  HR_TRY(attempt_.check_id(refusal->id, from));
  // Its own clock may be ahead: it is not its fault that time is up. Whom it waited for, it says;
  // else the hub's own time tells who is silent.
  const auto accused = PartyId::parse(refusal->culprit);
  const bool accuses = accused.ok() && attempt_.is_party(*accused);
  if (refusal->reason == RefusalReason::expired && !accuses) return Step{};
  // Of somebody else's doing, perhaps of somebody whom it cannot name.
  const bool reports = accuses || refusal->reason == RefusalReason::deviation;
  std::string text = from.str();
  text +=
      reports ? " reports: " : " refuses (" + std::string(link::name_of(refusal->reason)) + "): ";
  const std::string culprit = accuses ? refusal->culprit : reports ? "" : from.str();
  return fail(refusal->reason, {code_of(refusal->reason), text + refusal->text, culprit, {}}, now);
}

// Planning takes seconds; who is away would hold everybody up for all the time that entries need.
UtcTime LinkHub::gives_up_at() const {
  const bool planning = phase_ == Phase::keys || phase_ == Phase::signatures;
  const UtcTime end = plan().expiry + kReportsAfter;
  return planning ? std::min(end, begun_at_ + kPlanningTime) : end;
}

Step LinkHub::on_time(UtcTime now) {
  Step step;
  if (finished()) return step;
  if (phase_ == Phase::opening) {
    const std::size_t all = plan().all_entries();
    const auto opened = open_slice(std::min(all, opened_count_ + kSlice));
    if (!opened.ok()) return fail(RefusalReason::deviation, opened.error(), now);
    step.wake_at = now;
    if (opened_count_ < all) return step;
    count();
    step.wake_at.reset();
    step.finished = true;
    step.log.push_back(attempt_.note("link-complete"));
    phase_ = Phase::finished;
    has_figures_ = true;
    wipe_secrets();
    return step;
  }
  if (phase_ == Phase::confirmations && shown_to_ < contributors_.size()) return show_slice(now);
  if (now > gives_up_at()) {
    const auto silent = waiting_for();
    return fail(RefusalReason::expired,
                {Code::try_again,
                 "no answer in time from " + names_of(silent),
                 silent.size() == 1 ? silent.front().str() : std::string(),
                 {}},
                now);
  }
  step.wake_at = gives_up_at() + std::chrono::milliseconds(1);
  return step;
}

// An entry that does not open, or is none, was confirmed by whoever made it: nobody else can have.
Result<void> LinkHub::open_slice(std::size_t end) {
  for (; opened_count_ < end; ++opened_count_) {
    const ByteView box =
        ByteView(batch_).subspan(opened_count_ * ciphertext_size(), ciphertext_size());
    const auto plain = unseal(seal_.secret_key, seal_.public_key, box);
    const auto entry = plain.ok() ? Entry::decode(*plain) : Result<Entry>(plain.error());
    if (!entry.ok()) return bad_input("an entry of one of the contributors cannot be read");
    if (!entry->counted) continue;
    const bool by_agency = plan().kind == Kind::children_by_agency;
    const bool number_fits =
        by_agency ? entry->contributor >= 1 && entry->contributor <= contributors_.size()
                  : entry->contributor == 0;
    if (entry->cell >= plan().cells || !number_fits)
      return bad_input("an entry of one of the contributors does not fit the manifest");
    opened_.push_back({entry->cell, entry->token, entry->episode, entry->contributor});
  }
  return {};
}

// Runs of equal tokens within a cell. The sizes of runs are kept, what the tokens were is not.
// However often somebody enters a child, and under whose number, counting goes on: an attempt that
// failed for it would tell who did so whether others hold that child.
void LinkHub::count() {
  const Plan& p = plan();
  const std::size_t n = contributors_.size();
  const bool episodes = p.kind == Kind::episodes;
  figures_.degrees = episodes ? kMaxDegree : static_cast<std::uint32_t>(n);
  figures_.tokens.assign(std::size_t{p.cells} * figures_.degrees, 0);
  figures_.entries.assign(p.cells, 0);
  if (p.kind == Kind::children_by_agency) figures_.pairs.assign(n * (n - 1) / 2, 0);
  std::ranges::sort(opened_);
  for (std::size_t from = 0; from < opened_.size();) {
    std::size_t to = from;
    std::set<LinkToken> days;
    std::set<std::size_t> who;
    while (to < opened_.size() && opened_[to].cell == opened_[from].cell &&
           opened_[to].token == opened_[from].token) {
      days.insert(opened_[to].episode);
      who.insert(opened_[to].contributor);
      ++to;
    }
    figures_.entries[opened_[from].cell] += to - from;
    std::size_t degree = std::min(to - from, n);
    if (episodes) degree = std::min<std::size_t>(days.size(), kMaxDegree);
    if (p.kind == Kind::children_by_agency) degree = who.size();
    ++figures_.tokens[opened_[from].cell * figures_.degrees + degree - 1];
    if (p.kind == Kind::children_by_agency)
      for (auto i = who.begin(); i != who.end(); ++i)
        for (auto j = std::next(i); j != who.end(); ++j)
          ++figures_.pairs[pair_index(*i - 1, *j - 1, n)];
    from = to;
  }
}

LinkFigures LinkHub::take_figures() && {
  HR_CHECK(has_figures_);
  has_figures_ = false;
  return std::move(figures_);
}

std::vector<PartyId> LinkHub::waiting_for() const {
  const Plan& p = plan();
  std::set<PartyId> out;
  for (std::size_t j = 0; j < mixers_.size(); ++j) {
    const MixerSeat& m = mixers_[j];
    if ((phase_ == Phase::keys && !m.keys) || (phase_ == Phase::signatures && m.signature.empty()))
      out.insert(p.mixers[j]);
  }
  for (std::size_t i = 0; i < contributors_.size(); ++i) {
    const ContributorSeat& s = contributors_[i];
    if (phase_ == Phase::confirmations && s.confirmation.empty()) out.insert(p.contributors[i]);
    if (phase_ != Phase::running) continue;
    // Seen by some mixers: the others owe it. By none: it is the contributor who is silent. Where
    // all have seen its list and no entries came, either side may have kept something back.
    const auto seen = std::ranges::count(s.list_seen, true);
    for (std::size_t j = 0; j < mixers_.size(); ++j)
      if (seen > 0 && !s.list_seen[j]) out.insert(p.mixers[j]);
    const bool all_seen = seen == static_cast<std::ptrdiff_t>(mixers_.size());
    if (seen == 0 || (all_seen && s.entries.empty())) out.insert(p.contributors[i]);
    if (all_seen && s.entries.empty()) out.insert(p.mixers.begin(), p.mixers.end());
  }
  // Everybody's entries are in: the cascade is at the first mixer that has not passed on.
  if (phase_ == Phase::running && out.empty()) {
    for (std::size_t j = 0; j < mixers_.size() && out.empty(); ++j)
      if (!mixers_[j].counts) out.insert(p.mixers[j]);
    if (out.empty()) out.insert(p.mixers.back());  // its counts are there, its batch is not
  }
  return {out.begin(), out.end()};
}

Step LinkHub::end(RefusalReason reason, Error why, UtcTime now) {
  if (finished()) return Step{};
  return fail(reason, std::move(why), now);
}

Step LinkHub::fail(RefusalReason reason, Error why, UtcTime now) {
  phase_ = Phase::finished;
  wipe_secrets();
  figures_ = LinkFigures();
  Step step;
  step.finished = true;
  step.log.push_back(attempt_.note("link-failed"));
  step.log.back().fields.emplace_back("party", why.culprit);
  step.log.back().fields.emplace_back("why", why.text);
  const Bytes notice = attempt_.void_body(reason, why).encode();
  std::set<PartyId> all(plan().contributors.begin(), plan().contributors.end());
  all.insert(plan().mixers.begin(), plan().mixers.end());
  // Who refuses is told too: it may be contributor and mixer, and have ended only one part.
  for (const PartyId& party : all)
    step.send.push_back(attempt_.to(party, MessageType::link_void, notice, now));
  if (reason == RefusalReason::deviation) why.code = Code::try_again;
  failure_ = std::move(why);
  return step;
}

void LinkHub::wipe_secrets() {
  seal_ = SealKeyPair();
  batch_ = Bytes();
  hashes_ = Bytes();
  opened_ = WipingVector<Opened>();
}

}  // namespace hedgerow::protocol::link
