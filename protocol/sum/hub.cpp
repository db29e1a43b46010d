#include "protocol/sum/hub.h"

#include <algorithm>

namespace hedgerow::protocol::sum {

namespace {

constexpr std::uint8_t kStateVersion = 1;
constexpr std::size_t kMaxList = kMaxContributors * (kMaxSmallStatement + 4) + 64;
constexpr std::chrono::seconds kLongestPause = std::chrono::hours(1);

Error not_expected(const PartyId& from, std::string_view what) {
  return culprit_error("not expected now: " + std::string(what), from.str());
}

bool is_repetition(const Bytes& taken, ByteView body) {
  return !taken.empty() && std::ranges::equal(taken, body);
}

std::string names_of(const std::vector<PartyId>& parties) {
  std::string out;
  for (const PartyId& p : parties) out += (out.empty() ? "" : ", ") + p.str();
  return out;
}

}  // namespace

SumHub::SumHub(Attempt attempt) : attempt_(std::move(attempt)), seats_(attempt_.size()) {}

Result<std::pair<SumHub, Step>> SumHub::begin(HubSetup setup, UtcTime now) {
  HR_ASSIGN(Attempt attempt,
            Attempt::make(std::move(setup.parties), setup.manifest, setup.session));
  if (attempt.expired(now)) return bad_input("sum manifest: expired");
  SumHub role(std::move(attempt));
  role.ask_again_ = setup.ask_again;
  role.asking_ = role.attempt_.manifest_statement();
  Step step;
  step.state = role.save();
  step.log.push_back(role.note("sum-manifest"));
  for (const PartyId& p : role.manifest().contributors) step.send.push_back(role.ask(p, now));
  step.wake_at = role.next_wake(now);
  return std::pair(std::move(role), std::move(step));
}

Result<Step> SumHub::on_message(const PartyId& from, MessageType type, ByteView body, UtcTime now) {
  const auto i = attempt_.index_of(from);
  if (!i) return culprit_error("a message of the sum from a party outside it", from.str());
  if (phase_ == Phase::finished) return Error{Code::denied, "this attempt is over", from.str(), {}};
  if (type == MessageType::sum_refusal) return on_refusal(*i, body, now);
  if (phase_ != Phase::openings && attempt_.expired(now))
    return Error{Code::denied, "this attempt has expired", from.str(), {}};
  if (type == MessageType::sum_advert) return on_advert(*i, body, now);
  if (type == MessageType::sum_roster_signature) return on_signature(*i, body, now);
  if (type == MessageType::sum_masked_input) return on_masked_input(*i, body, now);
  if (type == MessageType::sum_masked_hash) return on_masked_hash(*i, body, now);
  if (type == MessageType::sum_opening) return on_opening(*i, body, now);
  return not_expected(from, protocol::name_of(type));
}

Result<Step> SumHub::on_advert(std::size_t i, ByteView body, UtcTime now) {
  const PartyId& from = manifest().contributors[i];
  if (is_repetition(seats_[i].advert, body)) return Step{};
  if (!seats_[i].advert.empty()) return culprit_error("a second advert", from.str());
  HR_ASSIGN(const Bytes read, attempt_.read_statement(MessageType::sum_advert, from, body, from));
  const auto advert = Advert::decode(read);
  if (!advert.ok()) return culprit_error(advert.error().text, from.str());
  HR_TRY(attempt_.check_id(advert->id, from));
  for (const MaskPublicKey& key : keys_)
    if (key == advert->key) return culprit_error("another party's mask key", from.str());
  keys_.push_back(advert->key);
  seats_[i].advert = to_bytes(body);
  return after("sum-advert", i, now);
}

Result<Step> SumHub::on_signature(std::size_t i, ByteView body, UtcTime now) {
  const PartyId& from = manifest().contributors[i];
  if (phase_ == Phase::adverts) return not_expected(from, "a signature before the roster");
  if (is_repetition(seats_[i].signature, body)) return Step{};
  if (!seats_[i].signature.empty()) return culprit_error("a second signature", from.str());
  HR_ASSIGN(const Bytes read,
            attempt_.read_statement(MessageType::sum_roster_signature, from, body, from));
  const auto signature = RosterSignature::decode(read);
  if (!signature.ok()) return culprit_error(signature.error().text, from.str());
  HR_TRY(attempt_.check_id(signature->id, from));
  if (signature->roster != roster_hash_)
    return culprit_error("a signature on another roster", from.str());
  seats_[i].signature = to_bytes(body);
  return after("sum-roster-signature", i, now);
}

Result<Step> SumHub::on_masked_input(std::size_t i, ByteView body, UtcTime now) {
  const PartyId& from = manifest().contributors[i];
  if (phase_ != Phase::inputs && phase_ != Phase::openings)
    return not_expected(from, "a masked input before the roster signatures");
  const Hash64 hash = masked_input_hash(body);
  Seat& seat = seats_[i];
  if (seat.input) {
    if (*seat.input == hash) return Step{};
    return culprit_error("a second masked input", from.str());
  }
  auto masked = MaskedInput::decode(body);
  if (!masked.ok()) return culprit_error(masked.error().text, from.str());
  HR_TRY(attempt_.check_id(masked->id, from));
  if (masked->roster != roster_hash_)
    return culprit_error("a masked input for another roster", from.str());
  if (masked->y.size() != attempt_.values())
    return culprit_error("a masked input that does not fit the cells", from.str());
  if (seat.signed_input && *seat.signed_input != hash)
    return culprit_error("a masked input that is not the one signed", from.str());
  seat.input = hash;
  for (std::size_t k = 0; k < values_.size(); ++k) values_[k] += masked->y[k];
  return after("sum-masked-input", i, now);
}

Result<Step> SumHub::on_masked_hash(std::size_t i, ByteView body, UtcTime now) {
  const PartyId& from = manifest().contributors[i];
  if (phase_ != Phase::inputs && phase_ != Phase::openings)
    return not_expected(from, "a masked hash before the roster signatures");
  Seat& seat = seats_[i];
  if (is_repetition(seat.masked_hash, body)) return Step{};
  HR_ASSIGN(const Bytes read,
            attempt_.read_statement(MessageType::sum_masked_hash, from, body, from));
  const auto hash = MaskedHash::decode(read);
  if (!hash.ok()) return culprit_error(hash.error().text, from.str());
  HR_TRY(attempt_.check_id(hash->id, from));
  if (hash->roster != roster_hash_)
    return culprit_error("a masked hash for another roster", from.str());
  if (seat.signed_input) return culprit_error("a second masked hash", from.str());
  if (seat.input && *seat.input != hash->masked_input)
    return culprit_error("a hash of another masked input than it sent", from.str());
  seat.signed_input = hash->masked_input;
  seat.masked_hash = to_bytes(body);
  return after("sum-masked-hash", i, now);
}

Result<Step> SumHub::on_opening(std::size_t i, ByteView body, UtcTime now) {
  const PartyId& from = manifest().contributors[i];
  if (phase_ != Phase::openings) return not_expected(from, "an opening before the masked hashes");
  auto opening = Opening::decode(body);
  if (!opening.ok()) return culprit_error(opening.error().text, from.str());
  HR_TRY(attempt_.check_id(opening->id, from));
  if (opening->roster != roster_hash_)
    return culprit_error("an opening for another roster", from.str());
  Seat& seat = seats_[i];
  if (seat.opening) {
    if (equal_in_constant_time(seat.opening->expose(), opening->seed.expose())) return Step{};
    return culprit_error("a second opening", from.str());
  }
  seat.opening = std::move(opening->seed);
  return after("sum-opening", i, now);
}

Result<Step> SumHub::on_refusal(std::size_t i, ByteView body, UtcTime now) {
  const PartyId& from = manifest().contributors[i];
  HR_ASSIGN(const Bytes read, attempt_.read_statement(MessageType::sum_refusal, from, body, from));
  const auto refusal = Refusal::decode(read);
  if (!refusal.ok()) return culprit_error(refusal.error().text, from.str());
  HR_TRY(attempt_.check_id(refusal->id, from));
  // From here on others may have opened, and who has opened never takes part in another attempt:
  // ending this one would lose the release for good.
  if (phase_ == Phase::openings)
    return culprit_error("a refusal after the masked inputs were shown", from.str());
  return fail({code_of(refusal->reason),
               from.str() + " refuses (" + std::string(sum::name_of(refusal->reason)) +
                   "): " + refusal->text,
               from.str(),
               {}},
              from, now);
}

bool SumHub::has_answered(const Seat& seat) const {
  switch (phase_) {
    case Phase::adverts:
      return !seat.advert.empty();
    case Phase::signatures:
      return !seat.signature.empty();
    case Phase::inputs:
      return seat.input.has_value() && seat.signed_input.has_value();
    case Phase::openings:
      return seat.opening.has_value();
    case Phase::finished:
      return true;
  }
  return true;
}

std::vector<PartyId> SumHub::waiting_for() const {
  std::vector<PartyId> out;
  for (std::size_t i = 0; i < seats_.size(); ++i)
    if (!has_answered(seats_[i])) out.push_back(manifest().contributors[i]);
  return out;
}

Step SumHub::after(std::string_view kind, std::size_t i, UtcTime now) {
  Step step;
  step.log.push_back(note(kind));
  step.log.back().fields.emplace_back("party", manifest().contributors[i].str());
  if (waiting_for().empty()) {
    advance();
    asked_ = 0;
    step.log.push_back(note(failure_ ? "sum-failed" : name_of(phase_)));
    if (phase_ != Phase::finished)
      for (const PartyId& p : manifest().contributors) step.send.push_back(ask(p, now));
  }
  step.finished = finished();
  if (!step.finished) {
    step.state = save();
    step.wake_at = next_wake(now);
  }
  return step;
}

void SumHub::advance() {
  switch (phase_) {
    case Phase::adverts:
      roster_ = list_of(&Seat::advert);
      roster_hash_ = sum::roster_hash(attempt_.manifest_statement(), roster_);
      asking_ = roster_;
      phase_ = Phase::signatures;
      return;
    case Phase::signatures:
      asking_ = list_of(&Seat::signature);
      values_.assign(attempt_.values(), 0);
      phase_ = Phase::inputs;
      return;
    case Phase::inputs:
      asking_ = list_of(&Seat::masked_hash);
      phase_ = Phase::openings;
      return;
    case Phase::openings:
      unmask();
      phase_ = Phase::finished;
      return;
    case Phase::finished:
      return;
  }
}

// The masks of the pairs have cancelled in the sum; the contributors' own are taken off. Sums
// out of bounds show that somebody's input or opening was not what the protocol asks for.
void SumHub::unmask() {
  for (Seat& seat : seats_) {
    subtract_mask(values_, *seat.opening);
    seat.opening.reset();
  }
  const std::size_t n = manifest().cells;
  const std::uint64_t parties = seats_.size();
  const std::uint64_t most = parties * kMaxCellValue;
  for (std::size_t i = 0; i < n && !failure_; ++i) {
    const std::uint64_t v = values_[i], c = values_[n + i];
    const std::uint64_t k = values_[2 * n + i], z = values_[3 * n + i];
    if (v > most || c > most || k > parties || z > parties || k + z > parties || k + z > c)
      failure_ = bad_input("the opened sums are not sums of valid inputs");
  }
  if (failure_) values_ = {};
  has_figures_ = !failure_;
}

SumFigures SumHub::take_figures() && {
  HR_CHECK(has_figures_);
  has_figures_ = false;
  SumFigures out;
  auto at = values_.begin();
  for (auto* part : {&out.v, &out.c, &out.k, &out.z}) {
    part->assign(at, at + manifest().cells);
    at += manifest().cells;
  }
  values_ = {};
  return out;
}

Step SumHub::fail(Error why, const PartyId& refuser, UtcTime now) {
  phase_ = Phase::finished;
  values_ = {};
  for (Seat& seat : seats_) seat.opening.reset();
  Step step;
  step.finished = true;
  step.log.push_back(note("sum-failed"));
  step.log.back().fields.emplace_back("party", why.culprit);
  step.log.back().fields.emplace_back("why", why.text);
  for (const PartyId& p : manifest().contributors)
    if (p != refuser)
      step.send.push_back({p, MessageType::sum_void, Void{attempt_.id()}.encode(),
                           attempt_.lifetime(MessageType::sum_void, now)});
  failure_ = std::move(why);
  return step;
}

Step SumHub::on_time(UtcTime now) {
  Step step;
  if (finished()) return step;
  const std::vector<PartyId> silent = waiting_for();
  if (phase_ != Phase::openings && attempt_.expired(now))
    return fail(
        {Code::try_again, "no answer in time from " + names_of(silent), silent.front().str(), {}},
        PartyId(), now);
  for (const PartyId& p : silent) step.send.push_back(ask(p, now));
  ++asked_;
  step.wake_at = next_wake(now);
  return step;
}

UtcTime SumHub::next_wake(UtcTime now) const {
  const auto pause = std::min(ask_again_ * (std::int64_t{1} << std::min(asked_, 12U)),
                              std::max(ask_again_, kLongestPause));
  if (phase_ == Phase::openings) return now + pause;
  return std::min(now + pause, manifest().expiry + std::chrono::milliseconds(1));
}

Outgoing SumHub::ask(const PartyId& to, UtcTime now) const {
  auto type = MessageType::sum_manifest;
  if (phase_ == Phase::signatures) type = MessageType::sum_roster;
  if (phase_ == Phase::inputs) type = MessageType::sum_roster_signatures;
  if (phase_ == Phase::openings) type = MessageType::sum_masked_hashes;
  return {to, type, asking_, attempt_.lifetime(type, now)};
}

Bytes SumHub::list_of(Bytes Seat::*field) const {
  StatementList list{attempt_.id(), {}};
  for (const Seat& seat : seats_) list.statements.push_back(seat.*field);
  return list.encode();
}

LogNote SumHub::note(std::string_view kind) const {
  LogNote note{
      std::string(kind),
      {{"release", manifest().release.hex()}, {"attempt", std::to_string(manifest().attempt)}}};
  if (phase_ != Phase::adverts) note.fields.emplace_back("roster", roster_hash_.hex());
  return note;
}

std::string_view SumHub::name_of(Phase phase) {
  switch (phase) {
    case Phase::adverts:
      return "sum-adverts";
    case Phase::signatures:
      return "sum-roster";
    case Phase::inputs:
      return "sum-roster-signatures";
    case Phase::openings:
      return "sum-masked-hashes";
    case Phase::finished:
      return "sum-complete";
  }
  return {};
}

SecretBytes SumHub::save() const {
  HR_CHECK(!finished());
  Writer head;
  head.u8(kStateVersion).u8(static_cast<std::uint8_t>(phase_));
  head.bytes(attempt_.manifest_statement()).bytes(roster_).bytes(asking_);
  std::size_t opened = 0;
  for (const Seat& seat : seats_) {
    head.bytes(seat.advert).bytes(seat.signature).bytes(seat.masked_hash);
    head.u8(seat.input ? 1 : 0).u8(seat.signed_input ? 1 : 0).u8(seat.opening ? 1 : 0);
    head.raw(seat.input.value_or(Hash64{}).view());
    head.raw(seat.signed_input.value_or(Hash64{}).view());
    if (seat.opening) ++opened;
  }
  HR_CHECK(opened < seats_.size());
  SecretBytes seeds(opened * MaskSeed::kSize);
  auto out = seeds.writable();
  for (const Seat& seat : seats_) {
    if (!seat.opening) continue;
    std::ranges::copy(seat.opening->expose(), out.begin());
    out = out.subspan(MaskSeed::kSize);
  }
  return write_state(head.data(), seeds.expose(), values_);
}

Result<SumHub> SumHub::restore(Parties parties, std::chrono::seconds ask_again, ByteView state) {
  const Error damaged = configuration("the saved state of a sum is damaged");
  HR_ASSIGN(const StateView view, read_state(state));
  Reader head(view.head);
  if (head.u8() != kStateVersion) return damaged;
  const auto phase = static_cast<Phase>(head.u8());
  if (phase < Phase::adverts || phase > Phase::openings) return damaged;
  auto attempt = Attempt::read(std::move(parties), head.bytes(kMaxManifestStatement));
  if (!attempt.ok() || attempt->parties().self != attempt->parties().hub) return damaged;

  SumHub role(*std::move(attempt));
  role.ask_again_ = ask_again;
  role.phase_ = phase;
  role.roster_ = to_bytes(head.bytes(kMaxList));
  role.asking_ = to_bytes(head.bytes(std::max(kMaxList, kMaxManifestStatement)));
  ByteView seeds = view.secret;
  for (Seat& seat : role.seats_) {
    seat.advert = to_bytes(head.bytes(kMaxSmallStatement));
    seat.signature = to_bytes(head.bytes(kMaxSmallStatement));
    seat.masked_hash = to_bytes(head.bytes(kMaxSmallStatement));
    const bool input = head.u8() == 1, signed_input = head.u8() == 1, opening = head.u8() == 1;
    const Hash64 hashes[] = {Hash64{head.array<64>()}, Hash64{head.array<64>()}};
    if (input) seat.input = hashes[0];
    if (signed_input) seat.signed_input = hashes[1];
    if (!opening) continue;
    if (seeds.size() < MaskSeed::kSize) return damaged;
    seat.opening = MaskSeed::copy_from(seeds.first<MaskSeed::kSize>());
    seeds = seeds.subspan(MaskSeed::kSize);
  }
  if (!head.finish("state").ok() || !seeds.empty()) return damaged;
  role.values_ = read_values(view.values);
  const bool summing = phase == Phase::inputs || phase == Phase::openings;
  if (role.values_.size() != (summing ? role.attempt_.values() : 0)) return damaged;
  if (phase != Phase::adverts)
    role.roster_hash_ = sum::roster_hash(role.attempt_.manifest_statement(), role.roster_);
  HR_TRY(role.read_keys());
  // Nobody is waited for: the figures would have been taken, and such a state is never saved.
  const bool all_opened =
      std::ranges::all_of(role.seats_, [](const Seat& seat) { return seat.opening.has_value(); });
  if (all_opened || !std::ranges::equal(role.save().expose(), state)) return damaged;
  return role;
}

Result<void> SumHub::read_keys() {
  for (std::size_t i = 0; i < seats_.size(); ++i) {
    if (seats_[i].advert.empty()) continue;
    const auto statement = Statement::decode(seats_[i].advert);
    if (!statement.ok()) return configuration("the saved state of a sum is damaged");
    const auto advert = Advert::decode(statement->body());
    if (!advert.ok()) return configuration("the saved state of a sum is damaged");
    keys_.push_back(advert->key);
  }
  return {};
}

}  // namespace hedgerow::protocol::sum
